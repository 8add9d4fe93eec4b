"""Softmax of rows of edges, compiled: float32, and a number of heads that divides 16.

A row whose edges lie side by side is read and written where it is; the edges of another are copied
to a scratch row and back.
"""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import EDGES_AHEAD, prefetch
from gnnlab.kernels.threads import longest_row
from gnnlab.ops.backends.cpu.loops.softmax_vectors import (
    LANES,
    gradient16,
    move1,
    move2,
    move4,
    move8,
    move16,
    softmax16,
)  # fmt: skip


def _copy_(to: Array, m: int, source: Array, p: int, heads: int) -> None:
    """One edge's numbers; heads divides 16."""
    if heads == 8:
        move8(to, m, source, p)
    elif heads == 1:
        move1(to, m, source, p)
    elif heads == 4:
        move4(to, m, source, p)
    elif heads == 16:
        move16(to, m, source, p)
    else:
        move2(to, m, source, p)


def _fetch_(row: Array, table: Array, out: Array, order: Array, start: int, size: int) -> None:
    """Copy a row's edges from table (E, K) to the scratch row; out will be written there."""
    heads, edges = table.shape[1], order.shape[0]
    flat = table.reshape(-1)
    for q in range(size):
        if start + q + EDGES_AHEAD < edges:
            prefetch(table, order[start + q + EDGES_AHEAD], 0)
            prefetch(out, order[start + q + EDGES_AHEAD], 0)
        _copy(row, q * heads, flat, int(order[start + q]) * heads, heads)


def _bring_(table: Array, row: Array, order: Array, start: int, size: int) -> None:
    """Copy the scratch row back to its edges."""
    heads = table.shape[1]
    flat = table.reshape(-1)
    for q in range(size):
        _copy(flat, int(order[start + q]) * heads, row, q * heads, heads)


def _pad_(tail: Array, source: Array, p: int, count: int, blank: float) -> None:
    """The last vector: count < 16 numbers of source[p:], and blanks."""
    tail[:] = blank
    for m in range(count):
        tail[m] = source[p + m]


def _softmax_one_(
    out: Array, o: int, score: Array, p: int, count: int, heads: int, lanes: Array
) -> None:
    """Softmax of score[p : p + count] into out[o:], both flat; lanes is scratch (3, 16)."""
    whole = count // LANES * LANES
    tail = lanes[0]
    _pad(tail, score, p + whole, count - whole, -np.inf)
    softmax16(out, o, score, p, whole, heads, tail, lanes[1], lanes[2])
    for m in range(count - whole):
        out[o + whole + m] = tail[m]


def _gradient_one_(
    out: Array, o: int, soft: Array, grad: Array, p: int, count: int, heads: int, lanes: Array
) -> None:
    """The gradient of the same numbers."""
    whole = count // LANES * LANES
    _pad(lanes[0], soft, p + whole, count - whole, 0)
    _pad(lanes[1], grad, p + whole, count - whole, 0)
    gradient16(out, o, soft, grad, p, whole, heads, lanes[0], lanes[1])
    for m in range(count - whole):
        out[o + whole + m] = lanes[1, m]


def _softmax_rows(
    first: int, last: int, rowptr: Array, out: Array, score: Array, order: Array | None
) -> None:
    """out[e, k] = exp(score - max of the row) / sum of the row; order is None for sorted edges."""
    heads = score.shape[1]
    lanes = np.empty((3, LANES), np.float32)
    if order is None:
        into, flat = out.reshape(-1), score.reshape(-1)
        for i in range(first, last):
            p = rowptr[i] * heads
            _softmax_one(into, p, flat, p, rowptr[i + 1] * heads - p, heads, lanes)
        return
    row = np.empty(longest_row(first, last, rowptr) * heads, np.float32)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        _fetch(row, score, out, order, start, size)
        _softmax_one(row, 0, row, 0, size * heads, heads, lanes)
        _bring(out, row, order, start, size)


def _softmax_grad_rows(
    first: int, last: int, rowptr: Array, out: Array, soft: Array, grad: Array,
    order: Array | None,
) -> None:  # fmt: skip
    """out = soft * (grad - sum over the row of soft * grad)."""
    heads = soft.shape[1]
    lanes = np.empty((3, LANES), np.float32)
    if order is None:
        into, one, other = out.reshape(-1), soft.reshape(-1), grad.reshape(-1)
        for i in range(first, last):
            p = rowptr[i] * heads
            _gradient_one(into, p, one, other, p, rowptr[i + 1] * heads - p, heads, lanes)
        return
    length = longest_row(first, last, rowptr) * heads
    row, above = np.empty(length, np.float32), np.empty(length, np.float32)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        _fetch(row, grad, out, order, start, size)
        _fetch(above, soft, out, order, start, size)
        _gradient_one(row, 0, above, row, 0, size * heads, heads, lanes)
        _bring(out, row, order, start, size)


def _softmax_table_(table: Array, size: int, top: Array, share: Array, lanes: Array) -> None:
    """Softmax by columns of table[:size], in place; top and share (K,) keep maxima and 1 / sums."""
    heads = table.shape[1]
    flat = table.reshape(-1)
    _softmax_one(flat, 0, flat, 0, size * heads, heads, lanes)
    for k in range(heads):
        top[k], share[k] = lanes[1, k], lanes[2, k]


_copy = inner(_copy_)
_fetch = inner(_fetch_)
_bring = inner(_bring_)
_pad = inner(_pad_)
_softmax_one = inner(_softmax_one_)
_gradient_one = inner(_gradient_one_)
softmax_table = inner(_softmax_table_)
softmax_rows = compiled(_softmax_rows)
softmax_grad_rows = compiled(_softmax_grad_rows)
