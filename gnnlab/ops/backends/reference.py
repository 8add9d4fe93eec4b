"""The operations in plain torch: the meaning that every other backend is tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from .random import Dropout

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows

HALF = (torch.float16, torch.bfloat16)


def group(keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Stable sort of ``keys``: row pointers and the order."""
    order = torch.sort(keys, stable=True).indices.int()
    rowptr = torch.zeros(num_rows + 1, dtype=torch.int32, device=keys.device)
    rowptr[1:] = torch.bincount(keys, minlength=num_rows).cumsum(0)
    return rowptr, order


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Gather the sources' rows, weigh them, reduce them by target."""
    message = widen(take(x, adj.source))
    if weight is not None:
        message = message * widen(weight).unsqueeze(-1).reshape(
            weight.shape + (1,) * (x.dim() - weight.dim())
        )
    return scatter(message, adj.target, adj.num_nodes, reduce).to(x.dtype)


def edge_softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of the scores over the edges of one target, shifted by the row's maximum."""
    wide = widen(score)
    shape = (adj.num_nodes, *score.shape[1:])
    index = _expand(adj.target, wide)
    top = wide.new_full(shape, -torch.inf).scatter_reduce(0, index, wide.detach(), "amax")
    exp = (wide - take(top, adj.target)).exp()
    total = scatter(exp, adj.target, adj.num_nodes, "sum")
    return (exp / take(total, adj.target)).to(score.dtype)


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over the last axis of the two ends of each edge."""
    product = widen(take(query, adj.target)) * widen(take(key, adj.source))
    return product.sum(-1).to(query.dtype)


def attend_additive(
    value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Scores of both ends added, a leaky ReLU, a softmax, and the weighted sum."""
    wide = widen(value)
    ends = take(source.to(wide.dtype), adj.source) + take(target.to(wide.dtype), adj.target)
    alpha = edge_softmax(leaky_relu(ends, slope), adj)
    return _attended(wide, adj, alpha, weight).to(value.dtype)


def attend_product(
    value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Inner products of both ends, a softmax, and the weighted sum."""
    wide = widen(value)
    alpha = edge_softmax(edge_dot(query.to(wide.dtype), key.to(wide.dtype), adj) * scale, adj)
    return _attended(wide, adj, alpha, weight).to(value.dtype)


def _attended(value: Tensor, adj: Adjacency, alpha: Tensor, weight: Tensor | None) -> Tensor:
    if weight is not None:
        alpha = alpha * widen(weight if weight.dim() == 2 else weight.unsqueeze(1))
    return propagate(value, adj, alpha, "sum")


def block_propagate(x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
    """Gather the sources' stalks, map them, sum them by target."""
    message = widen(maps) @ widen(take(x, adj.source))
    return scatter(message, adj.target, adj.num_nodes, "sum").to(x.dtype)


def gather(x: Tensor, index: Tensor, rows: Rows) -> Tensor:
    """Rows of x."""
    return take(x, index)


def segment_reduce(values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
    """Reduce items by segment."""
    num = rows.rowptr.numel() - 1
    return scatter(widen(values), index, num, reduce).to(values.dtype)


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """The counter-based mask, computed with torch integers."""
    return Dropout.call(x, p, seed)


def take(x: Tensor, index: Tensor) -> Tensor:
    """Rows of x, with a backward that sums in a fixed order."""
    # Off the CPU index_select's backward adds atomically; indexing sorts first.
    return x.index_select(0, index) if x.device.type == "cpu" else x[index]


def scatter(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """Reduce ``values`` (M, ...) by ``index`` (M,); rows without an item are 0."""
    if reduce in ("max", "min"):
        return _extreme(values, index, num, reduce)
    zeros = values.new_zeros((num, *values.shape[1:]))
    if values.device.type == "cpu":
        total = zeros.index_add(0, index, values)
    else:
        total = zeros.index_put((index,), values, accumulate=True)
    if reduce == "sum":
        return total
    count = torch.bincount(index, minlength=num).clamp(min=1).to(values.dtype)
    return total / count.reshape(-1, *(1,) * (values.dim() - 1))


def _extreme(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """Max or min; of several equal items the first carries the gradient."""
    items = values.shape[0]
    if items == 0:
        return values.new_zeros((num, *values.shape[1:])) + values.sum()  # differentiable
    where = _expand(index, values)
    fixed = values.detach()
    bound = fixed.new_full((num, *fixed.shape[1:]), torch.inf if reduce == "min" else -torch.inf)
    best = bound.scatter_reduce(0, where, fixed, "a" + reduce)
    hit = (fixed == best.gather(0, where)) | fixed.isnan()
    number = _expand(torch.arange(items, device=values.device), values)
    first = torch.full(bound.shape, items, dtype=torch.int64, device=values.device)
    first = first.scatter_reduce(0, where, number.where(hit, items), "amin")
    picked = values.gather(0, first.clamp(max=items - 1))
    return picked.where(first < items, 0)


def widen(x: Tensor) -> Tensor:
    """Half precision is added up in float32."""
    return x.float() if x.dtype in HALF else x


def _expand(index: Tensor, like: Tensor) -> Tensor:
    return index.reshape(-1, *(1,) * (like.dim() - 1)).expand_as(like)
