"""Hop sets: all pairs of nodes exactly k hops apart, k = 1 … max_hop, of one or many graphs.

Pairs are counted first, and then written straight to where they belong. Graphs of some hundred
nodes are searched from all nodes at once, as sets of bits; larger ones in that way or by a
breadth-first search from every node, whichever reads less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import ModuleType

import numpy as np
import torch

from gnnlab.kernels import memory
from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.threads import over_items
from gnnlab.structure.hops import bit_search as hop_bits
from gnnlab.structure.hops import node_search as hop_search

SMALL = 512
"""Up to so many nodes, a graph is one of many: always bits, and one thread."""
DENSE = 1 << 14
"""Up to so many nodes, bits may be used at all: three tables of 32 MB."""
GAIN = 8
"""Words that are joined in the time in which a search follows one arc."""
BYTES = 32
"""Bytes of a pair: source, target and hop, and once more its nodes on their way to the disk."""


@dataclass(frozen=True, eq=False)
class HopSets:
    """Graphs side by side, and how many of their pairs are how far apart.

    The pair (u, v) is k hops apart if the shortest way along the arcs from u to v has k of them. A
    node and itself are no pair.

    Args:
        rowptr, col: the sources of each node's incoming arcs, all graphs numbered one after the
            other; repeats and loops do no harm.
        starts: (G + 1,) int64, the first node of each graph, and the number of all.
        max_hop: the largest distance, K.

    Cost:
        two passes, here and in :meth:`pairs`: O(K E N / 64) for a graph of N nodes and E arcs, or a
        search of K hops from each of its nodes.
    """

    rowptr: Array
    col: Array
    starts: Array
    max_hop: int
    _large: dict[int, _Large] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def counts(self) -> Array:
        """(G, K') int64: pairs of each graph at distance 1, 2, …, as far as they might go."""
        sizes = np.diff(self.starts)
        farthest = min(self.max_hop, max(int(sizes.max(initial=0)) - 1, 1))
        counts = np.zeros((len(sizes), farthest), np.int64)
        for first, last in _small(sizes):
            starts = self.starts[first : last + 1]
            work = 2 * farthest * int(self.rowptr[starts[-1]] - self.rowptr[starts[0]])
            graphs = (self.rowptr, self.col, starts)
            over_items(hop_bits.count_graphs, last - first, work, *graphs, counts[first:last])
        for g in np.flatnonzero(sizes > SMALL).tolist():
            start, stop = self.starts[g : g + 2].tolist()
            self._large[g] = _Large.count(
                *hop_bits.local(self.rowptr, self.col, start, stop), farthest
            )
            counts[g, : len(self._large[g].table)] = self._large[g].table.sum(axis=1)
        return counts

    def pairs(self) -> list[Array]:
        """Each graph's pairs (3, M) int64: source, target and hop, sorted by hop, target, source.

        The graphs' arrays lie beside each other in one piece of memory.
        """
        out, ends = room(self.counts.sum(axis=1))
        for first, last in _small(np.diff(self.starts)):
            work = 3 * int(ends[last] - ends[first])
            graphs = (self.rowptr, self.col, self.starts[first : last + 1], ends[first : last + 1])
            over_items(hop_bits.fill_graphs, last - first, work, *graphs, out)
        found = views(out, ends)
        for g, graph in self._large.items():
            graph.fill(found[g])
        return found


@dataclass(frozen=True, eq=False)
class _Large:
    """One graph that is worth a choice, and all threads."""

    rowptr: Array
    col: Array
    table: Array
    """(K, N): how many pairs have hop k and target v."""
    engine: ModuleType

    @classmethod
    def count(cls, rowptr: Array, col: Array, max_hop: int) -> _Large:
        nodes = len(rowptr) - 1
        max_hop = min(max_hop, nodes - 1)
        require_memory(
            16 * max_hop * nodes,
            f"counting what {nodes:,} nodes have at each of {max_hop:,} hops",
            "lower max_hop",
        )
        table = np.zeros((max_hop, nodes), np.int64)
        engine = choose(rowptr, col, max_hop)
        look = () if engine is hop_bits else (partial(require_room, max_hop=max_hop, more=True),)
        reached: int = engine.count_table(rowptr, col, table, *look)
        return cls(rowptr, col, table[:reached], engine)

    def fill(self, out: Array) -> None:
        places = np.cumsum(self.table).reshape(self.table.shape)
        places -= self.table
        self.engine.fill(self.rowptr, self.col, places, out)


def choose(rowptr: Array, col: Array, max_hop: int) -> ModuleType:
    """The engine that reads less: ``hop_bits`` or ``hop_search``."""
    nodes = len(rowptr) - 1
    if nodes > DENSE:
        return hop_search
    arcs, hops = hop_search.reads(rowptr, col, max_hop, hop_search.SAMPLE)
    words = hop_bits.words_of(nodes) * (len(col) + 3 * nodes) * min(hops + 1, max_hop)
    return hop_bits if words < GAIN * nodes * arcs else hop_search


def hop_pairs(rowptr: Array, col: Array, max_hop: int) -> Array:
    """One graph's pairs (3, M) int64 up to max_hop, as :meth:`HopSets.pairs` has them.

    Raises:
        ValueError: they do not fit into memory.
    """
    sets = HopSets(rowptr, col, np.array([0, len(rowptr) - 1]), max_hop)
    require_pairs([sets])
    return sets.pairs()[0]


def room(sizes: Array) -> tuple[Array, Array]:
    """One piece of memory for so many pairs of each graph, and (G + 1,) where theirs begin."""
    ends = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    return array(memory.empty((3 * int(ends[-1]),), torch.int64)), ends


def views(out: Array, ends: Array) -> list[Array]:
    """What each graph has of it, as (3, M)."""
    cuts = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return [out[3 * first : 3 * last].reshape(3, last - first) for first, last in cuts]


def require_pairs(sets: Sequence[HopSets]) -> None:
    """Refuse pairs that would not fit into memory, all together.

    Raises:
        ValueError: saying how many they are.
    """
    pairs = sum(int(part.counts.sum()) for part in sets)
    require_room(pairs, max((part.max_hop for part in sets), default=0))


def require_room(pairs: int, max_hop: int, more: bool = False) -> None:
    """Refuse so many pairs, or ``more``, if they would not fit into memory."""
    number = f"more than {pairs:,}" if more else f"the {pairs:,}"
    told = f"a list of {number} pairs of nodes up to {max_hop} hops apart"
    require_memory(BYTES * pairs, told, "lower max_hop")


def _small(sizes: Array) -> list[tuple[int, int]]:
    """Stretches first .. last - 1 of graphs that are small."""
    small = np.concatenate([[False], sizes <= SMALL, [False]])
    ends = np.flatnonzero(small[1:] != small[:-1])
    return [(int(first), int(last)) for first, last in ends.reshape(-1, 2)]
