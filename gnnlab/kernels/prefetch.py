"""Prefetch: memory asked for before it is needed, since neighbours lie at random places."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

AHEAD = 16
"""Edges between asking for a neighbour's row and using it."""

EDGES_AHEAD = 64
"""Edges between asking for the few numbers of an edge and using them."""

LINE = 64
"""Bytes that arrive at once."""


def emit_prefetch(builder: Any, pointer: Any, write: bool = False) -> None:
    """Write the instruction that asks for the line at ``pointer``, to be read (or written) and
    kept."""
    pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    word = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
    function = builder.module.declare_intrinsic("llvm.prefetch", (pointer.type,), kind)
    builder.call(function, [pointer, word(int(write)), word(3), word(1)])


def _prefetch(typingctx: Any, table: Any, row: Any, column: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(table)(context, builder, values[0])
        width = cgutils.unpack_tuple(builder, array.shape, 2)[1]
        place = builder.add(builder.mul(values[1], width), values[2])
        emit_prefetch(builder, builder.gep(array.data, [place]))
        return context.get_dummy_value()

    return types.void(table, types.intp, types.intp), codegen


prefetch = intrinsic(_prefetch)
"""``prefetch(table, row, column)`` inside a kernel; table (N, F) is C-contiguous."""
