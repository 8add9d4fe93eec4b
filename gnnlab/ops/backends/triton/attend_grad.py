"""Attention's gradient in Triton, by a walk over the sources' out-edges.

What a source receives comes from its own out-edges, read over the transpose; the softmax is
computed again from each target's maximum and sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.attend import edge_share, held, own_end, raw_score
from gnnlab.ops.backends.triton.launch import accumulator, as_float, bits, launch, narrow, offsets
from gnnlab.ops.backends.triton.propagate import item, total
from gnnlab.ops.backends.triton.ranges import LONGEST, Ranges, ranges
from gnnlab.ops.backends.types import Ends, Stats
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


@triton.jit(do_not_specialize=["count", "factor"])
def gradient_kernel(
    value_out, end_out, score_out, weight_out, value, grad, near, far, weight, top, share, mean,
    start, end, node, col, order, count, heads, features, depth, columns, factor,
    LIMIT: tl.constexpr, PRODUCT: tl.constexpr, ROWS: tl.constexpr, FEATURES: tl.constexpr,
    DEPTH: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """One head of sources: the gradients of their values and scores or keys, and of their edges."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    k = tl.program_id(1)
    f, d = tl.arange(0, FEATURES), tl.arange(0, DEPTH)
    slope = as_float(factor).to(ACC)
    p = tl.load(start + row, mask=row < count, other=0)
    last = tl.load(end + row, mask=row < count, other=0)
    alive = (row < count) & (last - p <= LIMIT)
    last = tl.where(alive, last, p)
    mine = row
    if node is not None:
        mine = tl.load(node + row, mask=alive, other=0).to(tl.int64)
    own = own_end(alive, mine, near, d, k, heads, depth, PRODUCT, ACC)
    kept = alive[:, None] & (f < features)[None, :]
    mine_value = tl.load(value + offsets(mine * heads + k, features, f), mask=kept, other=0).to(ACC)
    received = tl.zeros((ROWS, FEATURES), ACC)
    if PRODUCT:
        ended = tl.zeros((ROWS, DEPTH), ACC)
    else:
        ended = tl.zeros((ROWS,), ACC)
    for _ in range(0, tl.max(last - p, 0)):
        inside = p < last
        i = item(p, last, col)
        place = i.to(tl.int64) * heads + k
        edge = tl.load(order + p, mask=inside, other=0).to(tl.int64) * heads + k
        raw = raw_score(inside, i, near, far, own, d, k, heads, depth, slope, PRODUCT, ACC)
        score = raw
        if not PRODUCT:
            score = tl.where(raw > 0, raw, slope * raw)
        alpha = tl.exp(score - tl.load(top + place, mask=inside, other=0))
        alpha *= tl.load(share + place, mask=inside, other=0)
        alpha = tl.where(inside, alpha, 0.0)
        wanted = inside[:, None] & (f < features)[None, :]
        sent = tl.load(grad + offsets(place, features, f), mask=wanted, other=0).to(ACC)
        dot = tl.sum(sent * mine_value, 1)
        part = dot
        weighed = alpha
        if weight is not None:
            tl.store(weight_out + edge, alpha * dot, mask=inside)
            factor_of_edge = edge_share(p, inside, order, weight, k, columns, ACC)
            part = dot * factor_of_edge
            weighed = alpha * factor_of_edge
        received += weighed[:, None] * sent
        slant = alpha * (part - tl.load(mean + place, mask=inside, other=0))
        slant *= slope if PRODUCT else tl.where(raw > 0, 1.0, slope)
        slant = tl.where(inside, slant, 0.0)
        tl.store(score_out + edge, slant, mask=inside)
        if PRODUCT:
            asked = inside[:, None] & (d < depth)[None, :]
            query = tl.load(far + offsets(place, depth, d), mask=asked, other=0).to(ACC)
            ended += slant[:, None] * query
        else:
            ended += slant
        p += 1
    place = row * heads + k
    tl.store(value_out + offsets(place, features, f), narrow(received, value_out), mask=kept)
    if PRODUCT:
        asked = alive[:, None] & (d < depth)[None, :]
        tl.store(end_out + offsets(place, depth, d), narrow(ended, end_out), mask=asked)
    else:
        tl.store(end_out + place, narrow(ended, end_out), mask=alive)


def attend_grad(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """Gradients for value, for the sources' end, for the scores and for the weights (E, K)."""
    out, top, share = stats
    near, far = ends if kind == "additive" else (ends[1], ends[0])
    weight = weight.contiguous() if weight is not None else None
    mean = (grad.to(top.dtype) * out).sum(-1)
    inputs = tuple(t.contiguous() for t in (value, grad, near, far))
    given = *inputs, weight, top, share, mean
    edges = value.new_empty((adj.num_edges, value.shape[1]), dtype=top.dtype)
    grad_weight = torch.empty_like(edges) if weight is not None else None
    rows = ranges(adj.transpose._rowptr)
    found = torch.empty_like(inputs[0]), torch.empty_like(inputs[2])
    _sources((*found, edges, grad_weight), given, rows, None, adj.transpose, kind, factor)
    if rows.parts is not None:
        whole, node = rows.parts.whole(), rows.parts.row
        size = (rows.parts.count,)
        parts = tuple(t.new_empty(size + t.shape[1:], dtype=wide(t)) for t in found)
        _sources((*parts, edges, grad_weight), given, whole, node, adj.transpose, kind, factor)
        for result, part in zip(found, parts, strict=True):
            total(result, part, rows.parts.joined)
    return *found, edges, grad_weight


def _sources(
    results: tuple[Tensor | None, ...], given: tuple[Tensor | None, ...], rows: Ranges,
    node: Tensor | None, reverse: Adjacency, kind: str, factor: float,
) -> None:  # fmt: skip
    value, _, near, _, weight = given[:5]
    if value is None or near is None:
        raise ValueError("value and the ends are tensors")
    heads, features = value.shape[1:]
    product = kind == "product"
    depth = near.shape[2] if product else 1
    columns = 1 if weight is None else weight.shape[1:].numel()
    form = held(rows.count, features, depth)
    launch(
        gradient_kernel, (triton.cdiv(rows.count, form.rows), heads), value, *results, *given,
        rows.start, rows.end, node, reverse._col, reverse._order, rows.count, heads, features,
        depth, columns, bits(factor), LIMIT=LONGEST, PRODUCT=product, ROWS=form.rows,
        FEATURES=form.features, DEPTH=form.depth, ACC=accumulator(value), num_warps=form.warps,
    )  # fmt: skip
