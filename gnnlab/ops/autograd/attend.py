"""Attention as an autograd function, whose gradient recomputes the softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import attend as reference
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.backends.types import Ends, Stats
from gnnlab.ops.base.function import Function, again, keep, kept
from gnnlab.ops.base.precision import wide, widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class Attend(Function):
    """Kind ``"additive"`` with ends source and target, or ``"product"`` with query and key."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, first: Tensor, second: Tensor, weight: Tensor | None,
        kind: str, adj: Adjacency, factor: float, kernels: Kernels,
    ) -> Tensor:  # fmt: skip
        stats: Stats = kernels.attend.attend(kind, value, adj, (first, second), factor, weight)
        ctx.kind, ctx.adj, ctx.factor, ctx.kernels = kind, adj, factor, kernels
        keep(ctx, value, first, second, weight, *stats)
        return stats[0]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        value, first, second, weight, *stats = kept(ctx)
        if torch.is_grad_enabled():
            attend = (
                reference.attend_additive if ctx.kind == "additive" else reference.attend_product
            )
            y = attend(value, ctx.adj, first, second, ctx.factor, weight)
            return *again(y, (value, first, second, weight), grad), *(None,) * 4
        found = gradients(
            ctx.kernels, ctx.kind, grad, value, ctx.adj, (first, second), ctx.factor, weight, stats
        )
        return *found, *(None,) * 4


def gradients(
    kernels: Kernels, kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends,
    factor: float, weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients for value, both ends, and the weight if there is one."""
    grad_value, grad_end, grad_score, grad_weight = kernels.attend_grad.attend_grad(
        kind, grad, value, adj, ends, factor, weight, stats
    )
    if weight is not None and grad_weight is not None and weight.dim() == 1:
        grad_weight = grad_weight.sum(1)
    if kind == "additive":
        return (
            grad_value,
            grad_end,
            kernels.propagate.segment_sum(grad_score, adj._rows),
            grad_weight,
        )
    grad_query = kernels.propagate.propagate(ends[1], grad_score, adj, False)
    return grad_value, grad_query, grad_end, grad_weight


def attend_additive(
    kernels: Kernels, value: Tensor, adj: Adjacency, source: Tensor, target: Tensor, slope: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Attention with additive scores."""
    kept = kernels.propagate.stored(value)
    ends = source.to(wide(kept)), target.to(wide(kept))
    return _attended("additive", kernels, kept, adj, ends, slope, weight).to(value.dtype)


def attend_product(
    kernels: Kernels, value: Tensor, adj: Adjacency, query: Tensor, key: Tensor, scale: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Attention with inner products as scores."""
    kept = kernels.propagate.stored(value)
    ends = query.to(kept.dtype), key.to(kept.dtype)
    return _attended("product", kernels, kept, adj, ends, scale, weight).to(value.dtype)


def _attended(
    kind: str, kernels: Kernels, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    weight = widen(weight) if weight is not None else None
    return Attend.call(value, *ends, weight, kind, adj, factor, kernels)


def attend_forward(
    kernels: Kernels, kind: str, value: Tensor, adj: Adjacency, ends: Ends, factor: float,
    weight: Tensor | None,
) -> Stats:  # fmt: skip
    """Attention and what its gradient reads."""
    stats: Stats = kernels.attend.attend(kind, value, adj, ends, factor, weight)
    return stats


def attend_backward(
    kernels: Kernels, kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends,
    factor: float, weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients of attention."""
    return gradients(kernels, kind, grad, value, adj, ends, factor, weight, stats)
