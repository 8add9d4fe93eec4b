"""Katz index of pairs: the number of walks between two nodes, long ones counted less."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_items
from gnnlab.structure.graphs.in_neighbours import Asked, SimpleRows, asked


def katz_index(rows: SimpleRows, pairs: Array, beta: float, length: int) -> Array:
    r"""Add up walks of 1 to ``length`` edges between the nodes of pairs: (2, P) -> (P,) float64.

    .. math:: \sum_{l=1}^{L} \beta^l (A^l)_{ij}

    Cost:
        O(the edges within L - 1 hops of each different first node, L times); 16 N bytes a thread.
    """
    out, grouped = np.zeros(pairs.shape[1]), asked(pairs)
    work = len(grouped.source) * (len(rows.col) + len(rows.rowptr)) * length
    over_items(
        katz_rows, len(grouped.source), work, rows.rowptr, rows.col, grouped, beta, length, out
    )
    return out


def _katz_rows(
    first: int, last: int, rowptr: Array, col: Array, grouped: Asked, beta: float, length: int,
    out: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    now, then = np.zeros(nodes), np.zeros(nodes)
    here, there = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    for s in range(first, last):
        now[grouped.source[s]] = 1.0
        here[0] = grouped.source[s]
        count = 1
        for _ in range(length):
            reached = 0
            for q in range(count):
                u = here[q]
                walks = beta * now[u]
                now[u] = 0.0
                for p in range(rowptr[u], rowptr[u + 1]):
                    if then[col[p]] == 0.0:
                        there[reached] = col[p]
                        reached += 1
                    then[col[p]] += walks
            now, then, here, there, count = then, now, there, here, reached
            for p in range(grouped.start[s], grouped.start[s + 1]):
                out[grouped.order[p]] += now[grouped.target[grouped.order[p]]]
        for q in range(count):
            now[here[q]] = 0.0


katz_rows = compiled(_katz_rows)
