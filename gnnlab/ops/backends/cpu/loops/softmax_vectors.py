"""Softmax in vector instructions, and its gradient, sixteen numbers at a time.

Where the number of heads K divides 16, lane l of every vector belongs to head l % K: one pass over
the vectors of a row serves all heads, and rotating the lanes joins what belongs together.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.blocked_sum import sum_in_blocks
from gnnlab.kernels.vector_math import constant, exp
from gnnlab.kernels.vectors import LANE, load, store

LANES = 16
FLOATS = ir.VectorType(ir.FloatType(), LANES)
WORDS = ir.VectorType(LANE, LANES)


def _softmax(
    typingctx: Any, out: Any, o: Any, score: Any, p: Any, whole: Any, heads: Any, tail: Any,
    top: Any, share: Any,
) -> Any:  # fmt: skip
    """``softmax16(out, o, score, p, whole, heads, tail, top, share)`` of flat float32 arrays.

    It reads score[p : p + whole], whole vectors, and the last vector, padded with -inf, in tail;
    writes out[o : o + whole] and tail; top and share (16,) receive the maxima and 1 / sums.
    """

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if signature.args[2].dtype != types.float32:  # a branch that is compiled and never run
            return context.get_dummy_value()
        out, score, tail, top, share = _starts(context, builder, signature, values, (0, 2, 6, 7, 8))
        out, score = builder.gep(out, [values[1]]), builder.gep(score, [values[3]])
        whole, heads = values[4], values[5]
        rest = _at(builder, tail)
        lowest = cgutils.alloca_once_value(builder, rest)
        with _vectors(builder, whole) as m:
            larger = _larger(builder, builder.load(lowest), _at(builder, score, m))
            builder.store(larger, lowest)
        largest = _joined(builder, builder.load(lowest), heads, _larger)

        def term(m: Any) -> Any:
            e = exp(builder, builder.fsub(_at(builder, score, m), largest))
            store(builder, e, builder.gep(out, [m]))
            return e

        last = exp(builder, builder.fsub(rest, largest))
        total = builder.fadd(_total(builder, whole, term), last)
        inverse = builder.fdiv(_all(1.0), _joined(builder, total, heads, _sum))
        with _vectors(builder, whole) as m:
            scaled = builder.fmul(_at(builder, out, m), inverse)
            store(builder, scaled, builder.gep(out, [m]))
        store(builder, builder.fmul(last, inverse), tail)
        store(builder, largest, top)
        store(builder, inverse, share)
        return context.get_dummy_value()

    n = types.intp
    return types.void(out, n, score, n, n, n, tail, top, share), codegen


def _gradient(
    typingctx: Any, out: Any, o: Any, soft: Any, grad: Any, p: Any, whole: Any, heads: Any,
    soft_tail: Any, tail: Any,
) -> Any:  # fmt: skip
    """``gradient16(out, o, soft, grad, p, whole, heads, soft_tail, tail)``.

    out = soft * (grad - sum of soft * grad), flat float32 arrays; the last vector, padded with
    zeros, is in soft_tail and tail, and the result for it in tail.
    """

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        out, soft, grad, soft_tail, tail = _starts(
            context, builder, signature, values, (0, 2, 3, 7, 8)
        )
        out = builder.gep(out, [values[1]])
        soft, grad = (builder.gep(start, [values[4]]) for start in (soft, grad))
        whole, heads = values[5], values[6]

        def product(m: Any) -> Any:
            return builder.fmul(_at(builder, soft, m), _at(builder, grad, m))

        ends = _at(builder, soft_tail), _at(builder, tail)
        total = builder.fadd(_total(builder, whole, product), builder.fmul(*ends))
        mean = _joined(builder, total, heads, _sum)
        with _vectors(builder, whole) as m:
            apart = builder.fsub(_at(builder, grad, m), mean)
            result = builder.fmul(_at(builder, soft, m), apart)
            store(builder, result, builder.gep(out, [m]))
        store(builder, builder.fmul(ends[0], builder.fsub(ends[1], mean)), tail)
        return context.get_dummy_value()

    n = types.intp
    return types.void(out, n, soft, grad, n, n, n, soft_tail, tail), codegen


def _move(lanes: int) -> Any:
    """Make ``move(to, m, source, p)``: lanes numbers from source[p:] to to[m:], flat arrays."""

    def typing(typingctx: Any, to: Any, m: Any, source: Any, p: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            to, source = _starts(context, builder, signature, values, (0, 2))
            value = load(builder, builder.gep(source, [values[3]]), lanes)
            store(builder, value, builder.gep(to, [values[1]]))
            return context.get_dummy_value()

        return types.void(to, types.intp, source, types.intp), codegen

    return intrinsic(typing)


def _starts(
    context: Any, builder: Any, signature: Any, values: Any, which: tuple[int, ...]
) -> list[Any]:
    """Where the arrays among the arguments begin."""
    kinds = signature.args
    return [context.make_array(kinds[i])(context, builder, values[i]).data for i in which]


def _total(builder: Any, whole: Any, term: Any) -> Any:
    """Add up term(m) over the vectors m = 0, 16, … below whole, long rows in pairs."""
    zero, lanes = ir.Constant(whole.type, 0), ir.Constant(whole.type, LANES)
    cell = cgutils.alloca_once(builder, FLOATS)
    builder.store(_all(0.0), cell)

    def block(first: Any, stop: Any) -> None:
        builder.store(_all(0.0), cell)
        ends = (builder.mul(end, lanes) for end in (first, stop))
        with _vectors(builder, *reversed(list(ends))) as m:
            builder.store(builder.fadd(builder.load(cell), term(m)), cell)

    with builder.if_then(builder.icmp_signed(">", whole, zero)):
        sum_in_blocks(builder, zero, builder.sdiv(whole, lanes), [cell], block)
    return builder.load(cell)


def _vectors(builder: Any, stop: Any, start: Any = None) -> Any:
    """Loop over the first numbers of the vectors: 0, 16, … below stop."""
    index = stop.type
    start = ir.Constant(index, 0) if start is None else start
    return _First(cgutils.for_range_slice(builder, start, stop, ir.Constant(index, LANES), index))


class _First:
    """A loop that gives its counter alone."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop

    def __enter__(self) -> Any:
        return self.loop.__enter__()[0]

    def __exit__(self, *error: Any) -> Any:
        return self.loop.__exit__(*error)


def _at(builder: Any, start: Any, m: Any = None) -> Any:
    return load(builder, start if m is None else builder.gep(start, [m]), LANES)


def _all(value: float) -> Any:
    return constant(value, FLOATS)


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


softmax16, gradient16 = intrinsic(_softmax), intrinsic(_gradient)
move16, move8, move4, move2, move1 = (_move(lanes) for lanes in (16, 8, 4, 2, 1))
