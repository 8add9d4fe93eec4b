"""Softmax over the edges of each row, with its gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.autograd.propagate import Gather, SegmentSum
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


class EdgeSoftmax(Function):
    """a_e = exp(s_e) / sum of the row's; the gradient needs the result alone."""

    @staticmethod
    def forward(ctx: Any, score: Tensor, adj: Adjacency, kernels: Kernels) -> Tensor:
        out: Tensor = kernels.softmax.softmax(score, adj)
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (soft,) = kept(ctx)
        adj: Adjacency = ctx.adj
        if torch.is_grad_enabled():
            rows = adj._target, adj._rows, ctx.kernels
            total = SegmentSum.call(soft * grad, *rows)
            return soft * (grad - Gather.call(total, *rows)), None, None
        return ctx.kernels.softmax.softmax_grad(soft, grad, adj), None, None


def edge_softmax(kernels: Kernels, score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of each row."""
    return EdgeSoftmax.call(widen(score), adj, kernels).to(score.dtype)
