"""Base of graph transforms: a result of the edges alone, computed once and cached by content."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data, HeteroData
from torch_geometric.transforms import BaseTransform

from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.graphs.reading import read_graph, read_graphs
from gnnlab.structure.transforms.data_stores import shallow

Found = TypeVar("Found")

SHARE = 1 << 14
"""Nodes and edges that are worked on together: enough to be worth a call, little to lose."""


@dataclass(frozen=True)
class GraphTransform(BaseTransform, Generic[Found]):  # type: ignore[misc]  # PyG ships no types
    """A PyG transform whose result depends on its settings and on the simple graph alone.

    It finds something in a :class:`gnnlab.structure.graphs.graph.Graph` (no loops, no repeats, no
    features) and writes it into the data. What it found can so be kept by the graph's content, and
    :func:`gnnlab.rewiring.apply` does that for many graphs. A subclass is a frozen dataclass whose
    fields are its settings.
    """

    version: ClassVar[int] = 1
    """To be raised when results change, so that no cache hands out old ones."""

    @property
    def undirected(self) -> bool:
        """Whether every arc must have its reverse; a field where the caller decides."""
        return False

    @abstractmethod
    def results(self, graphs: Sequence[Graph]) -> Iterator[Found]:
        """Find what is looked for in each graph; for many, in shares that can be saved between."""

    @abstractmethod
    def write(self, data: Data, graph: Graph, found: Found, shared: Any) -> Data:
        """Write what was found into ``data``, a shallow copy that is the caller's to change.

        ``shared`` is what :meth:`shared` said of the dataset.
        """

    @abstractmethod
    def pack(self, found: Sequence[Found]) -> dict[str, Array]:
        """Lay out many results as a few arrays for the disk."""

    @abstractmethod
    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Found]:
        """Return a function that gives the result of that number out of packed ones."""

    def shared(self, dataset: Iterable[Data]) -> Any:
        """What writing must know of all graphs together; nothing unless a subclass says more."""
        return None

    def numbers(self, data: Data) -> dict[str, float]:
        """Count what a graph was given, for a table; the same names for every graph."""
        return {}

    def read(self, data: Data) -> Graph:
        """Check the graph and return what is looked at.

        Raises:
            ValueError: a ``Batch``, bad edges, or an edge without its reverse where it needs one.
        """
        refuse_batch(data)
        return read_graph(data, self.undirected, type(self).__name__)

    def forward(self, data: Data) -> Data:
        """Transform ``data``, a shallow copy (PyG makes it in ``__call__``)."""
        graph = self.read(data)
        shared = self.shared([data])
        for found in self.results([graph]):
            return self.write(data, graph, found, shared)
        raise ValueError(
            f"{type(self).__name__}.results gave nothing for the graph: give one result"
        )

    def holds(self, data: Data) -> bool:
        """Whether ``data`` has already what would be written; never unless a subclass can tell."""
        return False

    def many(self, dataset: Iterable[Data]) -> list[Data]:
        """Transform shallow copies of many graphs together, with the results of one by one.

        Nothing is kept on disk; :func:`gnnlab.rewiring.apply` does that.

        Raises:
            ValueError: what one graph is refused for, with its number.
        """
        dataset = list(dataset)
        for data in dataset:
            refuse_batch(data)
        found = list(map(shallow, dataset))
        graphs = read_graphs(found, self.undirected, type(self).__name__)
        left = [number for number, data in enumerate(found) if not self.holds(data)]
        results = self.results([graphs[number] for number in left])
        shared = self.shared(found)
        for number, result in zip(left, results, strict=True):
            found[number] = self.write(found[number], graphs[number], result, shared)
        return found


def shares(graphs: Iterable[Graph], most: int | None = None) -> Iterator[list[Graph]]:
    """Divide graphs, in their order, into lists of about so many nodes and edges, or ``SHARE``."""
    most = SHARE if most is None else most
    part: list[Graph] = []
    size = 0
    for graph in graphs:
        part.append(graph)
        size += graph.num_nodes + graph.num_pairs
        if size >= most:
            yield part
            part, size = [], 0
    if part:
        yield part


def beside(found: Array, edge_index: Tensor) -> Tensor:
    """Turn an array into a tensor where the edges are."""
    values = torch.from_numpy(found)
    return values if edge_index.is_cpu else values.to(edge_index.device)


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
    if isinstance(data, HeteroData):
        refuse_other_graphs(data)
    if not isinstance(data, Data):
        many = isinstance(data, Sequence)
        raise ValueError(
            f"{described(data)} was given, but a rewiring takes a torch_geometric.data.Data"
            + (": rewire many graphs with gnnlab.rewiring.apply(method, graphs)" if many else "")
        )
