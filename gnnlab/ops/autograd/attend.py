"""Attention: the gradient computes the softmax again from two numbers per node and head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends import reference
from gnnlab.ops.backends.engine import Ends, Engine, Stats
from gnnlab.ops.base.function import Function, again, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class Attend(Function):
    """Kind ``"additive"`` with ends source and target, or ``"product"`` with query and key."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, first: Tensor, second: Tensor, weight: Tensor | None,
        kind: str, adj: Adjacency, factor: float, engine: Engine,
    ) -> Tensor:  # fmt: skip
        stats = engine.attend(kind, value, adj, (first, second), factor, weight)
        ctx.kind, ctx.adj, ctx.factor, ctx.engine = kind, adj, factor, engine
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
            ctx.engine, ctx.kind, grad, value, ctx.adj, (first, second), ctx.factor, weight, stats
        )
        return *found, *(None,) * 4


def gradients(
    engine: Engine, kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: Ends,
    factor: float, weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients for value, both ends, and the weight if there is one."""
    grad_value, grad_end, grad_score, grad_weight = engine.attend_grad(
        kind, grad, value, adj, ends, factor, weight, stats
    )
    if weight is not None and grad_weight is not None and weight.dim() == 1:
        grad_weight = grad_weight.sum(1)
    if kind == "additive":
        return grad_value, grad_end, engine.segment_sum(grad_score, adj._rows), grad_weight
    grad_query = engine.propagate(ends[1], grad_score, adj, False)
    return grad_value, grad_query, grad_end, grad_weight
