"""Hop pairs: a transform that stores the pairs of nodes exactly k hops apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.hops.sets import HopSets, require_pairs, require_room, room, views
from gnnlab.structure.stored.forms import check_form, check_span
from gnnlab.structure.transforms.base import shares
from gnnlab.structure.transforms.structure import Structure

if TYPE_CHECKING:
    from torch_geometric.data import Data

BLOCK = 1 << 18
"""Pairs that are read from the disk together, and so lie in one piece of memory."""


class Hops(NamedTuple):
    """The pairs of one graph."""

    pairs: Array
    """(3, M) int64: source, target and hop, sorted by hop, then target, then source."""
    counts: Array
    """(K,) int64: how many there are at distance 1, 2, …."""


@checked
@dataclass(frozen=True)
class AddHops(Structure[Hops]):
    r"""Store all pairs of nodes that are exactly k hops apart, for k = 1, …, ``max_hop``.

    .. math:: \{(u, v, k) : d(u, v) = k,\; 1 \leq k \leq K\}, \qquad
        d(u, v) = \min \{k : (A^k)_{uv} > 0\}

    ``data.hop_index`` holds the pairs, row 0 the source u and row 1 the target v, and ``data.hop``
    the distance along the arcs from u to v; sorted by distance, then target, then source. On an
    undirected graph both directions of a pair are there. Self-loops and repeats of an edge count
    for nothing, a node and itself are no pair, and all else of the data stays as it is: an encoder
    that does not read these keys sees no difference.

    The keys are set on every graph, also where there is no pair. ``data.hop_of`` tells for which
    graph and ``max_hop`` they were made: where that is this one (:meth:`holds`), nothing is
    computed, and :func:`known_hops` reads it. Pairs of the graphs of a dataset lie beside each
    other in pieces of some megabytes: clone a single one before ``torch.save``.

    Args:
        max_hop: K; DRew of L layers reads up to L.

    Shapes:
        edge_index (2, E) -> hop_index (2, M), hop (M,), both int64

    Raises:
        ValueError: a ``Batch``, bad edges, a bad ``max_hop``, more pairs than fit into memory.

    Cost:
        O(K E N / 64) for small and dense graphs, for others a search of K hops from every node; 24
        bytes for each pair, and up to 8 more while they are kept, counted before they are taken.

    Source:
        Gutteridge, Dong, Bronstein and Di Giovanni, "DRew: dynamically rewired message passing with
        delay", ICML 2023 (https://arxiv.org/abs/2305.08018).
    """

    stamp: ClassVar[str] = "hop_of"
    max_hop: int = 5

    def __post_init__(self) -> None:
        check_count("max_hop", self.max_hop)

    @property
    def keys(self) -> tuple[str, ...]:
        return "hop_index", "hop"

    @property
    def settings(self) -> str:
        return str(self.max_hop)

    def fits(self, settings: str) -> bool:
        """Whether they go as far; those farther apart are not looked at."""
        return settings.isdecimal() and int(settings) >= self.max_hop

    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        (pairs, hop), stored = values, self.stored
        check_form(stored, "hop_index", pairs, (2, "M"), torch.int64)
        check_form(stored, "hop", hop, (pairs.shape[1],), torch.int64)
        check_span(stored, "hop_index", pairs, 0, num_nodes - 1, "nodes")
        check_span(stored, "hop", hop, 1, num_nodes - 1, "distances")

    def results(self, graphs: Sequence[Graph]) -> Iterator[Hops]:
        """Count the pairs of all graphs, and if they fit, yield them graph by graph."""
        sets = [self._counted(part) for part in shares(graphs)]
        require_pairs(sets)
        for part in sets:
            yield from map(Hops, part.pairs(), part.counts)

    def _counted(self, graphs: list[Graph]) -> HopSets:
        union, starts = join(graphs)
        return HopSets(*union.sources, starts, self.max_hop)

    def arrays(self, found: Hops) -> Sequence[Array]:
        return found.pairs[:2], found.pairs[2]

    def numbers(self, data: Data) -> dict[str, float]:
        """How many pairs there are at each distance."""
        counts = data.hop.bincount(minlength=self.max_hop + 1).tolist()
        return {f"pairs at hop {k}": counts[k] for k in range(1, self.max_hop + 1)}

    def pack(self, found: Sequence[Hops]) -> dict[str, Array]:
        """Nodes in as few bytes as they need, and how many pairs there are at each distance."""
        farthest = max(len(hops.counts) for hops in found)
        counts = np.zeros((len(found), farthest), np.int64)
        kind = np.min_scalar_type(max(hops.pairs[:2].max(initial=0) for hops in found))
        ends = np.cumsum([0, *(hops.pairs.shape[1] for hops in found)])
        pairs = np.empty((2, ends[-1]), kind)
        for number, hops in enumerate(found):
            counts[number, : len(hops.counts)] = hops.counts
            pairs[:, ends[number] : ends[number + 1]] = hops.pairs[:2]
        return {"pairs": pairs, "counts": counts}

    def unpack(self, arrays: dict[str, Array]) -> Callable[[int], Hops]:
        return _Packed(arrays["pairs"], arrays["counts"], self.max_hop).hops


def known_hops(data: Data) -> int:
    """How far apart the stored pairs of nodes are at most, 0 where they are not of this graph.

    Example:
        >>> from torch_geometric.data import Data
        >>> data = Data(edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]), num_nodes=3)
        >>> known_hops(data), known_hops(AddHops(4)(data))
        (0, 4)
    """
    told = data.to_dict().get(AddHops.stamp)
    max_hop = told.split(" ")[0] if isinstance(told, str) else ""
    known = max_hop.isdecimal() and int(max_hop) > 0 and AddHops(int(max_hop)).holds(data)
    return int(max_hop) if known else 0


class _Packed:
    """Pairs as they lie on the disk, laid out in blocks as they are asked for."""

    def __init__(self, pairs: Array, counts: Array, max_hop: int) -> None:
        self.pairs, self.counts, self.max_hop = pairs, counts, max_hop
        self.ends = np.cumsum([0, *counts.sum(axis=1)])
        self.block = self.ends[:-1] // BLOCK  # of each graph
        self.found: dict[int, list[Array]] = {}

    def hops(self, number: int) -> Hops:
        block = int(self.block[number])
        first, last = np.searchsorted(self.block, [block, block + 1]).tolist()
        if block not in self.found:
            self.found[block] = self._lay_out(first, last)
        return Hops(self.found[block][number - first], self.counts[number])

    def _lay_out(self, first: int, last: int) -> list[Array]:
        require_room(int(self.ends[last] - self.ends[first]), self.max_hop)
        found = views(*room(np.diff(self.ends[first : last + 1])))
        hops = np.arange(1, self.counts.shape[1] + 1)
        for number, pairs in enumerate(found, first):
            pairs[:2] = self.pairs[:, self.ends[number] : self.ends[number + 1]]
            pairs[2] = hops.repeat(self.counts[number])
        return found
