"""Block message passing of stalks in Triton: one row of the result for each stalk dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.launch import accumulator, launch, narrow, offsets, tile
from gnnlab.ops.backends.triton.propagate import total
from gnnlab.ops.backends.triton.ranges import LONGEST, Ranges, ranges

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


@triton.jit(do_not_specialize=["count"])
def block_kernel(
    out, x, maps, start, end, col, order, count, features, rows, depth, by_row, by_column,
    LIMIT: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """out[r, a] = the sum over r's edges and b of maps[e, a, b] x[j, b]."""
    line = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    row, a = line // rows, line % rows
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    total = tl.zeros((ROWS, FEATURES), ACC)
    for _ in range(0, tl.max(last - p, 0)):
        inside = p < last
        wanted = inside[:, None] & (f < features)[None, :]
        e = tl.load(order + p, mask=inside, other=0).to(tl.int64)
        j = tl.load(col + p, mask=inside, other=0).to(tl.int64) * depth
        place = e * (rows * depth) + a * by_row
        for b in range(0, depth):
            share = tl.load(maps + place + b * by_column, mask=inside, other=0).to(ACC)
            value = tl.load(x + offsets(j + b, features, f), mask=wanted, other=0).to(ACC)
            total += share[:, None] * value
        p += 1
    wanted = alive[:, None] & (f < features)[None, :]
    tl.store(out + offsets(line, features, f), narrow(total, out), mask=wanted)


def block(x: Tensor, maps: Tensor, adj: Adjacency, turned: bool) -> Tensor:
    """The neighbours' stalks through the maps, or through their transposes."""
    x, maps = x.contiguous(), maps.contiguous()
    lines = maps.shape[2 if turned else 1]
    out = x.new_empty((x.shape[0], lines, x.shape[2]))
    rows = ranges(adj._rowptr)
    _block(out, x, maps, rows, adj, turned)
    if rows.parts is not None:
        part = x.new_empty((rows.parts.count, *out.shape[1:]))
        _block(part, x, maps, rows.parts.whole(), adj, turned)
        total(out, part, rows.parts.joined)
    return out


def _block(
    out: Tensor, x: Tensor, maps: Tensor, rows: Ranges, adj: Adjacency, turned: bool
) -> None:
    features, wide = x.shape[2], maps.shape[2]
    lines, depth = (wide, maps.shape[1]) if turned else (maps.shape[1], wide)
    form = tile(rows.count * lines, features)
    grid = triton.cdiv(rows.count * lines, form.rows), triton.cdiv(features, form.features)
    launch(
        block_kernel, grid, x, out, x, maps, rows.start, rows.end, adj._col, adj._order, rows.count,
        features, lines, depth, *((1, wide) if turned else (wide, 1)), LIMIT=LONGEST,
        ROWS=form.rows, FEATURES=form.features, ACC=accumulator(x), num_warps=form.warps,
    )  # fmt: skip
