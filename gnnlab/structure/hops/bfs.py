"""Hop distances by breadth-first search up to a cutoff, from every node."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.threads import over_items

FAR = 1 << 30
"""A cutoff that no graph reaches."""


def hop_matrix(
    rowptr: Array, col: Array, max_hop: int = FAR, sources: Array | None = None
) -> Array:
    """Hop distance from every node, or from ``sources`` (S,), to all: (S, N) int32.

    -1 stands for nodes beyond ``max_hop`` and in other components.

    Cost: O(S E) at most, less with a cutoff; 4 S N bytes.
    """
    nodes = len(rowptr) - 1
    sources = np.arange(nodes) if sources is None else sources
    require_memory(
        4 * len(sources) * nodes,
        f"the hop distance from {len(sources)} to all of {nodes} nodes",
        "ask for near pairs with gnnlab.structure.hop_pairs, at 32 bytes for each of them",
    )
    out = np.full((len(sources), nodes), -1, np.int32)
    work = len(sources) * (nodes + len(col))
    over_items(hop_rows, len(sources), work, rowptr, col, sources, min(max_hop, FAR), out)
    return out


def _search(source: int, rowptr: Array, col: Array, max_hop: int, dist: Array, queue: Array) -> int:
    """Breadth-first search; return how many nodes were reached, the source among them.

    ``dist`` (N,) arrives as -1 everywhere; ``queue`` gets the nodes in order of distance. Whoever
    calls puts dist back to -1 at queue[:reached].
    """
    dist[source] = 0
    queue[0] = source
    head, reached = 0, 1
    while head < reached:
        u = queue[head]
        head += 1
        if dist[u] == max_hop:
            break
        for p in range(rowptr[u], rowptr[u + 1]):
            v = col[p]
            if dist[v] < 0:
                dist[v] = dist[u] + 1
                queue[reached] = v
                reached += 1
    return reached


def _hop_rows(
    first: int, last: int, rowptr: Array, col: Array, sources: Array, max_hop: int, out: Array
) -> None:
    queue = np.empty(rowptr.shape[0] - 1, np.int32)
    for k in range(first, last):
        search(sources[k], rowptr, col, max_hop, out[k], queue)


def _count_rows(first: int, last: int, rowptr: Array, col: Array, max_hop: int, out: Array) -> None:
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for i in range(first, last):
        reached = search(i, rowptr, col, max_hop, dist, queue)
        out[i] = reached - 1
        for q in range(reached):
            dist[queue[q]] = -1


search = inner(_search)
hop_rows = compiled(_hop_rows)
count_rows = compiled(_count_rows)
