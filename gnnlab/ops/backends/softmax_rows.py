"""Compiled softmax of rows of edges, sixteen numbers at a time.

A row of scores (edges, K) is copied to a scratch table and padded to whole vectors. Where K divides
16, lane l of every vector belongs to head l % K, so one pass over the vectors serves all heads, and
rotating the lanes joins what belongs together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .parallel import Array, compiled, longest_row
from .prefetch import AHEAD, prefetch
from .vectors import LANE, load, store

LANES = 16
FLOATS = ir.VectorType(ir.FloatType(), LANES)
WORDS = ir.VectorType(LANE, LANES)


def _softmax16(typingctx: Any, row: Any, count: Any, heads: Any, top: Any, share: Any) -> Any:
    """``softmax16(row, count, heads, top, share)``: in place, over the first count numbers.

    count is a multiple of 16, row being padded with -inf; top and share (16,) receive the maxima
    and 1 / sums, lane by lane.
    """

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args
        if kinds[0].dtype != types.float32:  # a branch that is compiled and never run
            return context.get_dummy_value()
        row, top, share = (
            context.make_array(kinds[i])(context, builder, values[i]).data for i in (0, 3, 4)
        )
        count, heads = values[1], values[2]
        lowest = cgutils.alloca_once_value(builder, _all(-math.inf))
        with _vectors(builder, count) as m:
            _keep(builder, lowest, _larger(builder, builder.load(lowest), _at(builder, row, m)))
        largest = _joined(builder, builder.load(lowest), heads, _larger)
        total = cgutils.alloca_once_value(builder, _all(0.0))
        with _vectors(builder, count) as m:
            e = _exp(builder, builder.fsub(_at(builder, row, m), largest))
            store(builder, e, builder.gep(row, [m]))
            _keep(builder, total, builder.fadd(builder.load(total), e))
        joined = _joined(builder, builder.load(total), heads, _sum)
        inverse = builder.fdiv(_all(1.0), joined)
        with _vectors(builder, count) as m:
            scaled = builder.fmul(_at(builder, row, m), inverse)
            store(builder, scaled, builder.gep(row, [m]))
        store(builder, largest, top)
        store(builder, inverse, share)
        return context.get_dummy_value()

    n = types.intp
    return types.void(row, n, n, top, share), codegen


def _gradient16(typingctx: Any, grad: Any, soft: Any, count: Any, heads: Any) -> Any:
    """``gradient16(grad, soft, count, heads)``: grad = soft * (grad - sum of soft * grad)."""

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args
        grad, soft = (
            context.make_array(kinds[i])(context, builder, values[i]).data for i in (0, 1)
        )
        count, heads = values[2], values[3]
        total = cgutils.alloca_once_value(builder, _all(0.0))
        with _vectors(builder, count) as m:
            product = builder.fmul(_at(builder, soft, m), _at(builder, grad, m))
            _keep(builder, total, builder.fadd(builder.load(total), product))
        joined = _joined(builder, builder.load(total), heads, _sum)
        with _vectors(builder, count) as m:
            apart = builder.fsub(_at(builder, grad, m), joined)
            result = builder.fmul(_at(builder, soft, m), apart)
            store(builder, result, builder.gep(grad, [m]))
        return context.get_dummy_value()

    n = types.intp
    return types.void(grad, soft, n, n), codegen


def _move(lanes: int) -> Any:
    """Make ``move(to, m, source, p)``: lanes numbers from source[p:] to to[m:], flat arrays."""

    def typing(typingctx: Any, to: Any, m: Any, source: Any, p: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args
            to, source = (
                context.make_array(kinds[i])(context, builder, values[i]).data for i in (0, 2)
            )
            value = load(builder, builder.gep(source, [values[3]]), lanes)
            store(builder, value, builder.gep(to, [values[1]]))
            return context.get_dummy_value()

        return types.void(to, types.intp, source, types.intp), codegen

    return intrinsic(typing)


def _vectors(builder: Any, count: Any) -> Any:
    """Loop over the first numbers of the vectors: 0, 16, … below count."""
    index = count.type
    loop = cgutils.for_range_slice(
        builder, ir.Constant(index, 0), count, ir.Constant(index, LANES), index
    )
    return _First(loop)


class _First:
    """A loop that gives its counter alone."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop

    def __enter__(self) -> Any:
        return self.loop.__enter__()[0]

    def __exit__(self, *error: Any) -> Any:
        return self.loop.__exit__(*error)


def _at(builder: Any, row: Any, m: Any) -> Any:
    return load(builder, builder.gep(row, [m]), LANES)


def _keep(builder: Any, cell: Any, value: Any) -> None:
    builder.store(value, cell)


def _all(value: float) -> Any:
    return ir.Constant(FLOATS, [value] * LANES)


def _larger(builder: Any, old: Any, new: Any) -> Any:
    # A nan is taken, so that it reaches the sum and makes its whole row nan.
    return builder.select(builder.fcmp_ordered("<=", new, old), old, new)


def _sum(builder: Any, one: Any, other: Any) -> Any:
    return builder.fadd(one, other)


def _joined(builder: Any, value: Any, heads: Any, join: Any) -> Any:
    """Join the lanes of one head, and give every lane the result."""
    for step in (8, 4, 2, 1):
        order = [(lane + step) % LANES for lane in range(LANES)]
        blank = ir.Constant(FLOATS, ir.Undefined)
        turned = builder.shuffle_vector(value, blank, ir.Constant(WORDS, order))
        several = builder.icmp_signed("<=", heads, ir.Constant(heads.type, step))
        value = builder.select(several, join(builder, value, turned), value)
    return value


def _exp(builder: Any, value: Any) -> Any:
    """Cephes' expf (S. Moshier) of numbers <= 0: 2^n e^r with |r| <= ln 2 / 2, within 2 ulp.

    Below -87 the result, smaller than any normal number, is 0; nan stays nan.
    """
    sure = builder.fcmp_ordered(">", value, _all(LOWEST))
    v = builder.select(sure, value, _all(LOWEST))
    t = builder.fadd(builder.fmul(v, _all(1.44269504088896341)), _all(0.5))
    n = builder.fptosi(t, WORDS)
    above = builder.fcmp_ordered(">", builder.sitofp(n, FLOATS), t)
    n = builder.sub(n, builder.zext(above, WORDS))  # rounded towards 0, so down by one more
    whole = builder.sitofp(n, FLOATS)
    r = builder.fsub(v, builder.fmul(whole, _all(0.693359375)))
    r = builder.fsub(r, builder.fmul(whole, _all(-2.12194440e-4)))
    poly = _all(1.9875691500e-4)
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5):
        poly = builder.fadd(builder.fmul(poly, r), _all(c))
    poly = builder.fmul(builder.fmul(poly, r), r)
    poly = builder.fadd(builder.fadd(poly, r), _all(1.0))
    biased = builder.add(n, ir.Constant(WORDS, [127] * LANES))
    power = builder.bitcast(builder.shl(biased, ir.Constant(WORDS, [23] * LANES)), FLOATS)
    exact = builder.select(sure, builder.fmul(poly, power), _all(0.0))
    broken = builder.fcmp_unordered("uno", value, value)
    return builder.select(broken, value, exact)


LOWEST = -87.0
"""Below it exp is 0."""
_softmax_row = intrinsic(_softmax16)
_gradient_row = intrinsic(_gradient16)
_move16, _move8, _move4, _move2, _move1 = (_move(lanes) for lanes in (16, 8, 4, 2, 1))


def _copy_(to: Array, m: int, source: Array, p: int, heads: int) -> None:
    """One edge's numbers; heads divides 16."""
    if heads == 8:
        _move8(to, m, source, p)
    elif heads == 1:
        _move1(to, m, source, p)
    elif heads == 4:
        _move4(to, m, source, p)
    elif heads == 16:
        _move16(to, m, source, p)
    else:
        _move2(to, m, source, p)


def _fetch_(
    row: Array, table: Array, order: Array, start: int, size: int, heads: int, blank: Any
) -> int:
    """Copy a row's edges to the scratch row and pad it; returns the padded length."""
    flat, edges = table.reshape(-1), order.shape[0]
    for q in range(size):
        if start + q + AHEAD < edges:
            prefetch(table, order[start + q + AHEAD], 0)
        _copy(row, q * heads, flat, int(order[start + q]) * heads, heads)
    count = size * heads
    padded = (count + LANES - 1) // LANES * LANES
    for m in range(count, padded):
        row[m] = blank
    return padded


def _softmax_rows(
    first: int, last: int, rowptr: Array, out: Array, score: Array, order: Array
) -> None:
    """out[e, k] = exp(score - max of the row) / sum of the row; float32, K divides 16."""
    heads = score.shape[1]
    row = np.empty(longest_row(first, last, rowptr) * heads + LANES, np.float32)
    top, share = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    flat = out.reshape(-1)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        count = _fetch(row, score, order, start, size, heads, np.float32(-np.inf))
        _softmax_row(row, count, heads, top, share)
        for q in range(size):
            _copy(flat, int(order[start + q]) * heads, row, q * heads, heads)


def _softmax_grad_rows(
    first: int, last: int, rowptr: Array, out: Array, soft: Array, grad: Array, order: Array
) -> None:
    """out = soft * (grad - sum over the row of soft * grad); float32, K divides 16."""
    heads = soft.shape[1]
    length = longest_row(first, last, rowptr) * heads + LANES
    row, other = np.empty(length, np.float32), np.empty(length, np.float32)
    flat = out.reshape(-1)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        count = _fetch(row, grad, order, start, size, heads, np.float32(0))
        _fetch(other, soft, order, start, size, heads, np.float32(0))
        _gradient_row(row, other, count, heads)
        for q in range(size):
            _copy(flat, int(order[start + q]) * heads, row, q * heads, heads)


def _softmax_table_(table: Array, size: int, top: Array, share: Array, lanes: Array) -> None:
    """Softmax by columns of table[:size] (float32, K divides 16), with a spare row of 16 below."""
    heads = table.shape[1]
    row, count = table.reshape(-1), size * heads
    padded = (count + LANES - 1) // LANES * LANES
    for m in range(count, padded):
        row[m] = -np.inf
    _softmax_row(row, padded, heads, lanes[0], lanes[1])
    for k in range(heads):
        top[k], share[k] = lanes[0, k], lanes[1, k]


_copy = compiled(_copy_)
_fetch = compiled(_fetch_)
softmax_table = compiled(_softmax_table_)
softmax_rows = compiled(_softmax_rows)
softmax_grad_rows = compiled(_softmax_grad_rows)
