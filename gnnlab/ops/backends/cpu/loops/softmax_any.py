"""Softmax for any number of heads, and its gradient, compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import AHEAD, prefetch
from gnnlab.kernels.threads import longest_row


def _softmax_rows(
    first: int, last: int, rowptr: Array, out: Array, score: Array, order: Array
) -> None:
    """out[e, k] = exp(score - max of the row) / sum of the row."""
    heads = score.shape[1]
    row = np.empty((longest_row(first, last, rowptr), heads), score.dtype)
    flat = row.reshape(-1)
    total = np.empty(heads, np.float64)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        _shift(row, total, score, order, start, size)
        exp_in_place(flat, size * heads)
        total[:] = 0
        for q in range(size):
            for k in range(heads):
                total[k] += row[q, k]
        for k in range(heads):
            total[k] = 1 / total[k]
        for q in range(size):
            e = order[start + q]
            for k in range(heads):
                out[e, k] = row[q, k] * total[k]


def _shift_(row: Array, top: Array, score: Array, order: Array, start: int, size: int) -> None:
    top[:] = -np.inf
    heads, edges = top.shape[0], order.shape[0]
    for q in range(size):
        e = order[start + q]
        if start + q + AHEAD < edges:
            prefetch(score, order[start + q + AHEAD], 0)
        for k in range(heads):
            value = score[e, k]
            row[q, k] = value
            if value > top[k]:
                top[k] = value
    for q in range(size):
        for k in range(heads):
            row[q, k] -= top[k]


def _softmax_grad_rows(
    first: int, last: int, rowptr: Array, out: Array, soft: Array, grad: Array, order: Array
) -> None:
    """out = soft * (grad - sum over the row of soft * grad)."""
    heads, edges = soft.shape[1], order.shape[0]
    total = np.empty(heads, np.float64)
    for i in range(first, last):
        total[:] = 0
        for p in range(rowptr[i], rowptr[i + 1]):
            e = order[p]
            if p + AHEAD < edges:
                prefetch(soft, order[p + AHEAD], 0)
                prefetch(grad, order[p + AHEAD], 0)
            for k in range(heads):
                total[k] += soft[e, k] * grad[e, k]
        for p in range(rowptr[i], rowptr[i + 1]):
            e = order[p]
            for k in range(heads):
                out[e, k] = soft[e, k] * (grad[e, k] - total[k])


def _exp_(values: Array, size: int) -> None:
    """exp in place of numbers <= 0."""
    if values.itemsize != 4:
        for m in range(size):
            values[m] = math.exp(values[m])
        return
    # Cephes' expf (S. Moshier): 2^n e^r with |r| <= ln 2 / 2, within 2 ulp; unlike a call it
    # vectorises. Below -87 the result, smaller than any normal number, is 0.
    for m in range(size):
        value = np.float32(values[m])
        n = np.floor(value * _LOG2E + _HALF)
        r = value - n * _LN2_HIGH - n * _LN2_LOW
        poly = _C0
        poly = poly * r + _C1
        poly = poly * r + _C2
        poly = poly * r + _C3
        poly = poly * r + _C4
        poly = poly * r + _HALF
        poly = poly * r * r + r + _ONE
        exact = poly * _power_of_two(np.int32(n))
        values[m] = np.float32(0) if value < _LOWEST else exact


_LOG2E, _HALF, _ONE, _LOWEST = map(np.float32, (1.44269504088896341, 0.5, 1.0, -87.0))
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_C0, _C1, _C2, _C3, _C4 = map(
    np.float32,
    (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1),
)


def _power(typingctx: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(32)
        biased = builder.add(args[0], ir.Constant(word, 127))
        return builder.bitcast(builder.shl(biased, ir.Constant(word, 23)), ir.FloatType())

    return types.float32(types.int32), codegen


_power_of_two = intrinsic(_power)
exp_in_place = inner(_exp_)
_shift = inner(_shift_)
softmax_rows = compiled(_softmax_rows)
softmax_grad_rows = compiled(_softmax_grad_rows)
