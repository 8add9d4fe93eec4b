"""Pair distances: a transform that stores the distance between all pairs of nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array, pieces
from gnnlab.structure.stored.forms import WHOLE, check_form, check_span
from gnnlab.structure.transforms.base import shares
from gnnlab.structure.transforms.structure import Structure

MOST = 127
"""The largest distance that a byte holds."""
MANY = 1 << 18
"""Nodes and edges that are worked on together: graphs enough for all threads."""


@checked
@dataclass(frozen=True)
class PairDistances(Structure[Array]):
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
    stamp: ClassVar[str] = "pair_distance_of"
    max_distance: int = 5

    def __post_init__(self) -> None:
        check_count("max_distance", self.max_distance)
        if self.max_distance > MOST:
            raise ValueError(f"max_distance is {self.max_distance}, but it is at most {MOST}")

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    @property
    def settings(self) -> str:
        return str(self.max_distance)

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        check_form(self.stored, self.key, values[0], ("P",), torch.int8, *WHOLE)
        check_span(self.stored, self.key, values[0], 0, self.max_distance, "distances")

    def results(self, graphs: Sequence[Graph]) -> Iterator[Array]:
        from gnnlab.structure.hops.all_pairs import pair_distances, require_pairs

        parts = list(shares(graphs, MANY))
        require_pairs([[graph.num_nodes for graph in part] for part in parts])
        for part in parts:
            union, starts = join(part)
            found = pair_distances(union.rowptr, union.arcs[1], starts, self.max_distance)
            yield from pieces(found, np.cumsum([0, *np.diff(starts) ** 2]))

    def arrays(self, found: Array) -> Sequence[Array]:
        return (found.copy(),)

    def pack(self, found: Sequence[Array]) -> dict[str, Array]:
        return {"pairs": np.concatenate(list(found)), "ends": np.cumsum([0, *map(len, found)])}

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Array]:
        pairs, ends = arrays["pairs"], arrays["ends"]
        return lambda number: pairs[ends[number] : ends[number + 1]]
