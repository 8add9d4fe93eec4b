"""LSTM step, compiled: many cells side by side, every number read and written once.

As in :mod:`.reduce`, the innermost step is written as vector instructions, because LLVM cannot rule
out that what is read and what is written overlap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.vector_math import constant, sigmoid, tanh
from gnnlab.kernels.vectors import load, store

LANES = (16, 8, 4, 1)
GATES = 4
"""Of the input, of what is forgotten, of the new value and of the output."""


class _Emit(ABC):
    """Writes the instructions of row p of tables (P, H), and (P, 4 H) where gates lie in them."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self.builder, self.row = builder, values[-1]
        self.tables: list[Any] = [
            None if kind == types.none else context.make_array(kind)(context, builder, value)
            for kind, value in zip(kinds[:-1], values[:-1], strict=True)
        ]
        self.index = self.row.type
        self.width = cgutils.unpack_tuple(builder, self.tables[0].shape, 2)[1]

    def emit(self) -> None:
        builder, first = self.builder, ir.Constant(self.index, 0)
        for lanes in LANES:
            size = ir.Constant(self.index, lanes)
            count = builder.sdiv(builder.sub(self.width, first), size)
            stop = builder.add(first, builder.mul(count, size))
            with cgutils.for_range_slice(builder, first, stop, size, self.index) as (f, _):
                self.lanes, self.f = lanes, f
                self.kind = ir.VectorType(ir.FloatType(), lanes)
                self.tile()
            first = stop

    @abstractmethod
    def tile(self) -> None:
        """Write those of the numbers from feature f on, as many as there are lanes."""

    def _read(self, table: Any, gate: int | None = None) -> Any:
        return load(self.builder, self._place(table, gate), self.lanes)

    def _write(self, table: Any, value: Any, gate: int | None = None) -> None:
        store(self.builder, value, self._place(table, gate))

    def _place(self, table: Any, gate: int | None) -> Any:
        builder = self.builder
        row = self.row
        if gate is not None:
            four = ir.Constant(self.index, GATES)
            row = builder.add(builder.mul(row, four), ir.Constant(self.index, gate))
        return builder.gep(table.data, [builder.add(builder.mul(row, self.width), self.f)])


class _Step(_Emit):
    """h, c and acts of row p, from the sum of four tables of gates and the old c."""

    def tile(self) -> None:
        builder = self.builder
        h, c, acts, *terms, old = self.tables
        gates = [self._sum(terms, gate) for gate in range(GATES)]
        i, f, g, o = (
            (tanh if gate == 2 else sigmoid)(builder, value) for gate, value in enumerate(gates)
        )
        for gate, value in enumerate((i, f, g, o)):
            self._write(acts, value, gate)
        new = builder.fmul(i, g)
        if old is not None:
            new = builder.fadd(new, builder.fmul(f, self._read(old)))
        self._write(c, new)
        self._write(h, builder.fmul(o, tanh(builder, new)))

    def _sum(self, terms: list[Any], gate: int) -> Any:
        first, *rest = (self._read(table, gate) for table in terms if table is not None)
        for other in rest:
            first = self.builder.fadd(first, other)
        return first


class _Grad(_Emit):
    """The gradients for the gates and for the old c."""

    def tile(self) -> None:
        builder = self.builder
        grad_old, grad, grad_h, grad_c, acts, c, old = self.tables
        i, f, g, o = (self._read(acts, gate) for gate in range(GATES))
        one, zero = constant(1.0, self.kind), constant(0.0, self.kind)
        spread = tanh(builder, self._read(c))
        above = zero if grad_h is None else self._read(grad_h)
        rest = builder.fsub(one, builder.fmul(spread, spread))
        total = builder.fmul(builder.fmul(above, o), rest)
        if grad_c is not None:
            total = builder.fadd(total, self._read(grad_c))
        forgotten = zero
        if old is not None:
            forgotten = self._slope(builder.fmul(total, self._read(old)), f)
            self._write(grad_old, builder.fmul(total, f))
        square = builder.fsub(one, builder.fmul(g, g))
        found = (
            self._slope(builder.fmul(total, g), i),
            forgotten,
            builder.fmul(builder.fmul(total, i), square),
            self._slope(builder.fmul(above, spread), o),
        )
        for gate, value in enumerate(found):
            self._write(grad, value, gate)

    def _slope(self, above: Any, act: Any) -> Any:
        """What passes a logistic function, from its value."""
        builder = self.builder
        rest = builder.fsub(constant(1.0, self.kind), act)
        return builder.fmul(above, builder.fmul(act, rest))


def _step(
    typingctx: Any, h: Any, c: Any, acts: Any, one: Any, two: Any, three: Any, four: Any, old: Any,
    p: Any,
) -> Any:  # fmt: skip
    kinds = (h, c, acts, one, two, three, four, old)
    return types.void(*kinds, types.intp), _codegen(_Step)


def _grad(
    typingctx: Any, grad_old: Any, grad: Any, grad_h: Any, grad_c: Any, acts: Any, c: Any, old: Any,
    p: Any,
) -> Any:  # fmt: skip
    kinds = (grad_old, grad, grad_h, grad_c, acts, c, old)
    return types.void(*kinds, types.intp), _codegen(_Grad)


def _codegen(emit: type[_Emit]) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        emit(context, builder, signature.args, values).emit()
        return context.get_dummy_value()

    return codegen


_step_row, _grad_row = intrinsic(_step), intrinsic(_grad)


def _step_rows(
    first: int, last: int, h: Array, c: Array, acts: Array, one: Array, two: Array | None,
    three: Array | None, four: Array | None, old: Array | None,
) -> None:  # fmt: skip
    """h (P, H), c (P, H) and acts (P, 4 H) of cells first .. last."""
    for p in range(first, last):
        _step_row(h, c, acts, one, two, three, four, old, p)


def _grad_rows(
    first: int, last: int, grad_old: Array, grad: Array, grad_h: Array | None,
    grad_c: Array | None, acts: Array, c: Array, old: Array | None,
) -> None:  # fmt: skip
    """grad of the gates, grad_old of the old c; where none is, grad_old tells the width alone."""
    for p in range(first, last):
        _grad_row(grad_old, grad, grad_h, grad_c, acts, c, old, p)


step_rows = compiled(_step_rows)
grad_rows = compiled(_grad_rows)
