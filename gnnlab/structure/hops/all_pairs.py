"""All-pairs distances of small graphs, in a byte each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.effort import require_time
from gnnlab.kernels.threads import over_items
from gnnlab.kernels.words import ONE, ZERO, first_bit
from gnnlab.structure.hops.bfs import search
from gnnlab.structure.hops.node_search import ARC

WORD = 64
"""Up to so many nodes, a graph is searched from all of them at once, and on one thread."""


def pair_distances(rowptr: Array, col: Array, starts: Array, max_distance: int) -> Array:
    """min(d(u, v), D) for all pairs of nodes of each of the graphs side by side, D where none.

    Args:
        rowptr, col: the targets of each node's outgoing arcs; repeats and loops do no harm.
        starts: (G + 1,), the first node of each graph, and the number of all.
        max_distance: D, from 1 to 127.

    Returns:
        (sum of n^2,) int8: graph by graph, those of the first u first.

    Raises:
        ValueError: they do not fit into memory, or would take more than a day.

    Cost:
        O(D E + n^2) for graphs of up to 64 nodes, for larger ones a breadth-first search of D - 1
        hops from every node.
    """
    sizes = np.diff(starts)
    pairs = int((sizes**2).sum())
    require_distances(pairs, pairs)
    large = np.flatnonzero(sizes > WORD)
    require_time(
        ARC * float((sizes[large] * (np.diff(rowptr[starts])[large] + sizes[large])).sum()),
        f"the distances of {pairs:,} pairs of nodes",
        "take smaller graphs, or fewer at a time",
    )
    out = np.empty(pairs, np.int8)
    base = np.cumsum(sizes**2) - sizes**2
    tables = (rowptr, col, np.asarray(starts), base, max_distance, out)
    small = np.flatnonzero(sizes <= WORD)
    over_items(distance_graphs, len(small), int((sizes[small] ** 2).sum()), small, *tables)
    for graph in large.tolist():
        over_items(distance_rows, int(sizes[graph]), int(sizes[graph] ** 2), graph, *tables)
    return out


def require_pairs(parts: Sequence[Sequence[int]]) -> None:
    """Refuse the pairs of graphs of these sizes, found part by part, where they would not fit.

    Each graph's are laid out beside those of its part before these are let go.

    Raises:
        ValueError: saying how many they are.
    """
    pairs = [sum(size**2 for size in part) for part in parts]
    require_distances(sum(pairs), sum(pairs) + max(pairs, default=0))


def require_distances(pairs: int, needed: int) -> None:
    """Refuse so many pairs, which need so many bytes, if they would not fit into memory."""
    told = f"the distances of {pairs:,} pairs of nodes"
    require_memory(needed, told, "take smaller graphs, or fewer at a time")


def _distance_graphs(
    first: int, last: int, graphs: Array, rowptr: Array, col: Array, starts: Array, base: Array,
    limit: int, out: Array,
) -> None:  # fmt: skip
    """Those of whole graphs: a word of bits for each node, the nodes that it reaches."""
    seen, now = np.empty(WORD, np.uint64), np.empty(WORD, np.uint64)
    then = np.empty(WORD, np.uint64)
    for g in graphs[first:last]:
        low, nodes = starts[g], starts[g + 1] - starts[g]
        out[base[g] : base[g] + nodes * nodes] = limit
        for u in range(nodes):
            seen[u] = now[u] = ONE << np.uint64(u)
            out[base[g] + u * nodes + u] = 0
        for hop in range(1, limit):
            some = ZERO
            for u in range(nodes):
                near = ZERO
                for p in range(rowptr[low + u], rowptr[low + u + 1]):
                    near |= now[col[p] - low]
                new = near & ~seen[u]
                seen[u] |= new
                then[u] = new
                some |= new
                mark(out, base[g] + u * nodes, new, hop)
            if some == ZERO:
                break
            now, then = then, now


def _mark(out: Array, row: int, nodes: Any, hop: int) -> None:
    """out[row + v] = hop for every v among the bits."""
    while nodes != ZERO:
        out[row + first_bit(nodes)] = hop
        nodes &= nodes - ONE


def _distance_rows(
    first: int, last: int, graph: int, rowptr: Array, col: Array, starts: Array, base: Array,
    limit: int, out: Array,
) -> None:  # fmt: skip
    """Those from some nodes of one graph."""
    low, size = starts[graph], starts[graph + 1] - starts[graph]
    dist, queue = np.full(rowptr.shape[0] - 1, -1, np.int32), np.empty(size, np.int32)
    for u in range(first, last):
        row = out[base[graph] + u * size : base[graph] + (u + 1) * size]
        row[:] = limit
        reached = search(low + u, rowptr, col, limit - 1, dist, queue)
        for q in range(reached):
            v = queue[q]
            row[v - low] = dist[v]
            dist[v] = -1


mark = inner(_mark)
distance_graphs = compiled(_distance_graphs)
distance_rows = compiled(_distance_rows)
