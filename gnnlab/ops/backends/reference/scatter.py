"""Scatter and gather in plain torch, in a fixed order of addition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    pass


def take(x: Tensor, index: Tensor) -> Tensor:
    """Rows of x, with a backward that sums in a fixed order."""
    # Off the CPU index_select's backward adds atomically; indexing sorts first.
    return x.index_select(0, index) if x.device.type == "cpu" else x[index]


def scatter(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """Reduce ``values`` (M, ...) by ``index`` (M,); rows without an item are 0."""
    if reduce in ("max", "min"):
        return _extreme(values, index, num, reduce)
    exact = _exact(values)
    zeros = exact.new_zeros((num, *values.shape[1:]))
    if values.device.type == "cpu":
        total = zeros.index_add(0, index, exact).to(values.dtype)
    else:
        total = zeros.index_put((index,), exact, accumulate=True).to(values.dtype)
    if reduce == "sum":
        return total
    count = torch.bincount(index, minlength=num).clamp(min=1).to(values.dtype)
    return total / count.reshape(-1, *(1,) * (values.dim() - 1))


def _exact(values: Tensor) -> Tensor:
    """In float64 where the device has it: long rows are added up one by one here."""
    return values.double() if values.device.type in ("cpu", "cuda") else values


def first_item(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """The first item that is its segment's max or min, per feature; -1 for an empty segment."""
    first = _first(values, index, num, reduce)
    return first.where(first < values.shape[0], -1)


def _extreme(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """Max or min; of several equal items the first carries the gradient."""
    items = values.shape[0]
    if items == 0:
        return values.new_zeros((num, *values.shape[1:])) + values.sum()  # differentiable
    first = _first(values, index, num, reduce)
    picked = values.gather(0, first.clamp(max=items - 1))
    return picked.where(first < items, 0)


def _first(values: Tensor, index: Tensor, num: int, reduce: str) -> Tensor:
    """The first item that is its row's max or min, per feature; the number of items for none."""
    items = values.shape[0]
    where = expanded(index, values)
    fixed = values.detach()
    bound = fixed.new_full((num, *fixed.shape[1:]), torch.inf if reduce == "min" else -torch.inf)
    best = bound.scatter_reduce(0, where, fixed, "a" + reduce)
    hit = (fixed == best.gather(0, where)) | fixed.isnan()
    number = expanded(torch.arange(items, device=values.device), values)
    first = torch.full(bound.shape, items, dtype=torch.int64, device=values.device)
    return first.scatter_reduce(0, where, number.where(hit, items), "amin")


def expanded(index: Tensor, like: Tensor) -> Tensor:
    return index.reshape(-1, *(1,) * (like.dim() - 1)).expand_as(like)
