"""Node search for hop sets: a breadth-first search from every node, for large sparse graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.effort import require_time, stretches
from gnnlab.kernels.threads import over_items, over_rows
from gnnlab.structure.hops.bfs import search

ARC = 5.0
"""Nanoseconds in which a search follows an arc."""
SAMPLE = 32
"""Nodes whose searches say what a search from every node would read."""
FIRST = 64
"""Roots before the first look at what they have found."""


def count_table(
    rowptr: Array, col: Array, table: Array, look: Callable[[int], None] = lambda pairs: None
) -> int:
    """table[k - 1, v] = how many nodes are k hops away from v; return how far any of them is.

    Args:
        look: is told now and then how many pairs were found so far, and raises where there are
            too many.

    Cost: a search of K hops from every node.
    """
    cost = require_searches(rowptr, col, len(table))
    pairs, first = 0, 0
    for stop in growing(len(rowptr) - 1, cost):
        rows = rowptr[first : stop + 1] - rowptr[first]
        over_rows(count_hops, rows, len(rowptr) - 1, first, rowptr, col, table)
        pairs += int(table[:, first:stop].sum())
        look(pairs)
        first = stop
    empty = np.flatnonzero(~table.any(axis=1))
    return int(empty[0]) if len(empty) else len(table)


def fill(rowptr: Array, col: Array, places: Array, out: Array) -> None:
    """Write the pairs with hop k and target v into the columns of ``out`` from places[k - 1, v]."""
    over_rows(fill_hops, rowptr, len(rowptr) - 1, col, places, *out)


def require_searches(rowptr: Array, col: Array, max_hop: int) -> float:
    """Refuse a search from every node that would take more than a day; return its nanoseconds.

    Raises:
        ValueError: with how long it would take.
    """
    nodes = len(rowptr) - 1
    if not nodes:
        return 0.0
    cost = ARC * nodes * (reads(rowptr, col, max_hop, SAMPLE)[0] + 1)
    told = f"a search from each of {nodes:,} nodes"
    require_time(cost, told, "take fewer hops, or a part of the graph")
    return cost


def growing(items: int, cost: float) -> Iterator[int]:
    """Where to stop and look: after a few items, after twice as many, …, at last after all.

    Much is found from few nodes where hubs are near; so what does not fit is seen early. Ranges
    grow until they are as long as those between two steps of a progress bar.
    """
    work = np.linspace(0.0, cost, items + 1)
    for first, last in stretches(work, "node"):
        step, at = FIRST, first
        while at < last:
            at, step = min(at + step, last), 2 * step
            yield at


def reads(rowptr: Array, col: Array, max_hop: int, sample: int) -> tuple[float, int]:
    """How many arcs a search follows, and how many hops it goes: of some nodes, mean and largest.

    The nodes lie at equal steps from each other, so the answer is always the same.
    """
    nodes = len(rowptr) - 1
    chosen = np.linspace(0, nodes - 1, min(sample, nodes)).astype(np.int64)
    arcs, hops = np.zeros(len(chosen), np.int64), np.zeros(len(chosen), np.int64)
    over_items(read_arcs, len(chosen), len(col), rowptr, col, chosen, max_hop, arcs, hops)
    return float(arcs.mean()), int(hops.max())


def _count_hops(
    first: int, last: int, rows: Array, start: int, rowptr: Array, col: Array, table: Array
) -> None:
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for v in range(start + first, start + last):
        reached = search(v, rowptr, col, table.shape[0], dist, queue)
        for q in range(1, reached):
            table[dist[queue[q]] - 1, v] += 1
        forget(reached, dist, queue)


def _fill_hops(
    first: int, last: int, rowptr: Array, col: Array, places: Array, source: Array, target: Array,
    hops: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for v in range(first, last):
        reached = search(v, rowptr, col, places.shape[0], dist, queue)
        begin = 1
        while begin < reached:
            end, hop = begin, dist[queue[begin]]
            while end < reached and dist[queue[end]] == hop:
                end += 1
            queue[begin:end].sort()
            at = places[hop - 1, v] - begin
            for q in range(begin, end):
                source[at + q], target[at + q], hops[at + q] = queue[q], v, hop
            begin = end
        forget(reached, dist, queue)


def _read_arcs(
    first: int, last: int, rowptr: Array, col: Array, chosen: Array, max_hop: int, arcs: Array,
    hops: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for k in range(first, last):
        reached = search(chosen[k], rowptr, col, max_hop, dist, queue)
        hops[k] = dist[queue[reached - 1]]
        for q in range(reached):
            arcs[k] += rowptr[queue[q] + 1] - rowptr[queue[q]]
        forget(reached, dist, queue)


def _forget(reached: int, dist: Array, queue: Array) -> None:
    """Make ready for another search."""
    for q in range(reached):
        dist[queue[q]] = -1


forget = inner(_forget)
count_hops = compiled(_count_hops)
fill_hops = compiled(_fill_hops)
read_arcs = compiled(_read_arcs)
