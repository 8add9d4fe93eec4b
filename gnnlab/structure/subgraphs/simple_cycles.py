"""Simple cycles of a given length, counted one by one."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled


def count_simple_cycles(rowptr: Array, col: Array, length: int) -> int:
    """Count the cycles of so many nodes, each once; they need not be induced.

    Args:
        rowptr, col: sorted neighbour lists of an undirected graph, no loops, no repeats.
        length: of the cycles, at least 3.

    Cost: O(N D^(length - 1)) with the largest degree D.
    """
    if length < 3:
        raise ValueError(f"length is {length}, but a cycle has at least 3 nodes")
    return int(_count(rowptr, col, length)) // 2  # each is met in both directions


def _count_from_all(rowptr: Array, col: Array, length: int) -> int:
    """Closed paths from their lowest node."""
    total = 0
    path = np.empty(length, np.int64)
    place = np.empty(length, np.int64)
    taken = np.zeros(len(rowptr) - 1, np.bool_)
    for root in range(len(rowptr) - 1):
        depth = 0
        path[0], place[0] = root, rowptr[root]
        while depth >= 0:
            node = path[depth]
            if place[depth] == rowptr[node + 1]:
                taken[node] = False
                depth -= 1
                continue
            ahead = col[place[depth]]
            place[depth] += 1
            if depth == length - 1:
                total += ahead == root
            elif ahead > root and not taken[ahead]:
                depth += 1
                path[depth], place[depth] = ahead, rowptr[ahead]
                taken[ahead] = True
    return total


_count = compiled(_count_from_all)
