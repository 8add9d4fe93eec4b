"""Vector instructions that the kernels share: loads, stores, splats and sums of lanes.

bfloat16 comes as uint16, since numpy has no such type: the upper half of a float32's bits. It is
widened when it is loaded and rounded when it is stored, so that all sums are in float32.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

LANE = ir.IntType(32)
HALF = ir.IntType(16)


def number_type(dtype: Any) -> Any:
    """The numba type that numbers of an array of this type are computed in."""
    return types.float32 if dtype == types.uint16 else dtype


def load(builder: Any, pointer: Any, lanes: int) -> Any:
    """Read lanes numbers that lie side by side, in no particular alignment."""
    kind = pointer.type.pointee
    vector = ir.VectorType(kind, lanes)
    where = builder.bitcast(pointer, vector.as_pointer())
    value = builder.load(where, align=_bytes(kind))
    if kind != HALF:
        return value
    wide = ir.VectorType(LANE, lanes)
    bits = builder.shl(builder.zext(value, wide), _same(wide, 16))
    return builder.bitcast(bits, ir.VectorType(ir.FloatType(), lanes))


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write numbers side by side; floats go to bfloat16 rounded to the nearest, ties to even."""
    kind = pointer.type.pointee
    if kind == HALF:
        value = _rounded(builder, value)
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=_bytes(kind))


def splat(builder: Any, value: Any, lanes: int) -> Any:
    """The same number in every lane."""
    blank = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(blank, value, ir.Constant(LANE, 0))
    return builder.shuffle_vector(first, blank, _same(ir.VectorType(LANE, lanes), 0))


def fold(builder: Any, total: Any) -> Any:
    """Add up the lanes of a vector, the upper half onto the lower, in an order of its own."""
    lanes = total.type.count
    while lanes > 1:
        lanes //= 2
        blank = ir.Constant(total.type, ir.Undefined)
        low, high = (
            ir.Constant(ir.VectorType(LANE, lanes), list(range(first, first + lanes)))
            for first in (0, lanes)
        )
        total = builder.fadd(
            builder.shuffle_vector(total, blank, low), builder.shuffle_vector(total, blank, high)
        )
    return builder.extract_element(total, ir.Constant(LANE, 0))


def _rounded(builder: Any, value: Any) -> Any:
    lanes = value.type.count
    wide = ir.VectorType(LANE, lanes)
    bits = builder.bitcast(value, wide)
    odd = builder.and_(builder.lshr(bits, _same(wide, 16)), _same(wide, 1))
    up = builder.add(bits, builder.add(odd, _same(wide, 0x7FFF)))
    # Rounding up could carry a nan into another number: nan stays nan.
    broken = builder.fcmp_unordered("uno", value, value)
    kept = builder.select(broken, _same(wide, 0x7FC00000), up)
    return builder.trunc(builder.lshr(kept, _same(wide, 16)), ir.VectorType(HALF, lanes))


def _same(vector: Any, value: int) -> Any:
    return ir.Constant(vector, [value] * vector.count)


def _bytes(kind: Any) -> int:
    return {"float": 4, "double": 8}.get(str(kind), 2)
