"""Hop distances of pairs of nodes, with one search for each first node."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_items
from gnnlab.structure.graphs.in_neighbours import Asked, SimpleRows, asked
from gnnlab.structure.hops.bfs import FAR, search


def pair_hops(rows: SimpleRows, pairs: Array, max_hop: int = FAR) -> Array:
    """How many edges apart the nodes of pairs are: (2, P) -> (P,) int32, -1 beyond ``max_hop``.

    Cost:
        O(the edges within ``max_hop`` of each different first node); 8 N bytes a thread.
    """
    out, grouped = np.full(pairs.shape[1], -1, np.int32), asked(pairs)
    work = len(grouped.source) * (len(rows.col) + len(rows.rowptr))
    over_items(
        read_hops, len(grouped.source), work, rows.rowptr, rows.col, grouped, min(max_hop, FAR), out
    )
    return out


def _read_hops(
    first: int, last: int, rowptr: Array, col: Array, grouped: Asked, max_hop: int, out: Array
) -> None:
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for s in range(first, last):
        reached = search(grouped.source[s], rowptr, col, max_hop, dist, queue)
        for p in range(grouped.start[s], grouped.start[s + 1]):
            out[grouped.order[p]] = dist[grouped.target[grouped.order[p]]]
        for q in range(reached):
            dist[queue[q]] = -1


read_hops = compiled(_read_hops)
