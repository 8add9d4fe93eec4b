"""Attention in Triton: score, softmax and weighted sum in one pass over each row's edges.

The softmax is kept up as the row is read (M. Milakov, N. Gimelshein, "Online normalizer calculation
for softmax", 2018, https://arxiv.org/abs/1805.02867), so that no score is ever stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.launch import (
    INTERPRETED,
    accumulator,
    as_float,
    bits,
    launch,
    narrow,
    offsets,
)
from gnnlab.ops.backends.triton.propagate import item
from gnnlab.ops.backends.triton.ranges import LONGEST, Parts, Ranges, ranges
from gnnlab.ops.backends.triton.softmax import settle
from gnnlab.ops.backends.types import Ends, Stats
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

NUMBERS = 256
"""Features of all rows that a program holds. Fixed, since inner products are added up across
threads, in an order they set; few enough for one warp, whose threads need not wait for others."""


@triton.jit
def raw_score(
    inside, j, near, far, own, d, k, heads, depth, factor, PRODUCT: tl.constexpr, ACC: tl.constexpr
):
    """Scores of edges, one a row, before the LeakyReLU; ``own`` is the near end's number or row."""
    place = j.to(tl.int64) * heads + k
    if PRODUCT:
        wanted = inside[:, None] & (d < depth)[None, :]
        other = tl.load(far + offsets(place, depth, d), mask=wanted, other=0).to(ACC)
        return tl.sum(own * other, 1) * factor
    else:
        return tl.load(far + place, mask=inside, other=0).to(ACC) + own


@triton.jit
def own_end(inside, row, near, d, k, heads, depth, PRODUCT: tl.constexpr, ACC: tl.constexpr):
    """The near end's score, or its row of the query or key."""
    place = row * heads + k
    if PRODUCT:
        wanted = inside[:, None] & (d < depth)[None, :]
        return tl.load(near + offsets(place, depth, d), mask=wanted, other=0).to(ACC)
    else:
        return tl.load(near + place, mask=inside, other=0).to(ACC)


@triton.jit
def edge_share(p, inside, order, weight, k, columns, ACC: tl.constexpr):
    """The caller's weights of edges: one column, or one for each head."""
    e = tl.load(order + p, mask=inside, other=0).to(tl.int64)
    return tl.load(weight + e * columns + tl.where(columns > 1, k, 0), mask=inside, other=0).to(ACC)


@triton.jit
def _weighed(
    exp, p, last, j, value, order, weight, f, k, heads, features, columns, ACC: tl.constexpr
):
    """exp times the value of the edges' sources, times their weights."""
    inside = p < last
    wanted = inside[:, None] & (f < features)[None, :]
    place = j.to(tl.int64) * heads + k
    row = tl.load(value + offsets(place, features, f), mask=wanted, other=0).to(ACC)
    if weight is not None:
        exp *= edge_share(p, inside, order, weight, k, columns, ACC)
    return exp[:, None] * row


@triton.jit
def _scored(
    p, last, j, near, far, own, d, k, heads, depth, factor, PRODUCT: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    inside = p < last
    raw = raw_score(inside, j, near, far, own, d, k, heads, depth, factor, PRODUCT, ACC)
    if not PRODUCT:
        raw = tl.where(raw > 0, raw, factor * raw)
    return tl.where(inside, raw, -float("inf"))


@triton.jit(do_not_specialize=["count", "factor"])
def attend_kernel(
    out, top_out, sum_out, value, near, far, weight, start, end, node, col, order, count, heads,
    features, depth, columns, factor, LIMIT: tl.constexpr, PRODUCT: tl.constexpr,
    PARTIAL: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr, DEPTH: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    """One head of rows: the attended values, and the maximum and 1 / sum (a part: sum) of exp."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    k = tl.program_id(1)
    f = tl.program_id(2) * FEATURES + tl.arange(0, FEATURES)
    d = tl.arange(0, DEPTH)
    slope = as_float(factor).to(ACC)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    mine = row
    if node is not None:
        mine = tl.load(node + row, mask=alive, other=0).to(tl.int64)
    own = own_end(alive, mine, near, d, k, heads, depth, PRODUCT, ACC)
    some = last > p
    top = tl.full((ROWS,), -float("inf"), ACC)
    mass = tl.zeros((ROWS,), ACC)
    total = tl.zeros((ROWS, FEATURES), ACC)
    for _ in range(0, tl.max(last - p, 0), 2):
        j0, j1 = item(p, last, col), item(p + 1, last, col)
        s0 = _scored(p, last, j0, near, far, own, d, k, heads, depth, slope, PRODUCT, ACC)
        s1 = _scored(p + 1, last, j1, near, far, own, d, k, heads, depth, slope, PRODUCT, ACC)
        larger = tl.maximum(top, tl.maximum(s0, s1))
        base = settle(larger)
        keep, e0, e1 = tl.exp(top - base), tl.exp(s0 - base), tl.exp(s1 - base)
        v0 = _weighed(e0, p, last, j0, value, order, weight, f, k, heads, features, columns, ACC)
        v1 = _weighed(
            e1, p + 1, last, j1, value, order, weight, f, k, heads, features, columns, ACC
        )
        mass = mass * keep + (e0 + e1)
        total = total * keep[:, None] + (v0 + v1)
        top = larger
        p += 2
    if not PARTIAL:
        top, mass, total = _finished(top, mass, total, some)
    wanted = alive[:, None] & (f < features)[None, :]
    place = row * heads + k
    tl.store(out + offsets(place, features, f), narrow(total, out), mask=wanted)
    if tl.program_id(2) == 0:
        tl.store(top_out + place, top, mask=alive)
        tl.store(sum_out + place, mass, mask=alive)


@triton.jit
def _finished(top, mass, total, some):
    """Divided by the sum; 0 for a row without edges."""
    share = tl.where(some, 1.0 / tl.where(some, mass, 1.0), 0.0)
    return tl.where(some, top, 0.0), share, tl.where(some[:, None], total * share[:, None], 0.0)


@triton.jit(do_not_specialize=["count"])
def join_kernel(
    out, top_out, sum_out, part, tops, masses, start, end, target, count, heads, features,
    LIMIT: tl.constexpr, PARTIAL: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr,
    ACC: tl.constexpr,
):  # fmt: skip
    """Parts of rows, each relative to its own maximum, put together in their order."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    k = tl.program_id(1)
    f = tl.program_id(2) * FEATURES + tl.arange(0, FEATURES)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    some = last > p
    top = tl.full((ROWS,), -float("inf"), ACC)
    mass = tl.zeros((ROWS,), ACC)
    total = tl.zeros((ROWS, FEATURES), ACC)
    for _ in range(0, tl.max(last - p, 0)):
        inside = p < last
        place = p.to(tl.int64) * heads + k
        larger = tl.maximum(top, tl.load(tops + place, mask=inside, other=-float("inf")))
        base = settle(larger)
        keep = tl.exp(top - base)
        exp = tl.exp(tl.load(tops + place, mask=inside, other=-float("inf")) - base)
        wanted = inside[:, None] & (f < features)[None, :]
        piece = tl.load(part + offsets(place, features, f), mask=wanted, other=0)
        mass = mass * keep + exp * tl.load(masses + place, mask=inside, other=0)
        total = total * keep[:, None] + exp[:, None] * piece
        top = larger
        p += 1
    if not PARTIAL:
        top, mass, total = _finished(top, mass, total, some)
    if target is not None:
        row = tl.load(target + row, mask=alive, other=0).to(tl.int64)
    wanted = alive[:, None] & (f < features)[None, :]
    place = row * heads + k
    tl.store(out + offsets(place, features, f), narrow(total, out), mask=wanted)
    if tl.program_id(2) == 0:
        tl.store(top_out + place, top, mask=alive)
        tl.store(sum_out + place, mass, mask=alive)


def attend(
    kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float, weight: Tensor | None
) -> Stats:
    """Attend, and keep two numbers per node and head for the gradient."""
    value, rows = value.contiguous(), ranges(adj._rowptr)
    stats = _tables(value, adj.num_nodes, value.dtype)
    # What is read at the target comes first: the target's score, or the query.
    near, far = (ends[1], ends[0]) if kind == "additive" else ends
    near, far = near.contiguous(), far.contiguous()
    weight = weight.contiguous() if weight is not None else None
    inputs = value, near, far, weight
    _attend(stats, inputs, rows, None, adj, kind, factor, False)
    if rows.parts is not None:
        parts = _tables(value, rows.parts.count, wide(value))
        whole, node = rows.parts.whole(), rows.parts.row
        _attend(parts, inputs, whole, node, adj, kind, factor, True)
        _join(stats, parts, rows.parts)
    return stats


def _tables(value: Tensor, count: int, dtype: torch.dtype) -> Stats:
    whole = count, *value.shape[1:]
    top, mass = (value.new_empty(whole[:2], dtype=wide(value)) for _ in range(2))
    return value.new_empty(whole, dtype=dtype), top, mass


def _attend(
    stats: Stats, inputs: tuple[Tensor, Tensor, Tensor, Tensor | None], rows: Ranges,
    node: Tensor | None, adj: Adjacency, kind: str, factor: float, partial: bool,
) -> None:  # fmt: skip
    value, near, _, weight = inputs
    heads, features = value.shape[1:]
    product = kind == "product"
    depth = near.shape[2] if product else 1
    columns = 1 if weight is None else weight.shape[1:].numel()
    form = held(rows.count, features, depth)
    grid = triton.cdiv(rows.count, form.rows), heads, triton.cdiv(features, form.features)
    launch(
        attend_kernel, grid, value, *stats, *inputs, rows.start, rows.end, node, adj._col,
        adj._order, rows.count, heads, features, depth, columns, bits(factor), LIMIT=LONGEST,
        PRODUCT=product, PARTIAL=partial, ROWS=form.rows, FEATURES=form.features, DEPTH=form.depth,
        ACC=accumulator(value), num_warps=form.warps,
    )  # fmt: skip


def _join(stats: Stats, tables: Stats, parts: Parts) -> None:
    rows = parts.joined
    _joined(stats, tables, rows, False)
    if rows.parts is not None:
        deeper = _tables(tables[0], rows.parts.count, tables[0].dtype)
        _joined(deeper, tables, rows.parts.whole(), True)
        _join(stats, deeper, rows.parts)


def _joined(stats: Stats, tables: Stats, rows: Ranges, partial: bool) -> None:
    heads, features = tables[0].shape[1:]
    form = held(rows.count, features, 1)
    grid = triton.cdiv(rows.count, form.rows), heads, triton.cdiv(features, form.features)
    launch(
        join_kernel, grid, tables[0], *stats, *tables, rows.start, rows.end, rows.target,
        rows.count, heads, features, LIMIT=LONGEST, PARTIAL=partial, ROWS=form.rows,
        FEATURES=form.features, ACC=accumulator(tables[0]), num_warps=form.warps,
    )  # fmt: skip


class Held(NamedTuple):
    """What a program holds: rows, and all features and dimensions of queries of one head."""

    rows: int
    features: int
    depth: int
    warps: int


def held(count: int, features: int, depth: int) -> Held:
    """A function of the shapes, save in the interpreter, which pays per program."""
    features, depth = (triton.next_power_of_2(max(size, 1)) for size in (features, depth))
    widest = max(features, depth)
    rows = max(1, NUMBERS // widest)
    if INTERPRETED:
        rows = min(triton.next_power_of_2(max(count, 1)), 64)
    return Held(rows, features, depth, min(max(1, widest // 512), 8))
