"""Extremes (max and min) over a row's items in Triton, and their gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.edge_products import extreme_grad_weight as extreme_grad_weight
from gnnlab.ops.backends.triton.launch import accumulator, launch, narrow, offsets, tile
from gnnlab.ops.backends.triton.propagate import item, message, total
from gnnlab.ops.backends.triton.ranges import LONGEST, Ranges, ranges
from gnnlab.ops.graphs.order import in_order

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows


@triton.jit
def _better(best, found, value, number, LARGEST: tl.constexpr):
    """The best so far and its number, with one candidate more; the first of equals stays."""
    nan = (value != value) & (best == best)  # once a nan is there, it stays
    beats = value > best if LARGEST else value < best
    take = (number >= 0) & ((found < 0) | beats | nan)
    return tl.where(take, value, best), tl.where(take, number, found)


@triton.jit
def _number(p, last, f, features, numbers):
    """What a candidate is called: its position, or what its part found; -1 beyond the end."""
    wanted = (p < last)[:, None] & (f < features)[None, :]
    if numbers is None:
        return tl.where(wanted, p[:, None], -1)
    else:
        return tl.load(numbers + offsets(p, features, f), mask=wanted, other=-1)


@triton.jit(do_not_specialize=["count"])
def extreme_kernel(
    out, arg, x, numbers, start, end, target, index, order, named, weight, count, features, heads,
    width, LIMIT: tl.constexpr, LARGEST: tl.constexpr, ROWS: tl.constexpr,
    FEATURES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """The largest or smallest w x[index[p]] of each row, and ``named`` of its position."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    best = tl.zeros((ROWS, FEATURES), ACC)
    found = tl.full((ROWS, FEATURES), -1, tl.int32)
    for _ in range(0, tl.max(last - p, 0), 2):
        j0, j1 = item(p, last, index), item(p + 1, last, index)
        v0 = message(p, last, j0, x, order, weight, None, f, features, heads, width, ACC)
        v1 = message(p + 1, last, j1, x, order, weight, None, f, features, heads, width, ACC)
        n0 = _number(p, last, f, features, numbers)
        n1 = _number(p + 1, last, f, features, numbers)
        best, found = _better(best, found, v0, n0, LARGEST)
        best, found = _better(best, found, v1, n1, LARGEST)
        p += 2
    if target is not None:
        row = tl.load(target + row, mask=alive, other=0).to(tl.int64)
    wanted = alive[:, None] & (f < features)[None, :]
    if named is not None:
        found = tl.load(named + found, mask=wanted & (found >= 0), other=-1)
    tl.store(out + offsets(row, features, f), narrow(best, out), mask=wanted)
    tl.store(arg + offsets(row, features, f), found, mask=wanted)


@triton.jit
def _received(p, last, grad, arg, col, order, weight, f, features, heads, width, ACC: tl.constexpr):
    """The gradient of the targets at positions p, where they picked the edge."""
    inside = p < last
    wanted = inside[:, None] & (f < features)[None, :]
    place = offsets(item(p, last, col), features, f)
    e = tl.load(order + p, mask=inside, other=0)
    wanted = wanted & (tl.load(arg + place, mask=wanted, other=-1) == e[:, None])
    value = tl.load(grad + place, mask=wanted, other=0).to(ACC)
    if weight is not None:
        share = tl.load(weight + offsets(e, heads, f // width), mask=wanted, other=0)
        value *= share.to(ACC)
    return value


@triton.jit(do_not_specialize=["count"])
def received_kernel(
    out, grad, arg, start, end, col, order, weight, count, features, heads, width,
    LIMIT: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """out[j] = the sum over j's out-edges of w times the gradient that picked them."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    f = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    total = tl.zeros((ROWS, FEATURES), ACC)
    for _ in range(0, tl.max(last - p, 0), 2):
        v0 = _received(p, last, grad, arg, col, order, weight, f, features, heads, width, ACC)
        v1 = _received(p + 1, last, grad, arg, col, order, weight, f, features, heads, width, ACC)
        total += v0 + v1
        p += 2
    wanted = alive[:, None] & (f < features)[None, :]
    tl.store(out + offsets(row, features, f), narrow(total, out), mask=wanted)


def extreme(x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str) -> tuple[Tensor, Tensor]:
    """Max or min, and the edges they came from."""
    weight = weight.contiguous() if weight is not None else None
    order = None if weight is None or in_order(adj) else adj._order
    rows = ranges(adj._rowptr)
    return _extreme(x, rows, adj.num_nodes, adj._col, order, adj._order, weight, reduce)


def segment_extreme(values: Tensor, rows: Rows, reduce: str) -> tuple[Tensor, Tensor]:
    """Max or min of each row's items, and which those are."""
    found = ranges(rows.rowptr)
    return _extreme(values, found, found.count, rows.order, None, rows.order, None, reduce)


def extreme_grad_x(grad: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor) -> Tensor:
    """What the sources receive from the rows that picked them."""
    out = torch.empty_like(grad, memory_format=torch.contiguous_format)
    grad, reverse = grad.contiguous(), adj.transpose
    weight = weight.contiguous() if weight is not None else None
    rows = ranges(reverse._rowptr)
    _received_rows(out, grad, arg, rows, reverse, weight)
    if rows.parts is not None:
        features = grad.shape[1:].numel()
        part = grad.new_empty((rows.parts.count, features))
        _received_rows(part, grad, arg, rows.parts.whole(), reverse, weight)
        total(out, part, rows.parts.joined)
    return out


def _extreme(
    x: Tensor, rows: Ranges, count: int, index: Tensor, order: Tensor | None, named: Tensor,
    weight: Tensor | None, reduce: str,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    x = x.contiguous()
    out = x.new_empty((count, *x.shape[1:]))
    arg = torch.empty((count, x.shape[1:].numel()), dtype=torch.int32, device=x.device)
    _whole(out, arg, x, None, rows, index, order, named, weight, reduce)
    return out, arg


def _whole(
    out: Tensor, arg: Tensor, x: Tensor, numbers: Tensor | None, rows: Ranges,
    index: Tensor | None, order: Tensor | None, named: Tensor, weight: Tensor | None, reduce: str,
) -> None:  # fmt: skip
    """All rows; the parts of long ones are compared in their order."""
    _extremes(out, arg, x, numbers, rows, index, order, named, weight, reduce)
    if rows.parts is not None:
        part = x.new_empty((rows.parts.count, x.shape[1:].numel()))
        found = torch.empty(part.shape, dtype=torch.int32, device=x.device)
        whole = rows.parts.whole()
        _extremes(part, found, x, numbers, whole, index, order, None, weight, reduce)
        _whole(out, arg, part, found, rows.parts.joined, None, None, named, None, reduce)


def _extremes(
    out: Tensor, arg: Tensor, x: Tensor, numbers: Tensor | None, rows: Ranges,
    index: Tensor | None, order: Tensor | None, named: Tensor | None, weight: Tensor | None,
    reduce: str,
) -> None:  # fmt: skip
    features = x.shape[1:].numel()
    heads = 1 if weight is None else weight.shape[1:].numel()
    form = tile(rows.count, features)
    grid = triton.cdiv(rows.count, form.rows), triton.cdiv(features, form.features)
    launch(
        extreme_kernel, grid, x, out, arg, x, numbers, rows.start, rows.end, rows.target, index,
        order, named, weight, rows.count, features, heads, max(1, features // max(heads, 1)),
        LIMIT=LONGEST, LARGEST=reduce == "max", ROWS=form.rows, FEATURES=form.features,
        ACC=accumulator(x), num_warps=form.warps,
    )  # fmt: skip


def _received_rows(
    out: Tensor, grad: Tensor, arg: Tensor, rows: Ranges, reverse: Adjacency,
    weight: Tensor | None,
) -> None:  # fmt: skip
    features = grad.shape[1:].numel()
    heads = 1 if weight is None else weight.shape[1:].numel()
    form = tile(rows.count, features)
    grid = triton.cdiv(rows.count, form.rows), triton.cdiv(features, form.features)
    launch(
        received_kernel, grid, grad, out, grad, arg, rows.start, rows.end, reverse._col,
        reverse._order, weight, rows.count, features, heads, max(1, features // max(heads, 1)),
        LIMIT=LONGEST, ROWS=form.rows, FEATURES=form.features, ACC=accumulator(grad),
        num_warps=form.warps,
    )  # fmt: skip
