"""Compiled loops over stalks: a row of blocks is a longer row of numbers, read where they lie."""

from __future__ import annotations

import numpy as np

from gnnlab.ops.backends.parallel import Array, compiled, inner, longest_row

from .inner import dot_row
from .rows import sum_row


def _stalks_(places: Array, col: Array, start: int, size: int, depth: int) -> None:
    """The rows of the neighbours' stalks, one after the other."""
    for q in range(size):
        for b in range(depth):
            places[q * depth + b] = col[start + q] * depth + b


def _block_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, order: Array,
    maps: Array, turned: bool,
) -> None:  # fmt: skip
    """y[i P + a] = sum over edges and b of M[e, a, b] x[j D + b]; turned reads M[e, b, a]."""
    rows, depth = maps.shape[1], maps.shape[2]
    if turned:
        rows, depth = depth, rows
    length = longest_row(first, last, rowptr) * depth
    places, w = np.empty(length, np.int64), np.empty((length, 1), x.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i * rows : (i + 1) * rows] = 0
            continue
        _stalks(places, col, start, size, depth)
        for a in range(rows):
            for q in range(size):
                e = order[start + q]
                for b in range(depth):
                    w[q * depth + b, 0] = maps[e, b, a] if turned else maps[e, a, b]
            sum_row(y, i * rows + a, x, places[: size * depth], w, 1, 0, size * depth)


def _outer_rows(
    first: int, last: int, rowptr: Array, out: Array, left: Array, right: Array, col: Array,
    order: Array,
) -> None:  # fmt: skip
    """out[e, a, b] = <left[i P + a], right[j D + b]>."""
    rows, depth = out.shape[1], out.shape[2]
    length = longest_row(first, last, rowptr) * depth
    places, dots = np.empty(length, np.int64), np.empty((length, 1), left.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        _stalks(places, col, start, size, depth)
        for a in range(rows):
            dot_row(dots, left, i * rows + a, right, places[: size * depth], size * depth)
            for q in range(size):
                e = order[start + q]
                for b in range(depth):
                    out[e, a, b] = dots[q * depth + b, 0]


_stalks = inner(_stalks_)
block_rows = compiled(_block_rows)
outer_rows = compiled(_outer_rows)
