"""Farthest nodes at each hop distance: those that the fewest walks lead to."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.hashing import GOLDEN
from gnnlab.kernels.mixing import mix as mix64
from gnnlab.kernels.threads import over_rows
from gnnlab.structure.hops.bfs import count_rows, search

FIRST = 2
"""The nearest orbit: nodes at distance 1 are neighbours already."""
SMALL = 128
"""Up to so many nodes, the walks of a whole graph are counted together: two tables of 128 KB."""


def sparsest(
    rowptr: Array,
    col: Array,
    max_hop: int,
    share: float,
    length: int,
    seeds: Array,
    start: Array,
    stop: Array,
) -> tuple[Array, Array, Array, Array]:
    """Select from every orbit the share of nodes that the fewest walks lead to.

    The orbit of node i at distance r holds the nodes exactly r hops away; max(1, share of it,
    rounded) are selected, those with the smallest ((A + I)^length)_ij. Equal counts are ordered by
    a hash of the seed and the two nodes.

    Args:
        rowptr, col: one graph, or many side by side.
        max_hop: the farthest orbit; the nearest is 2.
        share: of an orbit, above 0.
        length: of the walks.
        seeds: (N,) uint64, the seed of each node's graph.
        start, stop: (N,) int64, the first node of each node's graph and the first after it.

    Returns:
        low, high and hop (M,), pairs low < high that either end selected, repeats included, and
        sizes (N, max_hop - 1): how large each orbit is.

    Cost: a search of max_hop + length / 2 hops from every node and ``length`` sweeps over what it
    reached; 12 bytes for each pair within max_hop hops.
    """
    nodes = len(rowptr) - 1
    room = np.zeros(nodes + 1, np.int64)
    over_rows(count_rows, rowptr, max(nodes, 1), col, max_hop, room[1:])
    np.cumsum(room, out=room)
    low, high = np.empty(room[-1], np.int32), np.empty(room[-1], np.int32)
    hop, sizes = np.zeros(room[-1], np.int32), np.zeros((nodes, max_hop - 1), np.int64)
    over_rows(
        select_rows, rowptr, 4 * length, col, max_hop, share, length, seeds, start, stop, room,
        low, high, hop, sizes,
    )  # fmt: skip
    used = hop > 0
    return low[used], high[used], hop[used], sizes


def _select_rows(
    first: int, last: int, rowptr: Array, col: Array, max_hop: int, share: float, length: int,
    seeds: Array, start: Array, stop: Array, room: Array, low: Array, high: Array, hop: Array,
    sizes: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    now, then, tie = np.zeros(nodes), np.zeros(nodes), np.empty(nodes, np.uint64)
    table, begun = np.empty((0, 0)), -1
    for i in range(first, last):
        small = stop[i] - start[i] <= SMALL
        if small and start[i] != begun:
            begun = start[i]
            table = walk_table(begun, stop[i], rowptr, col, length)
        # A walk that goes farther cannot come back to distance max_hop in time.
        reach = max_hop if small else max(max_hop, (max_hop + length) // 2)
        reached = search(i, rowptr, col, reach, dist, queue)
        if small:
            for q in range(reached):
                now[queue[q]] = table[queue[q] - begun, i - begun]
            count = now
        else:
            count = count_walks(i, rowptr, col, length, max_hop, dist, queue[:reached], now, then)
        begin, place = 1, room[i]
        while begin < reached and dist[queue[begin]] <= max_hop:
            r, end = dist[queue[begin]], begin
            while end < reached and dist[queue[end]] == r:
                end += 1
            if r >= FIRST:
                sizes[i, r - FIRST] = end - begin
                wanted = min(max(1, int(share * (end - begin) + 0.5)), end - begin)
                if wanted < end - begin:
                    for q in range(begin, end):
                        tie[queue[q]] = mix(seeds[i], i - start[i], queue[q] - start[i])
                    select(queue[begin:end], wanted, count, tie)
                for q in range(begin, begin + wanted):
                    j = queue[q]
                    low[place], high[place], hop[place] = min(i, j), max(i, j), r
                    place += 1
            begin = end
        for q in range(reached):
            now[queue[q]] = then[queue[q]] = 0
            dist[queue[q]] = -1


def _walk_table(start: int, stop: int, rowptr: Array, col: Array, length: int) -> Array:
    """(A + I)^length of the graph of nodes start .. stop - 1, all sources at once."""
    size = stop - start
    now, then = np.eye(size), np.empty((size, size))
    for _ in range(length):
        for u in range(size):
            row = then[u]
            row[:] = now[u]
            for p in range(rowptr[start + u], rowptr[start + u + 1]):
                other = now[col[p] - start]
                for k in range(size):
                    row[k] += other[k]
        now, then = then, now
    return now


def _count_walks(
    source: int, rowptr: Array, col: Array, length: int, max_hop: int, dist: Array, queue: Array,
    now: Array, then: Array,
) -> Array:  # fmt: skip
    """count[u] = ((A + I)^length)_source,u for the nodes of ``queue`` within max_hop hops.

    now and then arrive as zeros; one of them comes back. A step looks only at nodes that a walk
    from the source has reached by then and from which it can still come back within max_hop.
    """
    now[source] = 1
    for step in range(1, length + 1):
        bound = min(step, max_hop + length - step)
        for q in range(queue.shape[0]):
            u = queue[q]
            if dist[u] > bound:
                break
            total = now[u]
            for p in range(rowptr[u], rowptr[u + 1]):
                total += now[col[p]]
            then[u] = total
        now, then = then, now
    return now


def _mix(seed: int, i: int, j: int) -> np.uint64:
    """A hash of a seed and two numbers: SplitMix64 at their place."""
    place = (np.uint64(i) << np.uint64(32)) + np.uint64(j)
    word: np.uint64 = mix64(np.uint64(seed) + place * np.uint64(GOLDEN))
    return word


def _select(items: Array, wanted: int, key: Array, tie: Array) -> None:
    """Bring the ``wanted`` smallest items, by key and then tie, to the front (quickselect)."""
    left, right = 0, items.shape[0] - 1
    while left < right:
        pivot = items[(left + right) // 2]
        a, b = left, right
        while a <= b:
            while before(items[a], pivot, key, tie):
                a += 1
            while before(pivot, items[b], key, tie):
                b -= 1
            if a <= b:
                items[a], items[b] = items[b], items[a]
                a += 1
                b -= 1
        if wanted - 1 <= b:
            right = b
        elif wanted - 1 >= a:
            left = a
        else:
            return


def _before(i: int, j: int, key: Array, tie: Array) -> Any:
    return key[i] < key[j] or (key[i] == key[j] and tie[i] < tie[j])


before = inner(_before)
select = inner(_select)
mix = inner(_mix)
walk_table = compiled(_walk_table)
count_walks = compiled(_count_walks)
select_rows = compiled(_select_rows)
