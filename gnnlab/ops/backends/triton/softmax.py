"""Softmax over the edges of each row in Triton: two numbers a row and head, then one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.launch import accumulator, launch, narrow, offsets, tile
from gnnlab.ops.backends.triton.propagate import item, total
from gnnlab.ops.backends.triton.ranges import LONGEST, Ranges, ranges

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

EDGES = 1024
"""Numbers that one program of the pass over edges holds."""


@triton.jit
def settle(top):
    """What to subtract from scores: the maximum so far, or 0 before there is one."""
    return tl.where(top == -float("inf"), 0.0, top)


@triton.jit
def _score(p, last, order, score, k, heads, ACC: tl.constexpr):
    wanted = (p < last)[:, None] & (k < heads)[None, :]
    place = offsets(item(p, last, order), heads, k)
    return tl.load(score + place, mask=wanted, other=-float("inf")).to(ACC)


@triton.jit
def _mass(p, last, mass, k, heads, exp, ACC: tl.constexpr):
    """exp, times the sum of a part where parts are joined."""
    if mass is None:
        return exp
    else:
        wanted = (p < last)[:, None] & (k < heads)[None, :]
        return exp * tl.load(mass + offsets(p, heads, k), mask=wanted, other=0).to(ACC)


@triton.jit(do_not_specialize=["count"])
def row_kernel(
    top_out, sum_out, score, mass, start, end, target, order, count, heads,
    LIMIT: tl.constexpr, INVERT: tl.constexpr, ROWS: tl.constexpr, HEADS: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    """The maximum of each row's scores, and the sum of exp(score - maximum) or its inverse."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    k = tl.program_id(1) * HEADS + tl.arange(0, HEADS)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    top = tl.full((ROWS, HEADS), -float("inf"), ACC)
    total = tl.zeros((ROWS, HEADS), ACC)
    for _ in range(0, tl.max(last - p, 0), 4):
        s0 = _score(p, last, order, score, k, heads, ACC)
        s1 = _score(p + 1, last, order, score, k, heads, ACC)
        s2 = _score(p + 2, last, order, score, k, heads, ACC)
        s3 = _score(p + 3, last, order, score, k, heads, ACC)
        larger = tl.maximum(top, tl.maximum(tl.maximum(s0, s1), tl.maximum(s2, s3)))
        base = settle(larger)
        e0 = _mass(p, last, mass, k, heads, tl.exp(s0 - base), ACC)
        e1 = _mass(p + 1, last, mass, k, heads, tl.exp(s1 - base), ACC)
        e2 = _mass(p + 2, last, mass, k, heads, tl.exp(s2 - base), ACC)
        e3 = _mass(p + 3, last, mass, k, heads, tl.exp(s3 - base), ACC)
        total = total * tl.exp(top - base) + ((e0 + e1) + (e2 + e3))
        top = larger
        p += 4
    if INVERT:
        total = 1.0 / tl.where(total == 0, 1.0, total)  # 0 where there is nothing to divide
    if target is not None:
        row = tl.load(target + row, mask=alive, other=0).to(tl.int64)
    wanted = alive[:, None] & (k < heads)[None, :]
    tl.store(top_out + offsets(row, heads, k), top, mask=wanted)
    tl.store(sum_out + offsets(row, heads, k), total, mask=wanted)


@triton.jit
def edge_kernel(
    out, score, grad, first, second, target, count, heads, GRADIENT: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """exp(score - top) share, or soft (grad - total), with the row's numbers first and second."""
    n = tl.program_id(0).to(tl.int64) * EDGES + tl.arange(0, EDGES)
    inside = n < count
    row = tl.load(target + n // heads, mask=inside, other=0)
    place = row * heads + n % heads
    one = tl.load(first + place, mask=inside, other=0)
    value = tl.load(score + n, mask=inside, other=0)
    if GRADIENT:
        value = value * (tl.load(grad + n, mask=inside, other=0) - one)
    else:
        value = tl.exp(value - one) * tl.load(second + place, mask=inside, other=0)
    tl.store(out + n, narrow(value, out), mask=inside)


def softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of each row."""
    score = score.contiguous()
    heads = score.shape[1:].numel()
    top, share = (score.new_empty((adj.num_nodes, heads)) for _ in range(2))
    _rows(top, share, score, None, ranges(adj._rowptr), adj._order, True)
    out = torch.empty_like(score)
    _edges(out, score, score, top, share, adj, False)
    return out


def softmax_grad(soft: Tensor, grad: Tensor, adj: Adjacency) -> Tensor:
    """Its gradient, from the result."""
    soft, grad = soft.contiguous(), grad.contiguous()
    whole = soft.new_empty((adj.num_nodes, soft.shape[1:].numel()))
    total(whole, soft, ranges(adj._rowptr), adj._order, adj._order, grad)
    out = torch.empty_like(soft)
    _edges(out, soft, grad, whole, whole, adj, True)
    return out


def _rows(
    top: Tensor, share: Tensor, score: Tensor, mass: Tensor | None, rows: Ranges,
    order: Tensor | None, invert: bool,
) -> None:  # fmt: skip
    heads = top.shape[1]
    _stats(top, share, score, mass, rows, order, invert)
    if rows.parts is not None:
        tops, masses = (top.new_empty((rows.parts.count, heads)) for _ in range(2))
        _stats(tops, masses, score, mass, rows.parts.whole(), order, False)
        _rows(top, share, tops, masses, rows.parts.joined, None, invert)


def _stats(
    top: Tensor, share: Tensor, score: Tensor, mass: Tensor | None, rows: Ranges,
    order: Tensor | None, invert: bool,
) -> None:  # fmt: skip
    heads = top.shape[1]
    form = tile(rows.count, heads, 256)
    grid = triton.cdiv(rows.count, form.rows), triton.cdiv(heads, form.features)
    launch(
        row_kernel, grid, score, top, share, score, mass, rows.start, rows.end, rows.target,
        order, rows.count, heads, LIMIT=LONGEST, INVERT=invert, ROWS=form.rows,
        HEADS=form.features, ACC=accumulator(score), num_warps=form.warps,
    )  # fmt: skip


def _edges(
    out: Tensor, score: Tensor, grad: Tensor, first: Tensor, second: Tensor, adj: Adjacency,
    gradient: bool,
) -> None:  # fmt: skip
    launch(
        edge_kernel, (triton.cdiv(out.numel(), EDGES),), out, out, score, grad, first, second,
        adj._target, out.numel(), max(1, first.shape[1]), GRADIENT=gradient, EDGES=EDGES,
        num_warps=4,
    )  # fmt: skip
