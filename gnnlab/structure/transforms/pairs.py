"""How far the nodes of every pair are from each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from torch import Tensor

from gnnlab.arguments import check_count
from gnnlab.structure.graph import Array, Graph, count_nodes, join, pieces
from gnnlab.structure.stamp import stamp

from .base import GraphTransform, beside, shares
from .stores import put

if TYPE_CHECKING:
    from torch_geometric.data import Data

MOST = 127
"""The largest distance that a byte holds."""
MANY = 1 << 18
"""Nodes and edges that are worked on together: graphs enough for all threads."""


@dataclass(frozen=True)
class PairDistances(GraphTransform[Array]):
    r"""Store the distance between all pairs of nodes, those beyond a limit as that limit.

    .. math:: d(u, v) = \min(\text{length of the shortest way along the arcs from u to v},\; D)

    D also stands where there is no way. ``data.pair_distance`` holds one byte for each pair, those
    of the first u first, so that the pairs of a batch lie one graph after the other. Beside it,
    ``pair_distance_of`` tells which graph and D it was made for: where that is this one
    (:meth:`holds`), nothing is computed. Self-loops and repeats of an edge count for nothing.

    Args:
        max_distance: D, at most 127.

    Shapes:
        edge_index (2, E) -> pair_distance (N * N,) int8

    Raises:
        ValueError: a ``Batch``, bad edges, a bad ``max_distance``, more pairs than fit into memory.

    Cost:
        a breadth-first search of D - 1 hops from every node; N^2 bytes, and as many once more until
        they are stored.

    Source:
        Zhang, Feng, Du, He and Wang, "A Complete Expressiveness Hierarchy for Subgraph GNNs via
        Subgraph Weisfeiler-Lehman Tests", ICML 2023 (https://arxiv.org/abs/2302.07090).
    """

    key: ClassVar[str] = "pair_distance"
    max_distance: int = 5

    def __post_init__(self) -> None:
        check_count("max_distance", self.max_distance)
        if self.max_distance > MOST:
            raise ValueError(f"max_distance is {self.max_distance}, but it is at most {MOST}")

    def forward(self, data: Data) -> Data:
        """Add the distances to ``data``, a shallow copy; those that hold already stay."""
        found: Data = data if self.holds(data) else super().forward(data)
        return found

    def holds(self, data: Data) -> bool:
        """Whether ``data`` has the distances of its own graph, up to this D."""
        stored = data.to_dict()
        return self.key in stored and (
            stored.get(self.key + "_of") == self._stamp(data.edge_index, count_nodes(data, stored))
        )

    def results(self, graphs: Sequence[Graph]) -> Iterator[Array]:
        from gnnlab.structure.pair_distances import pair_distances, require_pairs

        parts = list(shares(graphs, MANY))
        require_pairs([[graph.num_nodes for graph in part] for part in parts])
        for part in parts:
            union, starts = join(part)
            found = pair_distances(union.rowptr, union.arcs[1], starts, self.max_distance)
            yield from pieces(found, np.cumsum([0, *np.diff(starts) ** 2]))

    def write(self, data: Data, graph: Graph, found: Array, shared: Any) -> Data:
        edges = data.edge_index
        told = self._stamp(edges, graph.num_nodes)
        put(data, {self.key: beside(found.copy(), edges), self.key + "_of": told})
        return data

    def pack(self, found: Sequence[Array]) -> dict[str, Array]:
        return {"pairs": np.concatenate(list(found)), "ends": np.cumsum([0, *map(len, found)])}

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Array]:
        pairs, ends = arrays["pairs"], arrays["ends"]
        return lambda number: pairs[ends[number] : ends[number + 1]]

    def _stamp(self, edges: Tensor, nodes: int) -> str:
        return f"{self.max_distance} {stamp(str(nodes), edges)}"
