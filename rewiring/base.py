"""What every rewiring is: settings, and pairs to add and remove."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch_geometric.data import Batch, Data
from torch_geometric.transforms import BaseTransform

from gnnlab.arguments import check_number

from .changes import Changes, count_edge_types, write
from .graph import Graph, read_graph


@dataclass(frozen=True)
class Rewiring(BaseTransform):  # type: ignore[misc]  # PyG ships no types
    """A PyG transform that adds and removes edges and marks what it added.

    The input stays as it is. The result has the old edges in their order, less those removed, then
    the added ones, both arcs beside each other. Its keys are the same on every graph:

    - ``edge_type`` (E',) int64: what the graph had (0 where it had none); added edges take the next
      numbers T, T+1, ….
    - ``num_edge_types`` (read ``data["num_edge_types"]``; the attribute is a property of PyG): T
      plus the types of the rewiring, also where nothing was added.
    - ``edge_weight``, if there, holds 1 for added edges; all other keys ``edge_…`` with a row for
      every edge hold ``fill``.

    Everything else (features, labels, masks) is kept. A method sees the simple graph: self-loops
    are kept and not looked at, parallel edges count once and are removed together, and weights
    play no part. Whatever is random depends on the seed and on the graph alone.

    A rewiring is a frozen dataclass, its fields are its settings, and it implements
    :meth:`changes`. One with randomness has a field ``seed``.

    Args:
        fill: what edge attributes hold for added edges.
    """

    fill: float = field(default=0.0, kw_only=True)

    version: ClassVar[int] = 1
    """To be raised when results change, so that no cache hands out old ones."""

    def __post_init__(self) -> None:
        check_number("fill", self.fill)

    @property
    def types(self) -> int:
        """How many edge types the rewiring adds, on every graph; 1 unless a subclass says more."""
        return 1

    @property
    def undirected(self) -> bool:
        """Whether arcs come and go in pairs; a field where the caller decides."""
        return True

    @abstractmethod
    def changes(self, graph: Graph) -> Changes:
        """Choose the pairs to add and to remove."""

    def changes_many(self, graphs: Iterable[Graph]) -> Iterator[Changes]:
        """Choose for many graphs; for methods that can do so faster than one by one."""
        return map(self.changes, graphs)

    def read(self, data: Data) -> Graph:
        """Check the graph and return what :meth:`changes` takes.

        Raises:
            ValueError: a ``Batch``, bad edges, or an edge without its reverse.
        """
        refuse_batch(data)
        return read_graph(data, self.undirected, type(self).__name__)

    def write(self, data: Data, graph: Graph, changes: Changes, types: int) -> Data:
        """Write the changes into ``data``, a shallow copy of a graph with T = ``types``."""
        return write(data, graph, changes, types, self.types, self.fill)

    def forward(self, data: Data) -> Data:
        """Rewire ``data``, a shallow copy (PyG makes it in ``__call__``)."""
        graph = self.read(data)
        types = count_edge_types(data)
        return self.write(data, graph, self.changes(graph), types)


def refuse_batch(data: Any) -> None:
    """Refuse whatever is not one homogeneous graph.

    Raises:
        ValueError: saying what to do instead.
    """
    if isinstance(data, Batch):
        raise ValueError(
            f"a Batch of {data.num_graphs} graphs was given, and a rewiring looks at one graph at "
            "a time: rewire the dataset with gnnlab.rewiring.apply(method, dataset), then batch it"
        )
    if not isinstance(data, Data):
        raise ValueError(
            f"a {type(data).__name__} was given, but a rewiring takes a torch_geometric.data.Data"
        )
