"""Eccentricities within balls: the distance to the farthest node at most some hops away."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_rows
from gnnlab.structure.hops.bfs import FAR, search


def ball_eccentricities(rowptr: Array, col: Array, length: Array, max_hop: int = FAR) -> Array:
    """The longest of the shortest ways to the nodes at most ``max_hop`` edges away, none leaving
    these nodes: (N,) float64.

    Args:
        rowptr, col: a simple undirected graph.
        length: (2 M,) float64 of the entries of ``col``, 0 or more, the same both ways.
        max_hop: radius of a node's ball, in edges.

    Cost: for every node a few passes over the edges of its ball; 16 N bytes a thread.
    """
    out = np.zeros(len(rowptr) - 1)
    over_rows(farthest_rows, rowptr, len(out), col, length, min(max_hop, FAR), out)
    return out


def _farthest_rows(
    first: int, last: int, rowptr: Array, col: Array, length: Array, max_hop: int, out: Array
) -> None:
    nodes = rowptr.shape[0] - 1
    hop, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    way = np.full(nodes, np.inf)
    for i in range(first, last):
        reached = search(i, rowptr, col, max_hop, hop, queue)
        way[i] = 0.0
        settle(rowptr, col, length, hop, queue[:reached], way)
        for q in range(reached):
            u = queue[q]
            out[i] = max(out[i], way[u])
            hop[u] = -1
            way[u] = np.inf


def _settle(rowptr: Array, col: Array, length: Array, hop: Array, ball: Array, way: Array) -> None:
    """Shorten ways over the edges of the ball until none gets shorter.

    Nodes stand in order of hops, which is nearly that of ways, so that few rounds are needed.
    """
    changed = True
    while changed:
        changed = False
        for u in ball:
            best = way[u]
            for p in range(rowptr[u], rowptr[u + 1]):
                if hop[col[p]] >= 0:
                    best = min(best, way[col[p]] + length[p])
            if best < way[u]:
                way[u] = best
                changed = True


settle = compiled(_settle)
farthest_rows = compiled(_farthest_rows)
