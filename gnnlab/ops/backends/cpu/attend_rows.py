"""Compiled attention: each row's scores, softmax and weighted sum, and the gradients by source.

A row's scores live in a small table (edges of the row, K) and are computed again for the
gradient, which walks over the transpose: what a source receives comes from its own out-edges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.ops.backends.parallel import Array, compiled, inner, longest_row

from .inner import dot_row
from .kernels import exp_in_place
from .pairwise import sum_in_blocks
from .prefetch import AHEAD, LINE, emit_prefetch
from .rows import sum_row
from .softmax_rows import softmax_table
from .softmax_vectors import LANES
from .vectors import fold, load, number_type, splat, store


def _tile(lanes: int, vectors: int) -> Any:
    """Make ``tile(y, row, x, col, w, own, dot, head, count, f)``.

    Over the rows x[col[q]] of q < count it adds up w[q, head] x[..., f:] into y[row, f:], and adds
    to dot[q, head] the inner product of x[..., f:] with own[row, f:]; both read x once. A tile is
    lanes * vectors features.
    """

    def typing(
        typingctx: Any, y: Any, row: Any, x: Any, col: Any, w: Any, own: Any, dot: Any,
        head: Any, count: Any, f: Any,
    ) -> Any:  # fmt: skip
        n = types.intp

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            _Emit(context, builder, signature.args, values, lanes, vectors).emit()
            return context.get_dummy_value()

        return types.void(y, n, x, col, w, own, dot, n, n, n), codegen

    return intrinsic(typing)


class _Emit:
    """Writes the instructions of one tile."""

    def __init__(
        self, context: Any, builder: Any, kinds: Any, values: Any, lanes: int, vectors: int
    ) -> None:
        self.builder, self.lanes, self.vectors = builder, lanes, vectors
        names = ("y", "row", "x", "col", "w", "own", "dot", "head", "count", "f")
        self.values: dict[str, Any] = {}
        for name, type_, value in zip(names, kinds, values, strict=True):
            if isinstance(type_, types.Array):
                value = context.make_array(type_)(context, builder, value)
            self.values[name] = value
        self.align = kinds[2].dtype.bitwidth // 8
        number = context.get_value_type(number_type(kinds[2].dtype))
        self.vector = ir.VectorType(number, lanes)
        self.index = self.values["row"].type
        self.width = cgutils.unpack_tuple(builder, self.values["x"].shape, 2)[1]
        self.heads = cgutils.unpack_tuple(builder, self.values["w"].shape, 2)[1]

    def emit(self) -> None:
        builder, values = self.builder, self.values
        own = [self._load("own", values["row"], t) for t in range(self.vectors)]
        held = [cgutils.alloca_once(builder, self.vector) for _ in own]

        def block(first: Any, stop: Any) -> None:
            for cell in held:
                builder.store(ir.Constant(self.vector, None), cell)
            one = self._number(1)
            with cgutils.for_range_slice(builder, first, stop, one, self.index) as (q, _):
                self._edge(q, own, held)

        with builder.if_else(builder.icmp_signed(">", values["count"], self._number(0))) as (
            some, none,
        ):  # fmt: skip
            with some:
                sum_in_blocks(builder, self._number(0), values["count"], held, block)
            with none:
                for cell in held:
                    builder.store(ir.Constant(self.vector, None), cell)
        for t, cell in enumerate(held):
            store(builder, builder.load(cell), self._at("y", values["row"], t))

    def _edge(self, q: Any, own: list[Any], held: list[Any]) -> None:
        builder = self.builder
        self._ask_ahead(q)
        neighbour = self._neighbour(q)
        place = builder.add(builder.mul(q, self.heads), self.values["head"])
        weight = builder.load(builder.gep(self.values["w"].data, [place]))
        weight = splat(builder, weight, self.lanes)
        partial = None
        for t in range(self.vectors):
            x = self._load("x", neighbour, t)
            builder.store(builder.fadd(builder.load(held[t]), builder.fmul(x, weight)), held[t])
            product = builder.fmul(x, own[t])
            partial = product if partial is None else builder.fadd(partial, product)
        dot = builder.gep(self.values["dot"].data, [place])
        builder.store(builder.fadd(builder.load(dot), fold(builder, partial)), dot)

    def _ask_ahead(self, q: Any) -> None:
        """Of a later neighbour, which may belong to the next row."""
        builder = self.builder
        later = builder.add(q, self._number(AHEAD))
        edges = cgutils.unpack_tuple(builder, self.values["col"].shape, 1)[0]
        later = builder.select(builder.icmp_signed("<", later, edges), later, q)
        start = builder.add(builder.mul(self._neighbour(later), self.width), self.values["f"])
        for feature in range(0, self.lanes * self.vectors, LINE // self.align):
            place = builder.add(start, self._number(feature))
            emit_prefetch(builder, builder.gep(self.values["x"].data, [place]))

    def _neighbour(self, q: Any) -> Any:
        value = self.builder.load(self.builder.gep(self.values["col"].data, [q]))
        return self.builder.zext(value, self.index)

    def _load(self, name: str, row: Any, t: int) -> Any:
        return load(self.builder, self._at(name, row, t), self.lanes)

    def _at(self, name: str, row: Any, t: int) -> Any:
        start = self.builder.add(self.builder.mul(row, self.width), self.values["f"])
        place = self.builder.add(start, self._number(t * self.lanes))
        return self.builder.gep(self.values[name].data, [place])

    def _number(self, value: int) -> Any:
        return ir.Constant(self.index, value)


_both64, _both16, _both8, _both4, _both1 = (
    _tile(*shape) for shape in ((16, 4), (16, 1), (8, 1), (4, 1), (1, 1))
)


def _both_(
    y: Array, row: int, x: Array, col: Array, w: Array, own: Array, dot: Array, count: int
) -> None:
    """y[row] = sum of w x over the row's neighbours, and dot[q, k] = <x, own[row]> of head k."""
    heads = w.shape[1]
    width = x.shape[1] // heads
    dot[:count] = 0
    for head in range(heads):
        f, stop = head * width, (head + 1) * width
        while f + 64 <= stop:
            _both64(y, row, x, col, w, own, dot, head, count, f)
            f += 64
        while f + 16 <= stop:
            _both16(y, row, x, col, w, own, dot, head, count, f)
            f += 16
        if f + 8 <= stop:
            _both8(y, row, x, col, w, own, dot, head, count, f)
            f += 8
        if f + 4 <= stop:
            _both4(y, row, x, col, w, own, dot, head, count, f)
            f += 4
        while f < stop:
            _both1(y, row, x, col, w, own, dot, head, count, f)
            f += 1


def _softmax_(table: Array, size: int, top: Array, share: Array, lanes: Array) -> None:
    """Softmax of table[:size] by columns; keeps the maxima and 1 / sums."""
    heads = table.shape[1]
    if table.itemsize == 4 and LANES % heads == 0:
        softmax_table(table, size, top, share, lanes)
        return
    top[:] = -np.inf
    for q in range(size):
        for k in range(heads):
            if not table[q, k] <= top[k]:  # nan too
                top[k] = table[q, k]
    for q in range(size):
        for k in range(heads):
            table[q, k] -= top[k]
    exp_in_place(table.reshape(-1), size * heads)
    share[:] = 0
    for q in range(size):
        for k in range(heads):
            share[k] += table[q, k]
    for k in range(heads):
        share[k] = 1 / share[k]
    for q in range(size):
        for k in range(heads):
            table[q, k] *= share[k]


def _weigh_(table: Array, size: int, w: Array | None, order: Array, start: int) -> None:
    """Multiply by the caller's weights (E, 1) or (E, K)."""
    if w is not None:
        shared = w.shape[1] == 1
        for q in range(size):
            e = order[start + q]
            for k in range(table.shape[1]):
                table[q, k] *= w[e, 0 if shared else k]


def _additive_rows(
    first: int, last: int, rowptr: Array, y: Array, top: Array, share: Array, value: Array,
    col: Array, order: Array, source: Array, target: Array, slope: Any, w: Array | None,
) -> None:  # fmt: skip
    """y[i] = softmax-weighted sum of value[j]; top and share (N, K) let the gradient repeat it."""
    heads = source.shape[1]
    table = np.empty((longest_row(first, last, rowptr), heads), top.dtype)
    lanes = np.empty((3, LANES), top.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i], top[i], share[i] = 0, 0, 0
            continue
        for q in range(size):
            j = col[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                table[q, k] = s if s > 0 else slope * s
        _softmax(table, size, top[i], share[i], lanes)
        _weigh(table, size, w, order, start)
        sum_row(y, i, value, col[start:], table, heads, 0, size)


def _product_rows(
    first: int, last: int, rowptr: Array, y: Array, top: Array, share: Array, value: Array,
    col: Array, order: Array, query: Array, key: Array, scale: Any, w: Array | None,
) -> None:  # fmt: skip
    """The same with scores scale * <query[i], key[j]>."""
    heads = top.shape[1]
    table = np.empty((longest_row(first, last, rowptr), heads), top.dtype)
    lanes = np.empty((3, LANES), top.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i], top[i], share[i] = 0, 0, 0
            continue
        dot_row(table, query, i, key, col[start:], size)
        for q in range(size):
            for k in range(heads):
                table[q, k] *= scale
        _softmax(table, size, top[i], share[i], lanes)
        _weigh(table, size, w, order, start)
        sum_row(y, i, value, col[start:], table, heads, 0, size)


def _additive_grad_rows(
    first: int, last: int, rowptr: Array, grad_value: Array, grad_source: Array,
    grad_score: Array, grad_weight: Array | None, value: Array, grad: Array, col: Array,
    order: Array, source: Array, target: Array, slope: Any, w: Array | None, top: Array,
    share: Array, mean: Array,
) -> None:  # fmt: skip
    """Gradients for sources j: rowptr, col and order are the transpose's, so col names targets.

    mean[i, k] = <grad[i], y[i]> of head k; grad_score (E, K) is in the caller's order.
    """
    heads = source.shape[1]
    longest = longest_row(first, last, rowptr)
    scratch = np.empty((3, longest, heads), top.dtype)
    alpha, table, dot = scratch[0], scratch[1], scratch[2]
    for j in range(first, last):
        start = rowptr[j]
        size = rowptr[j + 1] - start
        for q in range(size):
            i = col[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                alpha[q, k] = (s if s > 0 else slope * s) - top[i, k]
        _again(alpha, table, size, share, col[start:], w, order, start)
        _both(grad_value, j, grad, col[start:], table, value, dot, size)
        _score_gradient(alpha, dot, size, mean, col, order, start, w, grad_weight)
        grad_source[j] = 0
        for q in range(size):
            i, e = col[start + q], order[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                d = dot[q, k] if s > 0 else slope * dot[q, k]
                grad_source[j, k] += d
                grad_score[e, k] = d


def _product_grad_rows(
    first: int, last: int, rowptr: Array, grad_value: Array, grad_key: Array,
    grad_score: Array, grad_weight: Array | None, value: Array, grad: Array, col: Array,
    order: Array, query: Array, key: Array, scale: Any, w: Array | None, top: Array,
    share: Array, mean: Array,
) -> None:  # fmt: skip
    """The same for scores scale * <query[i], key[j]>."""
    heads = top.shape[1]
    longest = longest_row(first, last, rowptr)
    scratch = np.empty((3, longest, heads), top.dtype)
    alpha, table, dot = scratch[0], scratch[1], scratch[2]
    for j in range(first, last):
        start = rowptr[j]
        size = rowptr[j + 1] - start
        if size == 0:
            grad_value[j], grad_key[j] = 0, 0
            continue
        dot_row(alpha, key, j, query, col[start:], size)
        for q in range(size):
            i = col[start + q]
            for k in range(heads):
                alpha[q, k] = alpha[q, k] * scale - top[i, k]
        _again(alpha, table, size, share, col[start:], w, order, start)
        _both(grad_value, j, grad, col[start:], table, value, dot, size)
        _score_gradient(alpha, dot, size, mean, col, order, start, w, grad_weight)
        for q in range(size):
            e = order[start + q]
            for k in range(heads):
                dot[q, k] *= scale
                grad_score[e, k] = dot[q, k]
        sum_row(grad_key, j, query, col[start:], dot, heads, 0, size)


def _again_(
    alpha: Array, table: Array, size: int, share: Array, col: Array, w: Array | None,
    order: Array, start: int,
) -> None:  # fmt: skip
    """alpha: the softmax from score - top; table: with the caller's weights."""
    heads = alpha.shape[1]
    exp_in_place(alpha.reshape(-1), size * heads)
    for q in range(size):
        i = col[q]
        for k in range(heads):
            alpha[q, k] *= share[i, k]
            table[q, k] = alpha[q, k]
    _weigh(table, size, w, order, start)


def _score_gradient_(
    alpha: Array, dot: Array, size: int, mean: Array, col: Array, order: Array, start: int,
    w: Array | None, grad_weight: Array | None,
) -> None:  # fmt: skip
    """dot arrives as <grad, value> and leaves as the gradient of the score."""
    heads = alpha.shape[1]
    for q in range(size):
        i, e = col[start + q], order[start + q]
        for k in range(heads):
            if w is not None and grad_weight is not None:
                grad_weight[e, k] = alpha[q, k] * dot[q, k]
            part = dot[q, k] if w is None else dot[q, k] * w[e, 0 if w.shape[1] == 1 else k]
            dot[q, k] = alpha[q, k] * (part - mean[i, k])


_softmax = inner(_softmax_)
_weigh = inner(_weigh_)
_both = inner(_both_)
_again = inner(_again_)
_score_gradient = inner(_score_gradient_)
additive_rows = compiled(_additive_rows)
product_rows = compiled(_product_rows)
additive_grad_rows = compiled(_additive_grad_rows)
product_grad_rows = compiled(_product_grad_rows)
