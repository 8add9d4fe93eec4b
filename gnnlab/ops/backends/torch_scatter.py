"""torch_scatter backend: its kernels where it has one, the reference elsewhere.

``segment_csr`` and ``gather_csr`` reduce and spread the sorted edges in ``propagate``,
``gcn_propagate``, ``edge_softmax`` and ``segment_reduce``; ``scatter``, which adds atomically on a
GPU, is not used. torch_scatter has nothing for the other operations, which are the reference's. In
max and min its kernels skip NaN and take a row of -inf for an empty one: what is not finite goes to
the reference there, as does an empty table. A long row is added up one by one, so that float32
drifts there (1e-4 over 100,000 equal numbers).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import propagate as sums
from gnnlab.ops.backends.reference import segment, softmax
from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.function import Function
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows


def propagate(x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str) -> Tensor:
    """Gather the sources' rows in the order of the targets, weigh them, ``segment_csr``."""
    if not x.numel() or not adj.num_edges:
        return sums.propagate(x, adj, weight, reduce)
    message = take(widen(x), adj._col.long())
    if weight is not None:
        column = take(weight.to(message.dtype), adj._order.long())
        message = message * column.reshape(column.shape + (1,) * (x.dim() - column.dim()))
    return _segments(message, adj._rowptr.long(), reduce).to(x.dtype)


def gcn_propagate(x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """Scale, reduce, scale again."""
    return sums.scaled(propagate, x, adj, scale)


def edge_softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of the sorted scores, put back in the caller's order."""
    if not score.numel():
        return softmax.edge_softmax(score, adj)
    rowptr, order = adj._rowptr.long(), adj._order.long()
    wide = take(widen(score), order)
    top = _kernels().segment_max_csr(wide.detach(), rowptr)[0]
    exp = (wide - _kernels().gather_csr(top, rowptr)).exp()
    soft = exp / Spread.call(Total.call(exp, rowptr), rowptr)
    return take(soft, adj._keep("place", lambda: order.argsort())).to(score.dtype)


def segment_reduce(values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
    """``segment_csr`` of the sorted items."""
    if not values.numel():
        return segment.segment_reduce(values, index, rows, reduce)
    wide = take(widen(values), rows.order.long())
    return _segments(wide, rows.rowptr.long(), reduce).to(values.dtype)


class Total(Function):
    """``segment_csr``: the sum of each row's items."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, rowptr: Tensor) -> Tensor:
        ctx.rowptr = rowptr
        total: Tensor = _kernels().segment_sum_csr(values.contiguous(), rowptr)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return Spread.call(grad, ctx.rowptr), None


class Spread(Function):
    """``gather_csr``: each row's number for all of its items."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rowptr: Tensor) -> Tensor:
        ctx.rowptr = rowptr
        spread: Tensor = _kernels().gather_csr(x.contiguous(), rowptr)
        return spread

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return Total.call(grad, ctx.rowptr), None


def _segments(values: Tensor, rowptr: Tensor, reduce: str) -> Tensor:
    """Reduce the sorted items."""
    if reduce in ("max", "min"):
        return _extreme(values, rowptr, reduce)
    total = Total.call(values, rowptr)
    if reduce == "sum":
        return total
    count = rowptr.diff().clamp(min=1).to(values.dtype)
    return total / count.reshape(-1, *(1,) * (values.dim() - 1))


def _extreme(values: Tensor, rowptr: Tensor, reduce: str) -> Tensor:
    """Max or min; its gradient goes to the item that the kernel picked, the first of equals."""
    items = values.shape[0]
    if not bool(values.detach().abs().amax() < torch.finfo(values.dtype).max):  # or NaN
        rows = torch.arange(rowptr.numel() - 1, device=values.device)
        index = rows.repeat_interleave(rowptr.diff())
        return scatter(values, index, rows.numel(), reduce)
    kernel = getattr(_kernels(), f"segment_{reduce}_csr")
    item = kernel(values.detach().contiguous(), rowptr)[1]
    best = values.gather(0, item.clamp(max=items - 1))
    return best.where(item < items, 0)


@cache
def _kernels() -> Any:
    return import_module("torch_scatter")
