"""Sum and dot products in one pass: a row's weighted sum of neighbours, and products with them."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.blocked_sum import sum_in_blocks
from gnnlab.kernels.compile import inner
from gnnlab.kernels.prefetch import AHEAD, LINE, emit_prefetch
from gnnlab.kernels.vectors import fold, load, number_type, splat, store


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


sum_and_dot = inner(_both_)
