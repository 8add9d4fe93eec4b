"""Edge dot products: compiled inner products along edges, vectorised over features."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import AHEAD, LINE, prefetch
from gnnlab.kernels.threads import longest_row
from gnnlab.kernels.vectors import fold, load, number_type


def _tile(lanes: int, vectors: int) -> Any:
    """Make ``tile(a, i, b, j, f)``: sum of a[i, f + k] b[j, f + k] for k < lanes * vectors."""

    def typing(typingctx: Any, a: Any, i: Any, b: Any, j: Any, f: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            def start(array: Any, kind: Any, row: Any) -> Any:
                array = context.make_array(kind)(context, builder, array)
                width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
                return builder.gep(array.data, [builder.add(builder.mul(row, width), values[4])])

            left = start(values[0], a, values[1])
            right = start(values[2], b, values[3])
            return _emit(builder, left, right, lanes, vectors)

        return number_type(a.dtype)(a, types.intp, b, types.intp, types.intp), codegen

    return intrinsic(typing)


def _emit(builder: Any, left: Any, right: Any, lanes: int, vectors: int) -> Any:
    def product(t: int) -> Any:
        place = [ir.Constant(ir.IntType(64), t * lanes)]
        ends = (builder.gep(start, place) for start in (left, right))
        return builder.fmul(*(load(builder, end, lanes) for end in ends))

    total = product(0)
    for t in range(1, vectors):
        total = builder.fadd(total, product(t))
    return fold(builder, total)


_dot64, _dot32, _dot16, _dot8, _dot4, _dot1 = (
    _tile(*shape) for shape in ((16, 4), (16, 2), (16, 1), (8, 1), (4, 1), (1, 1))
)


def _dot_row_(out: Array, query: Array, i: int, key: Array, col: Array, count: int) -> None:
    """out[q, k] = <query[i], key[col[q]]> over the features of head k, for q < count."""
    heads = out.shape[1]
    width = query.shape[1] // heads
    edges = col.shape[0]
    for q in range(count):
        j = col[q]
        if q + AHEAD < edges:
            for f in range(0, query.shape[1], LINE // key.itemsize):
                prefetch(key, col[q + AHEAD], f)
        for head in range(heads):
            f, stop = head * width, (head + 1) * width
            total = out.dtype.type(0)
            while f + 64 <= stop:
                total += _dot64(query, i, key, j, f)
                f += 64
            if f + 32 <= stop:  # folding a vector into a number takes longer than filling it
                total += _dot32(query, i, key, j, f)
                f += 32
            if f + 16 <= stop:
                total += _dot16(query, i, key, j, f)
                f += 16
            if f + 8 <= stop:
                total += _dot8(query, i, key, j, f)
                f += 8
            if f + 4 <= stop:
                total += _dot4(query, i, key, j, f)
                f += 4
            while f < stop:
                total += _dot1(query, i, key, j, f)
                f += 1
            out[q, head] = total


def _dot_rows(
    first: int, last: int, rowptr: Array, out: Array, query: Array, key: Array, col: Array,
    order: Array,
) -> None:  # fmt: skip
    """out[e, k] = <query[i], key[j]> over the features of head k."""
    row = np.empty((longest_row(first, last, rowptr), out.shape[1]), out.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        dot_row(row, query, i, key, col[start:], size)
        for q in range(size):
            e = order[start + q]
            for head in range(out.shape[1]):
                out[e, head] = row[q, head]


dot_row = inner(_dot_row_)
dot_rows = compiled(_dot_rows)
