"""Walk counts: the number of walks of a given length between two nodes."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.effort import require_time
from gnnlab.kernels.threads import over_rows

ARC = 1.0
"""Nanoseconds for an arc of a step."""

EXACT = 2.0**53
"""Whole numbers up to here are exact in float64."""


def walk_matrix(rowptr: Array, col: Array, length: int, lazy: bool = False) -> Array:
    """How many walks of ``length`` edges join i and j: A^length, (N, N) float64.

    ``lazy`` walks may stay where they are: (A + I)^length. Counts above 2^53 are rounded.

    Cost: O(N E length); 8 N^2 bytes.
    """
    nodes = len(rowptr) - 1
    require_memory(
        8 * nodes**2, f"the walk counts of all pairs of {nodes} nodes", "take a part of the graph"
    )
    require_time(
        ARC * nodes * length * (len(col) + nodes),
        f"the counts of walks of {length} edges between all pairs of {nodes} nodes",
        "take shorter ones, or a part of the graph",
    )
    out = np.zeros((nodes, nodes))
    over_rows(walk_rows, rowptr, nodes * max(length, 1), col, length, lazy, out)
    return out


def _walk_rows(
    first: int, last: int, rowptr: Array, col: Array, length: int, lazy: bool, out: Array
) -> None:
    """out[i] = e_i' (A or A + I)^length; rows arrive as zeros."""
    nodes = rowptr.shape[0] - 1
    now, then = np.empty(nodes), np.empty(nodes)
    for i in range(first, last):
        now[:] = 0
        now[i] = 1
        for _ in range(length):
            for u in range(nodes):
                total = now[u] if lazy else 0.0
                for p in range(rowptr[u], rowptr[u + 1]):
                    total += now[col[p]]
                then[u] = total
            now, then = then, now
        out[i] = now


walk_rows = compiled(_walk_rows)
