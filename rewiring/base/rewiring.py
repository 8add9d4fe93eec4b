"""Rewiring: the base class, with its settings and the pairs to add and remove."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnnlab.contracts.graph_arguments import count_edge_types
from gnnlab.core.arguments import check_number
from gnnlab.rewiring.base.changes import Changes, pack, unpack, write
from gnnlab.rewiring.base.wrong_changes import check_changes
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.transforms.base import GraphTransform, shares

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Rewiring(GraphTransform[Changes]):
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

    def results(self, graphs: Sequence[Graph]) -> Iterator[Changes]:
        """Choose for many graphs, a share after the other."""
        for part in shares(graphs):
            count = 0
            for found in self.changes_many(part):
                count += 1
                yield found
            if count != len(part):
                raise ValueError(
                    f"{type(self).__name__}.changes_many returned changes for {count} of "
                    f"{len(part)} graphs: give one for each"
                )

    def shared(self, dataset: Iterable[Data]) -> int:
        """T: how many edge types there are before, in all graphs together."""
        return max(map(count_edge_types, dataset), default=1)

    def write(self, data: Data, graph: Graph, found: Changes, shared: int) -> Data:
        """Write the changes into ``data``, a shallow copy of a graph with T = ``shared``.

        Raises:
            ValueError: changes that do not fit the graph, with the class and the pair.
        """
        check_changes(found, graph, self.types, type(self).__name__)
        return write(data, graph, found, shared, self.types, self.fill)

    def pack(self, found: Sequence[Changes]) -> dict[str, Array]:
        return pack(found)

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Changes]:
        return unpack(arrays)
