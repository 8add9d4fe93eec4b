"""Extremes' gradients, compiled: those of max and min, from the rows that picked each edge."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import AHEAD, LINE, prefetch
from gnnlab.kernels.vectors import LANE, load, splat, store

LANES = 16


def _add_picked(
    typingctx: Any, out: Any, j: Any, grad: Any, arg: Any, i: Any, edge: Any, w: Any, f: Any
) -> Any:
    """``add16(out, j, grad, arg, i, edge, w, f)``: out[j, f:] += w grad[i, f:] where arg is edge.

    Of sixteen features; arg (N, F) is int32, w a number.
    """

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        def start(which: int, row: Any) -> Any:
            array = context.make_array(signature.args[which])(context, builder, values[which])
            width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
            place = builder.add(builder.mul(row, width), values[7])
            return builder.gep(array.data, [place])

        into, i = start(0, values[1]), values[4]
        sent = builder.fmul(load(builder, start(2, i), LANES), splat(builder, values[6], LANES))
        same = splat(builder, builder.trunc(values[5], LANE), LANES)
        mine = builder.icmp_signed("==", load(builder, start(3, i), LANES), same)
        sent = builder.select(mine, sent, ir.Constant(sent.type, None))
        store(builder, builder.fadd(load(builder, into, LANES), sent), into)
        return context.get_dummy_value()

    n = types.intp
    return types.void(out, n, grad, arg, n, n, out.dtype, n), codegen


add16 = intrinsic(_add_picked)


def _picked_rows(
    first: int, last: int, rowptr: Array, out: Array, grad: Array, arg: Array, col: Array,
    order: Array, w: Array | None,
) -> None:  # fmt: skip
    """out[j] = sum over j's out-edges e = (j, i) of w[e] grad[i], in the features i took from e."""
    one, size, edges = out.dtype.type(1), out.shape[1], col.shape[0]
    width = size if w is None else size // w.shape[1]
    for j in range(first, last):
        out[j] = 0
        for p in range(rowptr[j], rowptr[j + 1]):
            i, e = col[p], order[p]
            if p + AHEAD < edges:
                for f in range(0, size, LINE // grad.itemsize):
                    prefetch(grad, col[p + AHEAD], f)
                for f in range(0, size, LINE // arg.itemsize):
                    prefetch(arg, col[p + AHEAD], f)
            f = 0
            if width % LANES == 0 or w is None:
                while f + LANES <= size:
                    add16(out, j, grad, arg, i, e, one if w is None else w[e, f // width], f)
                    f += LANES
            while f < size:
                if arg[i, f] == e:
                    out[j, f] += grad[i, f] if w is None else w[e, f // width] * grad[i, f]
                f += 1


def _picked_weights(
    first: int, last: int, rowptr: Array, out: Array, grad: Array, arg: Array, x: Array,
    source: Array,
) -> None:  # fmt: skip
    """Gradient of max and min for the weights; out (E, K) arrives as zeros."""
    heads = out.shape[1]
    width = x.shape[1] // heads
    for i in range(first, last):
        for f in range(x.shape[1]):
            e = arg[i, f]
            if e >= 0:
                out[e, f // width] += grad[i, f] * x[source[e], f]


picked_rows = inner(_picked_rows)
picked_weights = compiled(_picked_weights)
