"""Reductions over a row's neighbours, compiled and vectorised over features.

LLVM does not vectorise the plain loop (it cannot rule out that input and output overlap), so the
innermost step is written as vector instructions: a tile of features stays in registers while the
row's neighbours are read once each, in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.blocked_sum import sum_in_blocks
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import AHEAD, LINE, emit_prefetch
from gnnlab.kernels.threads import longest_row
from gnnlab.kernels.vectors import load, number_type, splat, store


def make_tile(lanes: int, vectors: int, kind: str, emit: type[Emit]) -> Any:
    """Make ``tile(y, arg, row, x, col, order, w, width, start, end, f)``.

    It reduces features f .. f + lanes * vectors of a row that has at least one neighbour. Each
    vector lies within one head (of ``width`` features) and so has one weight per neighbour.
    """

    def typing(
        typingctx: Any, y: Any, arg: Any, row: Any, x: Any, col: Any, order: Any, w: Any,
        width: Any, start: Any, end: Any, f: Any,
    ) -> Any:  # fmt: skip
        n = types.intp
        signature = types.void(y, arg, n, x, col, order, w, n, n, n, n)

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            emit(context, builder, signature.args, values, lanes, vectors, kind).emit()
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typing)


class Emit:
    """Writes the instructions of one tile."""

    def __init__(
        self, context: Any, builder: Any, kinds: Any, values: Any, lanes: int, vectors: int,
        kind: str,
    ) -> None:  # fmt: skip
        self.builder, self.lanes, self.vectors, self.kind = builder, lanes, vectors, kind
        names = ("y", "arg", "row", "x", "col", "order", "w", "width", "start", "end", "f")
        self.values: dict[str, Any] = {}
        for name, type_, value in zip(names, kinds, values, strict=True):
            if isinstance(type_, types.Array):
                value = context.make_array(type_)(context, builder, value)
            self.values[name] = None if type_ == types.none else value
        self.align = kinds[3].dtype.bitwidth // 8
        self.number = context.get_value_type(number_type(kinds[3].dtype))
        self.index = self.values["start"].type
        self.width = cgutils.unpack_tuple(builder, self.values["x"].shape, 2)[1]

    def emit(self) -> None:
        builder, values = self.builder, self.values
        self.heads = [self._head(t) for t in range(self.vectors)]
        vector = ir.VectorType(self.number, self.lanes)
        self.held = [cgutils.alloca_once(builder, vector) for _ in range(self.vectors)]
        if self.kind == "sum":
            sum_in_blocks(builder, values["start"], values["end"], self.held, self._block)
        else:
            edge = ir.VectorType(self.values["order"].data.type.pointee, self.lanes)
            self.from_edge = [cgutils.alloca_once(builder, edge) for _ in range(self.vectors)]
            self._block(values["start"], values["end"])
        for t in range(self.vectors):
            self._store("y", self.held[t], t)
            if self.kind != "sum":
                self._store("arg", self.from_edge[t], t)

    def _block(self, start: Any, end: Any) -> None:
        """Reduce the neighbours start <= p < end, one after the other."""
        builder, one = self.builder, self._number(1)
        for t in range(self.vectors):
            builder.store(self._message(start, t), self.held[t])
            if self.kind != "sum":
                builder.store(self._splat(self._edge(start)), self.from_edge[t])
        second = builder.add(start, one)
        with cgutils.for_range_slice(builder, second, end, one, self.index) as (p, _):
            self._ask_ahead(p)
            edge = self._splat(self._edge(p)) if self.kind != "sum" else None
            for t in range(self.vectors):
                self._fold(t, self._message(p, t), edge)

    def _fold(self, t: int, new: Any, edge: Any) -> None:
        builder, held = self.builder, self.held[t]
        old = builder.load(held)
        if self.kind == "sum":
            builder.store(builder.fadd(old, new), held)
            return
        # nan wins over numbers and then stays, as in torch; of equals the first stays.
        better = builder.fcmp_ordered(">" if self.kind == "max" else "<", new, old)
        broken = builder.and_(
            builder.fcmp_unordered("uno", new, new), builder.fcmp_ordered("ord", old, old)
        )
        take = builder.or_(better, broken)
        builder.store(builder.select(take, new, old), held)
        from_edge = self.from_edge[t]
        builder.store(builder.select(take, edge, builder.load(from_edge)), from_edge)

    def _ask_ahead(self, p: Any) -> None:
        """Of a later neighbour, which may belong to the next row."""
        builder = self.builder
        later = builder.add(p, self._number(AHEAD))
        edges = cgutils.unpack_tuple(builder, self.values["col"].shape, 1)[0]
        later = builder.select(builder.icmp_signed("<", later, edges), later, p)
        start = builder.add(builder.mul(self._read("col", later), self.width), self.values["f"])
        for feature in range(0, self.lanes * self.vectors, LINE // self.align):
            place = builder.add(start, self._number(feature))
            emit_prefetch(builder, builder.gep(self.values["x"].data, [place]))

    def _message(self, p: Any, t: int) -> Any:
        builder, values = self.builder, self.values
        value = self._neighbours(p, t)
        if values["w"] is None:
            return value
        heads = cgutils.unpack_tuple(builder, values["w"].shape, 2)[1]
        place = builder.add(builder.mul(p, heads), self.heads[t])
        weight = builder.load(builder.gep(values["w"].data, [place]))
        return builder.fmul(value, self._splat(weight))

    def _neighbours(self, p: Any, t: int) -> Any:
        builder, values = self.builder, self.values
        start = builder.add(builder.mul(self._read("col", p), self.width), values["f"])
        place = builder.add(start, self._number(t * self.lanes))
        return load(builder, builder.gep(values["x"].data, [place]), self.lanes)

    def _head(self, t: int) -> Any:
        if self.values["w"] is None:
            return None
        feature = self.builder.add(self.values["f"], self._number(t * self.lanes))
        return self.builder.udiv(feature, self.values["width"])

    def _edge(self, p: Any) -> Any:
        return self.builder.load(self.builder.gep(self.values["order"].data, [p]))

    def _read(self, name: str, p: Any) -> Any:
        value = self.builder.load(self.builder.gep(self.values[name].data, [p]))
        return self.builder.zext(value, self.index)

    def _store(self, name: str, held: Any, t: int) -> None:
        builder, values = self.builder, self.values
        start = builder.add(builder.mul(values["row"], self.width), values["f"])
        place = builder.add(start, self._number(t * self.lanes))
        store(builder, builder.load(held), builder.gep(values[name].data, [place]))

    def _splat(self, value: Any) -> Any:
        return splat(self.builder, value, self.lanes)

    def _number(self, value: int) -> Any:
        return ir.Constant(self.index, value)


def _tiles(kind: str) -> tuple[Any, ...]:
    shapes = ((16, 4), (16, 1), (8, 4), (8, 1), (4, 1), (1, 1))
    return tuple(make_tile(lanes, vectors, kind, Emit) for lanes, vectors in shapes)


def _sum_row_(
    y: Array, i: int, x: Array, col: Array, w: Array | None, heads: int, start: int, end: int
) -> None:
    """y[i] = sum over start <= p < end of w[p] x[col[p]]; there is at least one p."""
    size = y.shape[1]
    width = size // heads
    f = 0
    if heads == 1 or width % 16 == 0:
        while f + 64 <= size:
            _sum16x4(y, None, i, x, col, None, w, width, start, end, f)
            f += 64
        while f + 16 <= size:
            sum16(y, None, i, x, col, None, w, width, start, end, f)
            f += 16
    elif width % 8 == 0:
        while f + 32 <= size:
            _sum8x4(y, None, i, x, col, None, w, width, start, end, f)
            f += 32
    if heads == 1 or width % 8 == 0:
        while f + 8 <= size:
            sum8(y, None, i, x, col, None, w, width, start, end, f)
            f += 8
    if heads == 1 or width % 4 == 0:
        while f + 4 <= size:
            sum4(y, None, i, x, col, None, w, width, start, end, f)
            f += 4
    while f < size:
        _sum1(y, None, i, x, col, None, w, width, start, end, f)
        f += 1


def _sum_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, w: Array | None,
    heads: int, mean: bool,
) -> None:  # fmt: skip
    """y[i] = sum or mean over the row of w * x[col]; w (E, heads) is in sorted order, or None."""
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            y[i] = 0
            continue
        sum_row(y, i, x, col, w, heads, start, end)
        if mean:
            share = y.dtype.type(end - start)
            for f in range(y.shape[1]):
                y[i, f] /= share


def _scaled_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, own: Array | None,
    other: Array | None, one: Any,
) -> None:  # fmt: skip
    """y[i] = sum over the row of own[i] other[col] x[col]; one is 1 in the type of the sums."""
    w = np.empty((longest_row(first, last, rowptr), 1), type(one))
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i] = 0
            continue
        mine = one if own is None else own[i]
        for q in range(size):
            w[q, 0] = mine if other is None else mine * other[col[start + q]]
        sum_row(y, i, x, col[start:], w, 1, 0, size)


def _max_rows(
    first: int, last: int, rowptr: Array, y: Array, arg: Array, x: Array, col: Array,
    order: Array, w: Array | None, heads: int,
) -> None:  # fmt: skip
    """y[i] = max over the row, and which edge it came from (-1 for an empty row)."""
    size = y.shape[1]
    width = size // heads
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            y[i] = 0
            arg[i] = -1
            continue
        f = 0
        if heads == 1 or width % 16 == 0:
            while f + 64 <= size:
                _max16x4(y, arg, i, x, col, order, w, width, start, end, f)
                f += 64
            while f + 16 <= size:
                _max16(y, arg, i, x, col, order, w, width, start, end, f)
                f += 16
        if heads == 1 or width % 4 == 0:
            while f + 4 <= size:
                _max4(y, arg, i, x, col, order, w, width, start, end, f)
                f += 4
        while f < size:
            _max1(y, arg, i, x, col, order, w, width, start, end, f)
            f += 1


def _min_rows(
    first: int, last: int, rowptr: Array, y: Array, arg: Array, x: Array, col: Array,
    order: Array, w: Array | None, heads: int,
) -> None:  # fmt: skip
    """y[i] = min over the row, and which edge it came from (-1 for an empty row)."""
    size = y.shape[1]
    width = size // heads
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            y[i] = 0
            arg[i] = -1
            continue
        f = 0
        if heads == 1 or width % 16 == 0:
            while f + 64 <= size:
                _min16x4(y, arg, i, x, col, order, w, width, start, end, f)
                f += 64
            while f + 16 <= size:
                _min16(y, arg, i, x, col, order, w, width, start, end, f)
                f += 16
        if heads == 1 or width % 4 == 0:
            while f + 4 <= size:
                _min4(y, arg, i, x, col, order, w, width, start, end, f)
                f += 4
        while f < size:
            _min1(y, arg, i, x, col, order, w, width, start, end, f)
            f += 1


_sum16x4, sum16, _sum8x4, sum8, sum4, _sum1 = _tiles("sum")
_max16x4, _max16, _, _, _max4, _max1 = _tiles("max")
_min16x4, _min16, _, _, _min4, _min1 = _tiles("min")
sum_row = inner(_sum_row_)
sum_rows = inner(_sum_rows)
scaled_rows = compiled(_scaled_rows)
max_rows = inner(_max_rows)
min_rows = inner(_min_rows)
