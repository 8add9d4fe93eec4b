"""Block loops: compiled sums of stalks (rows of channels) through the matrix of each edge."""

from __future__ import annotations

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import inner
from gnnlab.ops.backends.cpu.loops.block_small import stalk_products, stalk_row


def _block_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, order: Array,
    maps: Array, rows: int, depth: int, turned: bool,
) -> None:  # fmt: skip
    """y[i P + a] = sum over edges and b of M[e, a, b] x[j D + b]; turned reads M[e, b, a]."""
    down, along = (1, rows) if turned else (depth, 1)
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            y[i * rows : (i + 1) * rows] = 0
        else:
            stalk_row(y, i * rows, rows, x, depth, col, order, maps, down, along, start, end)


def _outer_rows(
    first: int, last: int, rowptr: Array, out: Array, left: Array, right: Array, col: Array,
    order: Array, rows: int, depth: int,
) -> None:  # fmt: skip
    """out[e, a D + b] = <left[i P + a], right[j D + b]>."""
    for i in range(first, last):
        stalk_products(
            out, left, i * rows, rows, right, depth, col, order, rowptr[i], rowptr[i + 1]
        )


block_rows = inner(_block_rows)
outer_rows = inner(_outer_rows)
