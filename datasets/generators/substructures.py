"""Substructure counts of a graph: triangles, stars of three leaves, cycles of length 4 to 6."""

from __future__ import annotations

import numpy as np

SUBSTRUCTURES = ("triangle", "tailed-triangle", "star", "4-cycle", "5-cycle", "6-cycle")


def count_substructures(adjacency: np.ndarray) -> tuple[int, ...]:
    r"""Count triangles, tailed triangles, stars of three leaves and cycles of length 4 to 6.

    With A the matrix, d the degrees, and :math:`t_i = (A^3)_{ii} / 2` the triangles at node i:

    .. math::
        \tfrac{1}{3} \sum t_i, \quad \sum t_i (d_i - 2), \quad \sum \tbinom{d_i}{3}, \quad
        \tfrac{1}{8} [\operatorname{tr} A^4 - 2 \textstyle\sum d_i^2 + \sum d_i]

    Longer cycles are met one by one. Subgraphs need not be induced.

    Args:
        adjacency: (N, N) bool, symmetric, no loops.

    Cost: O(N^3 + N D^5) with the largest degree D.
    """
    from gnnlab.structure.subgraphs.simple_cycles import count_simple_cycles

    a = adjacency.astype(np.int64)
    d = a.sum(0)
    squared = a @ a
    t = (squared * a).sum(0) // 2
    four = int((squared**2).sum() - 2 * (d**2).sum() + d.sum()) // 8
    stars = int((d * (d - 1) * (d - 2)).sum()) // 6
    rowptr = np.concatenate([[0], d.cumsum()])
    col = adjacency.nonzero()[1].astype(np.int64)
    longer = [count_simple_cycles(rowptr, col, length) for length in (5, 6)]
    return int(t.sum()) // 3, int((t * (d - 2)).sum()), stars, four, *longer
