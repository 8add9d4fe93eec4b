"""Block loops for small stalks: compiled sums and inner products, vectorised over channels."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.blocked_sum import sum_in_blocks
from gnnlab.kernels.compile import inner
from gnnlab.kernels.prefetch import AHEAD, EDGES_AHEAD, LINE, emit_prefetch
from gnnlab.kernels.vectors import fold, load, number_type, splat, store

SUM = (
    "y", "row", "x", "depth", "col", "order", "maps", "first", "down", "along", "start", "end", "f",
)  # fmt: skip
OUTER = (
    "out", "left", "row", "rows", "right", "depth", "col", "order", "start", "end", "f",
)  # fmt: skip


def _sum_tile(lanes: int, vectors: int, group: int) -> Any:
    """Make ``tile(*SUM)``, which writes channels f .. f + lanes * vectors of y[row .. row + group].

    y[row + g] adds up maps[order[p], first + g * down + b * along] x[col[p] * depth + b] over
    b < depth and start <= p < end. An edge's map is read where it lies, once for the group.
    """

    def typing(
        typingctx: Any, y: Any, row: Any, x: Any, depth: Any, col: Any, order: Any, maps: Any,
        first: Any, down: Any, along: Any, start: Any, end: Any, f: Any,
    ) -> Any:  # fmt: skip
        n = types.intp
        signature = types.void(y, n, x, n, col, order, maps, n, n, n, n, n, n)

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            shape = (lanes, vectors)
            _Sum(context, builder, SUM, signature.args, values, "x", "maps", shape).emit(group)
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typing)


def _outer_tile(lanes: int, vectors: int) -> Any:
    """Make ``tile(*OUTER)``: set out[order[p], a * depth + b], or add to it where f > 0.

    What is added is the inner product of left[row + a] and right[col[p] * depth + b] over channels
    f .. f + lanes * vectors, for start <= p < end.
    """

    def typing(
        typingctx: Any, out: Any, left: Any, row: Any, rows: Any, right: Any, depth: Any,
        col: Any, order: Any, start: Any, end: Any, f: Any,
    ) -> Any:  # fmt: skip
        n = types.intp
        signature = types.void(out, left, n, n, right, n, col, order, n, n, n)

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            shape = (lanes, vectors)
            _Outer(context, builder, OUTER, signature.args, values, "right", "out", shape).emit()
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typing)


class _Emit:
    """What both kinds of tile are written with."""

    def __init__(
        self, context: Any, builder: Any, names: tuple[str, ...], kinds: Any, values: Any,
        read: str, edges: str, shape: tuple[int, int],
    ) -> None:  # fmt: skip
        self.builder, (self.lanes, self.vectors) = builder, shape
        self.values: dict[str, Any] = {}
        for name, type_, value in zip(names, kinds, values, strict=True):
            if isinstance(type_, types.Array):
                value = context.make_array(type_)(context, builder, value)
            self.values[name] = value
        dtype = kinds[names.index(read)].dtype
        self.bytes = dtype.bitwidth // 8
        self.vector = ir.VectorType(context.get_value_type(number_type(dtype)), self.lanes)
        self.index = self.values["f"].type
        self.width, self.size = self._shape(read, 2)[1], self._shape(edges, 2)[1]
        self.edges = self._shape("col", 1)[0]

    def _shape(self, name: str, dimensions: int) -> Any:
        return cgutils.unpack_tuple(self.builder, self.values[name].shape, dimensions)

    def _load(self, name: str, row: Any, t: int) -> Any:
        return load(self.builder, self._at(name, row, t), self.lanes)

    def _at(self, name: str, row: Any, t: int) -> Any:
        start = self.builder.add(self.builder.mul(row, self.width), self.values["f"])
        place = self.builder.add(start, self._number(t * self.lanes))
        return self.builder.gep(self.values[name].data, [place])

    def _ask_ahead(self, stalks: str, edges: str, p: Any) -> None:
        """Of a later neighbour and a later edge, which may belong to the next row."""
        builder = self.builder
        stalk = self._stalk(self._later(p, AHEAD))
        with cgutils.for_range(builder, self.values["depth"]) as loop:
            row = builder.add(stalk, loop.index)
            for t in range(0, self.vectors, max(1, LINE // self.bytes // self.lanes)):
                emit_prefetch(builder, self._at(stalks, row, t))
        start = builder.mul(self._read("order", self._later(p, EDGES_AHEAD)), self.size)
        last = builder.add(start, builder.sub(self.size, self._number(1)))
        for place in (start, last):  # an edge's numbers may lie across two lines
            emit_prefetch(builder, builder.gep(self.values[edges].data, [place]))

    def _later(self, p: Any, ahead: int) -> Any:
        later = self.builder.add(p, self._number(ahead))
        inside = self.builder.icmp_signed("<", later, self.edges)
        return self.builder.select(inside, later, p)

    def _stalk(self, p: Any) -> Any:
        return self.builder.mul(self._read("col", p), self.values["depth"])

    def _read(self, name: str, p: Any) -> Any:
        value = self.builder.load(self.builder.gep(self.values[name].data, [p]))
        return value if value.type == self.index else self.builder.zext(value, self.index)

    def _number(self, value: int) -> Any:
        return ir.Constant(self.index, value)


class _Sum(_Emit):
    def emit(self, group: int) -> None:
        builder, values = self.builder, self.values
        self.held = [
            [cgutils.alloca_once(builder, self.vector) for _ in range(self.vectors)]
            for _ in range(group)
        ]
        cells = [cell for row in self.held for cell in row]
        sum_in_blocks(builder, values["start"], values["end"], cells, self._block)
        for g, row in enumerate(self.held):
            for t, cell in enumerate(row):
                place = self._at("y", builder.add(values["row"], self._number(g)), t)
                store(builder, builder.load(cell), place)

    def _block(self, first: Any, stop: Any) -> None:
        builder = self.builder
        for row in self.held:
            for cell in row:
                builder.store(ir.Constant(self.vector, None), cell)
        with cgutils.for_range_slice(builder, first, stop, self._number(1), self.index) as (p, _):
            self._ask_ahead("x", "maps", p)
            entry = cgutils.alloca_once(builder, self.index)
            builder.store(self._map(p), entry)
            stalk = self._stalk(p)
            with cgutils.for_range(builder, self.values["depth"]) as loop:
                self._dimension(builder.add(stalk, loop.index), builder.load(entry))
                builder.store(builder.add(builder.load(entry), self.values["along"]), entry)

    def _dimension(self, row: Any, entry: Any) -> None:
        """Add what one dimension of a neighbour's stalk contributes to the group."""
        builder = self.builder
        read = [self._load("x", row, t) for t in range(self.vectors)]
        for held in self.held:
            weight = builder.load(builder.gep(self.values["maps"].data, [entry]))
            weight = splat(builder, weight, self.lanes)
            for x, cell in zip(read, held, strict=True):
                builder.store(builder.fadd(builder.load(cell), builder.fmul(x, weight)), cell)
            entry = builder.add(entry, self.values["down"])

    def _map(self, p: Any) -> Any:
        start = self.builder.mul(self._read("order", p), self.size)
        return self.builder.add(start, self.values["first"])


class _Outer(_Emit):
    def emit(self) -> None:
        builder, values, one = self.builder, self.values, self._number(1)
        self.more = builder.icmp_signed(">", values["f"], self._number(0))
        start, end = values["start"], values["end"]
        with cgutils.for_range_slice(builder, start, end, one, self.index) as (p, _):
            self._ask_ahead("right", "out", p)
            base = builder.mul(self._read("order", p), self.size)
            stalk = self._stalk(p)
            with cgutils.for_range(builder, values["depth"]) as b:
                row = builder.add(stalk, b.index)
                right = [self._load("right", row, t) for t in range(self.vectors)]
                self._column(right, builder.add(base, b.index))

    def _column(self, right: list[Any], first: Any) -> None:
        """The inner products of one dimension of a neighbour's stalk with all of the own."""
        builder, values = self.builder, self.values
        with cgutils.for_range(builder, values["rows"]) as a:
            row = builder.add(values["row"], a.index)
            total = None
            for t, x in enumerate(right):
                product = builder.fmul(x, self._load("left", row, t))
                total = product if total is None else builder.fadd(total, product)
            place = builder.add(first, builder.mul(a.index, values["depth"]))
            place = builder.gep(values["out"].data, [place])
            total = fold(builder, total)
            before = builder.load(place)
            zero = ir.Constant(before.type, 0.0)
            builder.store(builder.fadd(builder.select(self.more, before, zero), total), place)


_sum32_3, _sum32_2, _sum32_1, _sum16_3, _sum16_2, _sum16_1, _sum8, _sum4, _sum1 = (
    _sum_tile(*shape)
    for shape in (
        *((16, 2, 3), (16, 2, 2), (16, 2, 1), (16, 1, 3), (16, 1, 2), (16, 1, 1)),
        *((8, 1, 1), (4, 1, 1), (1, 1, 1)),
    )
)
_outer64, _outer32, _outer16, _outer8, _outer4, _outer1 = (
    _outer_tile(*shape) for shape in ((16, 4), (16, 2), (16, 1), (8, 1), (4, 1), (1, 1))
)


def _stalk_row_(
    y: Array, row: int, rows: int, x: Array, depth: int, col: Array, order: Array, maps: Array,
    down: int, along: int, start: int, end: int,
) -> None:  # fmt: skip
    """y[row .. row + rows] = sum over start <= p < end, which is not empty, and over b < depth."""
    f, stop, a = 0, y.shape[1], 0
    while f + 16 <= stop:
        wide = f + 32 <= stop
        a = 0
        while a + 3 <= rows:
            at = (row + a, a * down)
            if wide:
                _sum32_3(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            else:
                _sum16_3(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            a += 3
        if a + 2 <= rows:
            at = (row + a, a * down)
            if wide:
                _sum32_2(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            else:
                _sum16_2(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            a += 2
        if a < rows:
            at = (row + a, a * down)
            if wide:
                _sum32_1(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            else:
                _sum16_1(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
        f += 32 if wide else 16
    while f < stop:
        left = stop - f
        for a in range(rows):
            at = (row + a, a * down)
            if left >= 8:
                _sum8(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            elif left >= 4:
                _sum4(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
            else:
                _sum1(y, at[0], x, depth, col, order, maps, at[1], down, along, start, end, f)
        f += 8 if left >= 8 else (4 if left >= 4 else 1)


def _stalk_products_(
    out: Array, left: Array, row: int, rows: int, right: Array, depth: int, col: Array,
    order: Array, start: int, end: int,
) -> None:  # fmt: skip
    """out[order[p], a * depth + b] = <left[row + a], right[col[p] * depth + b]>."""
    f, stop = 0, left.shape[1]
    while f + 64 <= stop:
        _outer64(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 64
    if f + 32 <= stop:  # folding a vector into a number takes longer than filling it
        _outer32(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 32
    if f + 16 <= stop:
        _outer16(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 16
    if f + 8 <= stop:
        _outer8(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 8
    if f + 4 <= stop:
        _outer4(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 4
    while f < stop:
        _outer1(out, left, row, rows, right, depth, col, order, start, end, f)
        f += 1


stalk_row = inner(_stalk_row_)
stalk_products = inner(_stalk_products_)
