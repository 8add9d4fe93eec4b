"""Gated sums of rows, which are shifted, rectified or gated: a tile of features in registers.

As in :mod:`.reduce`, the innermost step is written as vector instructions, because LLVM cannot rule
out that what is read and what is written overlap.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.prefetch import LINE, emit_prefetch
from gnnlab.kernels.vectors import load, number_type, splat, store

NAMES = (
    "out", "i", "share", "own", "x", "at", "shift", "by", "grad", "origin", "col", "order", "start",
    "end", "step", "keep", "other", "dots", "a", "taken",
)  # fmt: skip
TILES = ((16, 6), (16, 4), (16, 2), (16, 1), (8, 1), (4, 1), (1, 1))
"""Lanes and vectors: features that stay in registers together, the most that fit first."""
AHEAD = 9 << 10
"""Bytes between asking for a row and working on it: tables of pairs are read from memory once, a
few kilobytes here and there, which the processor does not foresee."""
IN_PLACE = {"_nrt": False, "inline": "always"}
"""For what is called for every pair: handing over five tables takes as long as a short row."""


def _row(kind: str) -> Any:
    """Make a function of NAMES that computes a row; see :class:`_Emit`."""

    def typing(
        typingctx: Any, out: Any, i: Any, share: Any, own: Any, x: Any, at: Any, shift: Any,
        by: Any, grad: Any, origin: Any, col: Any, order: Any, start: Any, end: Any, step: Any,
        keep: Any, other: Any, dots: Any, a: Any, taken: Any,
    ) -> Any:  # fmt: skip
        n = types.intp
        number = number_type(out.dtype)
        signature = types.void(
            out, n, number, own, x, n, shift, n, grad, n, col, order, n, n, n, n, other, dots, n,
            taken,
        )  # fmt: skip

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            _Emit(context, builder, signature.args, values, kind).emit()
            return context.get_dummy_value()

        return signature, codegen

    return intrinsic(typing)


class _Emit:
    """Writes the instructions of one row: out[i] = a beginning + a sum over start <= p < end of

    - ``relu``: max(x[at + col[p]] + shift[order[p]], 0)
    - ``plain``: x[at + col[p]]
    - ``line``: x[at + p step]
    - ``pass``: grad[origin + col[p]] where x[at] + shift[order[p]] is positive
    - ``gate``: grad[origin + p step] where x[at + p step] + shift[by] is positive

    The beginning is share own[i], or 0 without ``own``; with a ``+`` after its name, a kind adds to
    what is in out, if ``keep`` is not 0. ``dots`` gets own[i] other[i] added to its row a, feature
    by feature, and ``taken`` gets each term added to its row order[p].
    """

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any, kind: str) -> None:
        self.builder, self.kind, self.adds = builder, kind.rstrip("+"), kind.endswith("+")
        self.values: dict[str, Any] = {}
        for name, type_, value in zip(NAMES, kinds, values, strict=True):
            if isinstance(type_, types.Array):
                value = context.make_array(type_)(context, builder, value)
            self.values[name] = None if type_ == types.none else value
        self.number = context.get_value_type(number_type(kinds[0].dtype))
        self.index = self.values["i"].type
        self.width = cgutils.unpack_tuple(builder, self.values["out"].shape, 2)[1]

    def emit(self) -> None:
        builder, first = self.builder, ir.Constant(self.index, 0)
        for lanes, vectors in TILES:
            tile = ir.Constant(self.index, lanes * vectors)
            count = builder.sdiv(builder.sub(self.width, first), tile)
            stop = builder.add(first, builder.mul(count, tile))
            with cgutils.for_range_slice(builder, first, stop, tile, self.index) as (f, _):
                self._tile(f, lanes, vectors)
            first = stop

    def _tile(self, f: Any, lanes: int, vectors: int) -> None:
        builder, values = self.builder, self.values
        self.lanes, self.zero = lanes, ir.Constant(ir.VectorType(self.number, lanes), None)
        steps = [builder.add(f, ir.Constant(self.index, t * lanes)) for t in range(vectors)]
        held = [cgutils.alloca_once(builder, self.zero.type) for _ in steps]
        for cell, feature in zip(held, steps, strict=True):
            builder.store(self._first(feature), cell)
        fixed = [self._fixed(feature) for feature in steps]
        one, start, end = ir.Constant(self.index, 1), values["start"], values["end"]
        with cgutils.for_range_slice(builder, start, end, one, self.index) as (p, _):
            for cell, feature, still in zip(held, steps, fixed, strict=True):
                term = self._term(p, feature, still)
                builder.store(builder.fadd(builder.load(cell), term), cell)
                if values["taken"] is not None:
                    self._more("taken", self._read("order", p), feature, term)
        for cell, feature in zip(held, steps, strict=True):
            store(builder, builder.load(cell), self._place("out", values["i"], feature))

    def _first(self, f: Any) -> Any:
        builder, values = self.builder, self.values
        first = self.zero
        if values["own"] is not None:
            for name in ("own", "out", "x") if self.kind == "pass" else ("own", "out"):
                self._ask(name, f)
            share = splat(builder, values["share"], self.lanes)
            own = self._load("own", values["i"], f)
            first = builder.fmul(share, own)
            if values["dots"] is not None:
                product = builder.fmul(own, self._load("other", values["i"], f))
                self._more("dots", values["a"], f, product)
        if self.adds:
            there = builder.icmp_signed("!=", values["keep"], ir.Constant(self.index, 0))
            old = builder.select(there, self._load("out", values["i"], f), self.zero)
            first = builder.fadd(first, old)
        return first

    def _ask(self, name: str, f: Any) -> None:
        """Ask for what lies AHEAD of row i: rows are worked on in the order in which they lie."""
        builder, byte = self.builder, ir.IntType(8).as_pointer()
        start = builder.bitcast(self._place(name, self.values["i"], f), byte)
        size = self.lanes * (8 if isinstance(self.number, ir.DoubleType) else 4)
        for line in range(0, size - LINE + 1, LINE):  # none for what is shorter than a line
            place = builder.gep(start, [ir.Constant(self.index, AHEAD + line)])
            emit_prefetch(builder, place, write=name == "out")

    def _more(self, name: str, row: Any, f: Any, value: Any) -> None:
        """Add to a table's row."""
        total = self.builder.fadd(self._load(name, row, f), value)
        store(self.builder, total, self._place(name, row, f))

    def _fixed(self, f: Any) -> Any:
        """What all terms read."""
        if self.kind == "pass":
            return self._load("x", self.values["at"], f)
        return self._load("shift", self.values["by"], f) if self.kind == "gate" else None

    def _term(self, p: Any, f: Any, fixed: Any) -> Any:
        builder = self.builder
        if self.kind == "plain":
            return self._load("x", self._neighbour("at", p), f)
        if self.kind == "line":
            return self._load("x", self._along("at", p), f)
        if self.kind == "gate":
            given = self._load("grad", self._along("origin", p), f)
            return self._where(fixed, self._load("x", self._along("at", p), f), given)
        shift = self._load("shift", self._read("order", p), f)
        if self.kind == "pass":
            return self._where(fixed, shift, self._load("grad", self._neighbour("origin", p), f))
        moved = builder.fadd(self._load("x", self._neighbour("at", p), f), shift)
        # What is no number stays none.
        return builder.select(builder.fcmp_ordered("<=", moved, self.zero), self.zero, moved)

    def _where(self, x: Any, shift: Any, given: Any) -> Any:
        builder = self.builder
        positive = builder.fcmp_ordered(">", builder.fadd(x, shift), self.zero)
        return builder.select(positive, given, self.zero)

    def _neighbour(self, name: str, p: Any) -> Any:
        return self.builder.add(self.values[name], self._read("col", p))

    def _along(self, name: str, p: Any) -> Any:
        return self.builder.add(self.values[name], self.builder.mul(p, self.values["step"]))

    def _read(self, name: str, p: Any) -> Any:
        value = self.builder.load(self.builder.gep(self.values[name].data, [p]))
        return self.builder.zext(value, self.index)

    def _load(self, name: str, row: Any, f: Any) -> Any:
        return load(self.builder, self._place(name, row, f), self.lanes)

    def _place(self, name: str, row: Any, f: Any) -> Any:
        start = self.builder.add(self.builder.mul(row, self.width), f)
        return self.builder.gep(self.values[name].data, [start])


_relu, _plain, _add, _line, _more, _pass, _take, _gate = map(
    _row, ("relu", "plain", "plain+", "line", "line+", "pass+", "pass+", "gate")
)


def _relu_row(
    out: Array, i: int, share: float, x: Array, at: int, shift: Array, col: Array, order: Array,
    start: int, end: int,
) -> None:  # fmt: skip
    """out[i] = share x[i] + the sum over p of relu(x[at + col[p]] + shift[order[p]])."""
    _relu(
        out, i, share, x, x, at, shift, 0, None, 0, col, order, start, end, 0,
        0, None, None, 0, None,
    )  # fmt: skip


def _plain_row(
    out: Array, i: int, share: float, x: Array, at: int, col: Array, start: int, end: int
) -> None:
    """out[i] = share x[i] + the sum over p of x[at + col[p]]."""
    _plain(
        out, i, share, x, x, at, None, 0, None, 0, col, None, start, end, 0, 0, None, None, 0, None
    )


def _line_row(
    out: Array, i: int, share: float, own: Array | None, x: Array, at: int, step: int, count: int
) -> None:
    """out[i] = share own[i] + the sum over p < count of x[at + p step]."""
    _line(
        out, i, share, own, x, at, None, 0, None, 0, None, None, 0, count, step,
        0, None, None, 0, None,
    )  # fmt: skip


def _add_row(
    out: Array, i: int, keep: int, share: float, grad: Array, at: int, col: Array, start: int,
    end: int, x: Array, dots: Array, a: int,
) -> None:  # fmt: skip
    """out[i], or 0 without ``keep``, + share grad[i] + the sum over p of grad[at + col[p]];
    dots[a] += grad[i] x[i]."""
    _add(
        out, i, share, grad, grad, at, None, 0, None, 0, col, None, start, end, 0,
        keep, x, dots, a, None,
    )  # fmt: skip


def _more_row(
    out: Array, i: int, keep: int, share: float, grad: Array, table: Array, at: int, count: int,
    x: Array, dots: Array, a: int,
) -> None:  # fmt: skip
    """out[i], or 0 without ``keep``, + share grad[i] + table[at] if count is 1;
    dots[a] += grad[i] x[i]."""
    _more(
        out, i, share, grad, table, at, None, 0, None, 0, None, None, 0, count, 0,
        keep, x, dots, a, None,
    )  # fmt: skip


def _pass_row(
    out: Array, i: int, keep: int, share: float, x: Array, shift: Array, grad: Array, origin: int,
    col: Array, order: Array, start: int, end: int, dots: Array, a: int,
) -> None:  # fmt: skip
    """out[i], or 0 without ``keep``, + share grad[i] + the sum over p of grad[origin + col[p]],
    where x[i] + shift[order[p]] is positive; dots[a] += grad[i] x[i]."""
    _pass(
        out, i, share, grad, x, i, shift, 0, grad, origin, col, order, start, end, 0,
        keep, x, dots, a, None,
    )  # fmt: skip


def _take_row(
    out: Array, i: int, keep: int, share: float, x: Array, shift: Array, grad: Array, origin: int,
    col: Array, order: Array, start: int, end: int, dots: Array, a: int, taken: Array,
) -> None:  # fmt: skip
    """``pass_row``, of which each term is added to taken[order[p]] as well."""
    _take(
        out, i, share, grad, x, i, shift, 0, grad, origin, col, order, start, end, 0,
        keep, x, dots, a, taken,
    )  # fmt: skip


def _gate_row(
    out: Array, i: int, own: Array | None, x: Array, at: int, shift: Array, grad: Array,
    origin: int, step: int, count: int,
) -> None:  # fmt: skip
    """out[i] = own[i] + the sum over p < count of grad[origin + p step], where x[at + p step] +
    shift[i] is positive."""
    one = out.dtype.type(1)
    _gate(
        out, i, one, own, x, at, shift, i, grad, origin, None, None, 0, count, step,
        0, None, None, 0, None,
    )  # fmt: skip


relu_row = compiled(_relu_row, **IN_PLACE)
plain_row = compiled(_plain_row, **IN_PLACE)
line_row = compiled(_line_row, **IN_PLACE)
add_row = compiled(_add_row, **IN_PLACE)
more_row = compiled(_more_row, **IN_PLACE)
pass_row = compiled(_pass_row, **IN_PLACE)
take_row = compiled(_take_row, **IN_PLACE)
gate_row = compiled(_gate_row, **IN_PLACE)
