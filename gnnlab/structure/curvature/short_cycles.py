"""Short cycles: triangles and 4-cycles through edges, counted without a matrix of pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_rows
from gnnlab.kernels.words import ONE, ZERO, count_bits, first_bit
from gnnlab.structure.curvature.neighbourhoods import (
    Net,
    by_degree,
    ends_memory,
    largest,
    near_rows,
    net,
    put_sinks,
)
from gnnlab.structure.graphs.undirected_lists import Neighbours


class Cycles(NamedTuple):
    """What goes round through each edge i ~ j; four rows of (K,) int32."""

    triangles: Array
    """Common neighbours of i and j."""
    low: Array
    """Neighbours of the lower end on a 4-cycle through the edge that has no diagonal."""
    high: Array
    """Neighbours of the higher end on such a 4-cycle."""
    most: Array
    """The most such 4-cycles that pass through one of those neighbours."""


def cycles(graph: Neighbours, which: Array | None = None) -> Cycles:
    """Count the triangles and the 4-cycles without diagonals on edges.

    A 4-cycle i, k, w, j has k next to i but not to j, and w next to j but not to i.

    Args:
        graph: neighbour lists.
        which: (K,) numbers of edges, all if None.

    Cost: for an edge between degrees d <= D about d D / 64 word operations. Memory: N^2 / 8 bytes
    up to 16,384 nodes, 12 N bytes a thread above.
    """
    which = graph.numbers if which is None else which
    degree = np.diff(graph.rowptr)
    low, high = degree[graph.low[which]], degree[graph.high[which]]
    d, most = np.minimum(low, high).astype(np.int64), np.maximum(low, high)
    work = np.zeros(len(which) + 1, np.int64)
    np.cumsum(200 + 4 * most + d * (8 + np.minimum(most, graph.num_nodes // 64)), out=work[1:])
    out = np.empty((4, len(which)), np.int32)
    prepared = net(graph, wide=False)
    over_rows(count_cycles, work, 1, which, graph.low, graph.high, prepared, out)
    return Cycles(*out)


def _count_cycles(
    first: int, last: int, work: Array, which: Array, low: Array, high: Array, net: Net,
    out: Array,
) -> None:  # fmt: skip
    """out[:, t] = triangles, neighbours of either end on 4-cycles, and the most through one."""
    sources, sinks = largest(first, last, which, low, high, net.rowptr)
    m = ends_memory(net, sources, sinks)
    rows = np.empty(sources * m.word.shape[0], np.uint64)
    times = np.empty(m.sink.shape[0], np.int32)
    large = net.near.shape[0] == 0
    for t in range(first, last):
        a, b = by_degree(net.rowptr, low[which[t]], high[which[t]])
        s, n, both = separate(net.rowptr, net.col, a, b, m.source, m.member)
        words = put_sinks(m.member, n, large, m.place, m.sink, m.word, m.mask)
        near_rows(net, m, s, words, rows)
        times[: 64 * words] = 0
        out[0, t] = both
        out[1, t], out[3, t] = through_sources(rows, s, words, times)
        back = 0
        for y in range(64 * words):
            back += times[y] > 0
            out[3, t] = max(out[3, t], times[y])
        out[2, t] = back
        if a != low[which[t]]:
            out[1, t], out[2, t] = out[2, t], out[1, t]


def _separate(
    rowptr: Array, col: Array, a: int, b: int, source: Array, member: Array
) -> tuple[int, int, int]:
    """Split the neighbours into a's alone, b's alone (less a and b), and common ones."""
    p, p_end, q, q_end = rowptr[a], rowptr[a + 1], rowptr[b], rowptr[b + 1]
    sources, sinks, both = 0, 0, 0
    while p < p_end or q < q_end:
        if q == q_end or (p < p_end and col[p] < col[q]):
            if col[p] != b:
                source[sources] = col[p]
                sources += 1
            p += 1
        elif p == p_end or col[q] < col[p]:
            if col[q] != a:
                member[sinks] = col[q]
                sinks += 1
            q += 1
        else:
            both += 1
            p += 1
            q += 1
    return sources, sinks, both


def _through_sources(rows: Array, sources: int, words: int, times: Array) -> tuple[int, int]:
    """How many sources have a sink, the most sinks of one; times[y] = the sources of sink y."""
    some, most = 0, 0
    for s in range(sources):
        count = 0
        for k in range(words):
            word = rows[s * words + k]
            count += count_bits(word)
            while word != ZERO:
                times[(k << 6) + first_bit(word)] += 1
                word &= word - ONE
        some += count > 0
        most = max(most, count)
    return some, most


separate = compiled(_separate)
through_sources = compiled(_through_sources)
count_cycles = compiled(_count_cycles)
