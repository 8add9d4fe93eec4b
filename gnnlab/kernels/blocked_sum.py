"""Blocked sums of long rows: blocks added one after the other, their sums joined in pairs.

A float32 sum over a million neighbours, added up one by one, loses three digits. Here a number goes
through no more than BLOCK + log2(number of blocks) additions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils

BLOCK = 64
"""Neighbours that are added up one after the other."""
LEVELS = 32
"""Partial sums that are kept at most: enough for 2^31 blocks."""


def sum_in_blocks(
    builder: Any, start: Any, end: Any, cells: list[Any], block: Callable[[Any, Any], None]
) -> None:
    """Write the loop that leaves in ``cells`` the sum over start <= p < end, which is not empty.

    Args:
        cells: where the running sums of vectors lie.
        block: ``block(first, stop)`` writes the code that sets the cells to the sum of a block.
    """
    index = start.type
    zero, one, size = (ir.Constant(index, value) for value in (0, 1, BLOCK))
    stacks = [cgutils.alloca_once(builder, cell.type.pointee, LEVELS) for cell in cells]
    done, level = (cgutils.alloca_once(builder, index) for _ in range(2))
    builder.store(zero, done)
    with cgutils.for_range_slice(builder, start, end, size, index) as (first, _):
        stop = builder.add(first, size)
        last = builder.icmp_signed(">=", stop, end)
        block(first, builder.select(last, end, stop))
        builder.store(zero, level)
        _carry(builder, cells, stacks, level, builder.load(done), last)
        with builder.if_then(builder.not_(last)):
            for cell, stack in zip(cells, stacks, strict=True):
                builder.store(builder.load(cell), builder.gep(stack, [builder.load(level)]))
            builder.store(builder.add(builder.load(done), one), done)


def _carry(
    builder: Any, cells: list[Any], stacks: list[Any], level: Any, done: Any, last: Any
) -> None:
    """Join with the kept sums as a binary counter carries; after the last block with all of them.

    Bit l of ``done``, the number of blocks before, says that stack l holds a sum of 2^l blocks.
    """
    head, body, out = (builder.append_basic_block(f"carry.{name}") for name in ("on", "add", "end"))
    one = ir.Constant(done.type, 1)
    builder.branch(head)
    builder.position_at_end(head)
    place = builder.load(level)
    rest = builder.lshr(done, place)
    kept = builder.trunc(rest, ir.IntType(1))
    some = builder.icmp_unsigned("!=", rest, ir.Constant(done.type, 0))
    builder.cbranch(builder.and_(some, builder.or_(kept, last)), body, out)
    builder.position_at_end(body)
    with builder.if_then(kept):
        for cell, stack in zip(cells, stacks, strict=True):
            sum_before = builder.load(builder.gep(stack, [place]))
            builder.store(builder.fadd(sum_before, builder.load(cell)), cell)
    builder.store(builder.add(place, one), level)
    builder.branch(head)
    builder.position_at_end(out)
