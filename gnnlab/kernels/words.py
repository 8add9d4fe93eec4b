"""64-bit words as sets of bits: their count and the first of them, by one instruction each."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


def _trailing_zeros(typingctx: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


def _population(typingctx: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


def _equal_lanes(typingctx: Any, table: Any, start: Any, wanted: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(table)(context, builder, args[0]).data
        word, lane = ir.IntType(32), ir.VectorType(ir.IntType(32), LANES)
        place = builder.bitcast(builder.gep(data, [args[1]]), lane.as_pointer())
        values = builder.load(place, align=4)
        blank = ir.Constant(lane, ir.Undefined)
        first = builder.insert_element(blank, args[2], ir.Constant(word, 0))
        same = builder.shuffle_vector(first, blank, ir.Constant(lane, [0] * LANES))
        bits = builder.bitcast(builder.icmp_signed("==", values, same), ir.IntType(LANES))
        return builder.zext(bits, ir.IntType(64))

    return types.uint64(table, types.intp, types.int32), codegen


LANES = 16
equal_lanes = intrinsic(_equal_lanes)
"""``equal_lanes(col, start, wanted)``: bit k < LANES says whether col[start + k] is wanted."""
first_bit = intrinsic(_trailing_zeros)
"""Where the lowest set bit of a word is; 64 for an empty word."""
count_bits = intrinsic(_population)
"""How many bits of a word are set."""

ONE = np.uint64(1)
ZERO = np.uint64(0)
