"""Traced graphs: an ``edge_index`` with its changes, while ``torch.compile`` traces."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import torch
from torch import Tensor

from gnnlab.ops.base.memo import owner
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.convert import as_edge_index

T = TypeVar("T")
DROPPED, ADDED = 1, 2
"""What was done to self-loops: those of the graph dropped, one added wherever there is none."""


class Traced(Adjacency):
    """Nothing is sorted at tracing; the operations find the sorted graph when they run.

    Edge-wise tensors keep the rows of ``edge_index``: an added self-loop has weight 1 and no row.
    """

    def __init__(
        self, edge_index: Tensor, num_nodes: int, loops: int = 0, turned: bool = False
    ) -> None:
        self._index, self._num_nodes = edge_index, num_nodes
        self.loops, self.turned = loops, turned

    @property
    def edge_index(self) -> Tensor:
        return self._index.flip(0) if self.turned else self._index

    @property
    def _ends(self) -> tuple[Tensor, Tensor]:
        first, second = self._index
        return (second, first) if self.turned else (first, second)

    @property
    def transpose(self) -> Traced:
        return Traced(self._index, self.num_nodes, self.loops, not self.turned)

    def without_self_loops(self) -> Traced:
        return Traced(self._index, self.num_nodes, DROPPED, self.turned)

    def with_self_loops(self) -> Traced:
        return Traced(self._index, self.num_nodes, self.loops | ADDED, self.turned)

    def remember(self, key: Hashable, build: Callable[[], T]) -> T:
        return build()

    def _keep(self, key: Hashable, build: Callable[[], T]) -> T:
        return build()

    def without_loops(self, operation: str) -> Traced:
        """Itself, for an operation with one row per edge."""
        return self._known(0, f"{operation} has one row per edge")

    def weighable(self) -> Traced:
        """Itself, where each edge is given a weight."""
        return self._known(ADDED, "weights have one row per edge")

    def _known(self, allowed: int, why: str) -> Traced:
        if self.loops & ~allowed:
            raise ValueError(
                f"{why}, and how many self-loops the graph has is unknown to torch.compile: add "
                "them to edge_index, or drop them, before the compiled function"
            )
        return self


def trace(adj: AdjacencyLike, num_nodes: int | None) -> Traced:
    """Read a graph without looking at its numbers."""
    if isinstance(adj, Traced):
        return adj
    if isinstance(adj, Adjacency):
        return Traced(adj._index, adj.num_nodes, turned=adj._turned)
    if not isinstance(adj, Tensor) or adj.layout != torch.strided or num_nodes is None:
        raise ValueError(
            "torch.compile takes a graph as an Adjacency, or as an edge_index tensor (2, E) whose "
            "number of nodes is known: build Adjacency(edge_index, num_nodes) before"
        )
    return Traced(as_edge_index(adj), num_nodes)


def sorted_graph(edge_index: Tensor, num_nodes: int, loops: int, turned: bool) -> Adjacency:
    """The sorted graph behind what was traced, remembered for this tensor."""
    adj: Adjacency | None = owner(edge_index)
    if adj is None:
        adj = Adjacency.of(edge_index, num_nodes)
    if loops & DROPPED:
        adj = adj.without_self_loops()
    if loops & ADDED:
        adj = adj.with_self_loops()
    return adj.transpose if turned else adj


def padded(weight: Tensor | None, adj: Adjacency) -> Tensor | None:
    """The weights with ones for the loops that were added."""
    if weight is None or weight.shape[0] == adj.num_edges:
        return weight
    ones = weight.new_ones((adj.num_edges - weight.shape[0], *weight.shape[1:]))
    return torch.cat([weight, ones])
