"""Propagation in Triton: sums over a row's items, also for segments and most gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.launch import accumulator, launch, narrow, offsets, tuned
from gnnlab.ops.backends.triton.ranges import LONGEST, Ranges, ranges
from gnnlab.ops.base.precision import wide
from gnnlab.ops.graphs.order import in_order, shares

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows


@triton.jit
def item(p, last, index):
    """Which row of the table the item at a position is; 0 beyond the end."""
    if index is None:
        return p
    else:  # the compiler reads on after a return
        return tl.load(index + p, mask=p < last, other=0)


@triton.jit
def message(p, last, j, x, order, weight, other, f, features, heads, width, ACC: tl.constexpr):
    """What the items at positions p carry: w x_j, (rows, features); 0 beyond the end."""
    inside = p < last
    wanted = inside[:, None] & (f < features)[None, :]
    value = tl.load(x + offsets(j, features, f), mask=wanted, other=0).to(ACC)
    if weight is not None:
        e = item(p, last, order)
        if heads == 1:
            value *= tl.load(weight + e, mask=inside, other=0).to(ACC)[:, None]
        else:
            place = offsets(e, heads, f // width)
            value *= tl.load(weight + place, mask=wanted, other=0).to(ACC)
    if other is not None:
        value *= tl.load(other + j, mask=inside, other=0).to(ACC)[:, None]
    return value


@triton.jit(do_not_specialize=["count"])
def sum_kernel(
    out, x, start, end, target, index, order, weight, own, other, count, features, heads, width,
    LIMIT: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """out[target r] = own times the sum over start[r] <= p < end[r] of w other x[index[p]].

    Each number is added up by one thread, four items a step, so no layout changes a bit.
    """
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    total = tl.zeros((ROWS, FEATURES), ACC)
    j0, j1 = item(p, last, index), item(p + 1, last, index)
    j2, j3 = item(p + 2, last, index), item(p + 3, last, index)
    for _ in range(0, tl.max(last - p, 0), 4):
        # The next step's neighbours are asked for before this step's features arrive.
        n0, n1 = item(p + 4, last, index), item(p + 5, last, index)
        n2, n3 = item(p + 6, last, index), item(p + 7, last, index)
        v0 = message(p, last, j0, x, order, weight, other, f, features, heads, width, ACC)
        v1 = message(p + 1, last, j1, x, order, weight, other, f, features, heads, width, ACC)
        v2 = message(p + 2, last, j2, x, order, weight, other, f, features, heads, width, ACC)
        v3 = message(p + 3, last, j3, x, order, weight, other, f, features, heads, width, ACC)
        total += (v0 + v1) + (v2 + v3)
        j0, j1, j2, j3 = n0, n1, n2, n3
        p += 4
    if target is not None:
        row = tl.load(target + row, mask=alive, other=0).to(tl.int64)
    if own is not None:
        total *= tl.load(own + row, mask=alive, other=0).to(ACC)[:, None]
    wanted = alive[:, None] & (f < features)[None, :]
    tl.store(out + offsets(row, features, f), narrow(total, out), mask=wanted)


def total(
    out: Tensor, x: Tensor, rows: Ranges, index: Tensor | None = None,
    order: Tensor | None = None, weight: Tensor | None = None, own: Tensor | None = None,
    other: Tensor | None = None,
) -> None:  # fmt: skip
    """Write the sums of all rows into ``out``: one pass over the items, one over long rows' parts.

    Args:
        x: (M, ...), the table that items are rows of.
        index: the table's row at each position; the position itself by default.
        order: the weight's row at each position; the position itself by default.
        weight: (M,) or (M, heads).
        own: a factor of each row.
        other: a factor of each row of the table.
    """
    terms = index, order, weight
    _sums(out, x, rows, *terms, own, other)
    if rows.parts is not None:
        part = out.new_empty((rows.parts.count, x.shape[1:].numel()), dtype=wide(x))
        _sums(part, x, rows.parts.whole(), *terms, None, other)
        total(out, part, rows.parts.joined, own=own)


def _sums(
    out: Tensor, x: Tensor, rows: Ranges, index: Tensor | None, order: Tensor | None,
    weight: Tensor | None, own: Tensor | None, other: Tensor | None,
) -> None:  # fmt: skip
    features = x.shape[1:].numel()
    heads = 1 if weight is None else weight.shape[1:].numel()
    terms = index, order, weight, own, other

    def start(tile: Any) -> None:
        grid = triton.cdiv(rows.count, tile.rows), triton.cdiv(features, tile.features)
        launch(
            sum_kernel, grid, x, out, x, rows.start, rows.end, rows.target, *terms, rows.count,
            features, heads, max(1, features // max(heads, 1)), LIMIT=LONGEST, ROWS=tile.rows,
            FEATURES=tile.features, ACC=accumulator(x), num_warps=tile.warps,
        )  # fmt: skip

    given = tuple(term is not None for term in terms)
    tuned(("sum", x.dtype, features, heads, *given), x, rows.count, features, start)


def stored(x: Tensor) -> Tensor:
    """Every type is read as it is."""
    return x


def propagate(x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool) -> Tensor:
    """Sum or mean of the neighbours, weighted or not."""
    out = x.new_empty((adj._rowptr.shape[0] - 1, *x.shape[1:]))
    own = shares(adj, wide(x)) if mean else None
    weight = weight.contiguous() if weight is not None else None
    order = None if weight is None or in_order(adj) else adj._order
    total(out, x.contiguous(), ranges(adj._rowptr), adj._col, order, weight, own)
    return out


def scaled(x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency) -> Tensor:
    """Sum of the neighbours, weighted by numbers of both ends."""
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    total(out, x.contiguous(), ranges(adj._rowptr), adj._col, own=own, other=other)
    return out


def segment_sum(values: Tensor, rows: Rows) -> Tensor:
    """Sum of the items of each row."""
    out = values.new_empty((rows.rowptr.numel() - 1, *values.shape[1:]))
    total(out, values.contiguous(), ranges(rows.rowptr), rows.order)
    return out
