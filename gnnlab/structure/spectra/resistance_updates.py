"""Resistance updates: effective resistances while edges are added to a graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_items
from gnnlab.structure.spectra.resistance import pseudo_inverse

TIE = 1e-9
"""Gains closer than this, relative to the best, are equal."""
UPDATES = 500
"""After so many rank-one updates the inverse is computed again from the edges.

Each update adds an error of a few units in the last place of the largest entry, so the relative
error stays below 500 * 4 * 2.2e-16 = 4.5e-13 of that entry, far inside ``TIE``.
"""
BLOCK = 512
"""Columns that are updated and looked at together: seven rows of them stay in the first cache."""
PARALLEL = 1 << 18
"""Entries from which a sweep is shared out over threads."""


class Best(NamedTuple):
    """The edge whose addition lowers the sum of resistances most; gain 0 where none is left."""

    gain: float
    low: int
    high: int


class Resistances:
    """The pseudo-inverse P of a connected graph's Laplacian, and P^2, while edges are added.

    Adding {s, t} is a rank-one change of P and a rank-two change of P^2; one pass over their
    upper triangles applies it and finds the next best pair. The inverse is computed again after
    ``UPDATES`` additions.

    Args:
        rowptr: (n + 1,) of a connected simple graph.
        col: (2 m,) neighbours, both directions.

    Cost:
        O(n^3) and 32 n^2 bytes to begin with, O(n^2) and 16 n^2 bytes for each addition.
    """

    def __init__(self, rowptr: Array, col: Array) -> None:
        size = len(rowptr) - 1
        require_memory(
            32 * size**2,
            f"the pair of dense matrices for a component of {size} nodes",
            "use FoSR, which needs memory for the edges only",
        )
        self.size, self.updates = size, 0
        self._edges = (rowptr.astype(np.int64), col.astype(np.int64))
        self._added: list[tuple[int, int]] = []
        self._begin()

    def _begin(self) -> None:
        """Compute P and P^2 from the edges."""
        inverse = pseudo_inverse(*self._edges)
        square = inverse @ inverse
        self._inverse, self._square = array(inverse), array(square)
        self._diagonals = np.stack([np.diagonal(self._inverse), np.diagonal(self._square)])
        self._vectors = np.zeros((2, self.size))  # of the last change: none yet
        self._top = np.empty(self.size)
        self._lists = np.full((3, max(self.size, UPDATES)), -1)  # heads, next, node
        self.updates = 0

    def matrix(self) -> Array:
        """P, (n, n) float64."""
        upper = np.triu(self._inverse, 1)
        full: Array = upper + upper.T
        np.fill_diagonal(full, self._diagonals[0])
        return full

    def total(self) -> float:
        """The sum of resistances over all pairs: n trace(P)."""
        return float(self.size * self._diagonals[0].sum())

    def best(self) -> Best:
        """Find the best absent pair; of equal ones the lowest (i, j)."""
        self._sweep(0.0, 0.0)
        return self._choose()

    def add(self, low: int, high: int) -> Best:
        """Add the edge and find the next best; low < high, absent so far."""
        self._added.append((low, high))
        if self.updates == UPDATES:
            self._edges = with_edges(*self._edges, self._added)
            self._added = []
            self._begin()
            return self.best()
        scale, gain = begin_update(
            self._inverse, self._square, self._diagonals, self._vectors, low, high
        )
        heads, after, node = self._lists
        node[self.updates], after[self.updates] = high, heads[low]
        heads[low] = self.updates
        self.updates += 1
        self._sweep(scale, gain)
        return self._choose()

    def _sweep(self, scale: float, gain: float) -> None:
        work = self.size**2 if self.size**2 > PARALLEL else 0
        over_items(
            sweep_rows, (self.size + 1) // 2, 8 * work, self._inverse, self._square,
            self._diagonals, self._vectors, scale, gain, *self._edges, self._lists, self._top,
        )  # fmt: skip

    def _choose(self) -> Best:
        gain, low, high = choose(
            self._inverse, self._square, self._diagonals, *self._edges, self._lists, self._top
        )
        return Best(self.size * gain, low, high)


def with_edges(rowptr: Array, col: Array, pairs: list[tuple[int, int]]) -> tuple[Array, Array]:
    """The graph with more edges, its rows sorted."""
    size = len(rowptr) - 1
    ends = np.array(pairs, np.int64).T
    row = np.concatenate([np.repeat(np.arange(size), np.diff(rowptr)), ends[0], ends[1]])
    col = np.concatenate([col, ends[1], ends[0]])
    order = np.lexsort((col, row))
    return np.searchsorted(row[order], np.arange(size + 1)), col[order]


def _begin_update(
    inverse: Array, square: Array, diagonals: Array, vectors: Array, s: int, t: int
) -> tuple[float, float]:
    """Columns v = P (e_s - e_t) and w = P v, new diagonals; return 1 / (1 + R_st) and v.v."""
    v, w = vectors
    size = v.shape[0]
    for i in range(size):
        v[i] = inverse[min(i, s), max(i, s)] - inverse[min(i, t), max(i, t)]
        w[i] = square[min(i, s), max(i, s)] - square[min(i, t), max(i, t)]
    cross, cross_square = inverse[s, t], square[s, t]
    v[s], v[t] = diagonals[0, s] - cross, cross - diagonals[0, t]
    w[s], w[t] = diagonals[1, s] - cross_square, cross_square - diagonals[1, t]
    scale = 1 / (1 + v[s] - v[t])
    gain = w[s] - w[t]
    for i in range(size):
        diagonals[0, i] -= scale * v[i] * v[i]
        diagonals[1, i] -= scale * v[i] * (2 * w[i] - scale * gain * v[i])
    return scale, gain


def _sweep_rows(
    first: int, last: int, inverse: Array, square: Array, diagonals: Array, vectors: Array,
    scale: float, gain: float, rowptr: Array, col: Array, lists: Array, top: Array,
) -> None:  # fmt: skip
    """Update rows k and n - 1 - k (together as long as any such two), keep each row's best."""
    size = inverse.shape[0]
    found = np.empty(size)
    for k in range(first, last):
        for i in (k, size - 1 - k):
            update_row(i, inverse, square, vectors, scale, gain)
            gains_of_row(i, inverse, square, diagonals, rowptr, col, lists, found)
            best = -1.0
            for j in range(i + 1, size):
                if found[j] > best:
                    best = found[j]
            top[i] = best
            if 2 * k == size - 1:
                break


def _update_row(
    i: int, inverse: Array, square: Array, vectors: Array, scale: float, gain: float
) -> None:
    """P -= c v v', P^2 -= c (w v' + v w') - c^2 (v.v) v v', right of the diagonal."""
    if scale == 0:
        return
    size = inverse.shape[0]
    of_v = scale * (vectors[1, i] - scale * gain * vectors[0, i])
    of_w = scale * vectors[0, i]
    for start in range(i + 1, size, BLOCK):
        stop = min(start + BLOCK, size)
        v, w = vectors[0, start:stop], vectors[1, start:stop]
        # One written array a loop: more would need more checks for overlap than are made, and
        # the loop would not be vectorised.
        row = inverse[i, start:stop]
        for j in range(row.shape[0]):
            row[j] -= of_w * v[j]
        row = square[i, start:stop]
        for j in range(row.shape[0]):
            row[j] -= of_v * v[j] + of_w * w[j]


def _gains_of_row(
    i: int, inverse: Array, square: Array, diagonals: Array, rowptr: Array, col: Array,
    lists: Array, found: Array,
) -> None:  # fmt: skip
    """found[j] = B_ij / (1 + R_ij) for j > i, -1 where {i, j} is an edge."""
    size = inverse.shape[0]
    out, p, q = found[i + 1 :], inverse[i, i + 1 :], square[i, i + 1 :]
    dp, dq = diagonals[0, i + 1 :], diagonals[1, i + 1 :]
    one, own = 1 + diagonals[0, i], diagonals[1, i]
    for j in range(size - i - 1):
        out[j] = (own + dq[j] - 2 * q[j]) / (one + dp[j] - 2 * p[j])
    for e in range(rowptr[i], rowptr[i + 1]):
        found[col[e]] = -1
    e = lists[0, i]
    while e >= 0:
        found[lists[2, e]] = -1
        e = lists[1, e]


def _choose_(
    inverse: Array, square: Array, diagonals: Array, rowptr: Array, col: Array, lists: Array,
    top: Array,
) -> tuple[float, int, int]:  # fmt: skip
    """The lowest (i, j) among the gains that equal the best, up to ``TIE``."""
    size = inverse.shape[0]
    best = -1.0
    for i in range(size):
        best = max(best, top[i])
    if best <= 0:
        return 0.0, -1, -1
    found = np.empty(size)
    for i in range(size):
        if top[i] >= best * (1 - TIE):
            gains_of_row(i, inverse, square, diagonals, rowptr, col, lists, found)
            for j in range(i + 1, size):
                if found[j] >= best * (1 - TIE):
                    return found[j], i, j
    return 0.0, -1, -1


begin_update = compiled(_begin_update)
update_row = compiled(_update_row)
gains_of_row = compiled(_gains_of_row)
sweep_rows = compiled(_sweep_rows)
choose = compiled(_choose_)
