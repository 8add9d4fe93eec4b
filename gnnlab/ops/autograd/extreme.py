"""Extremes (max and min) with their gradient, which goes to the edge that each result came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, again, keep, kept
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows

Gradients = tuple[Tensor | None, ...]


class Extreme(Function):
    """y[i] = max or min of w_e x_j over the edges e = (j, i)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str, kernels: Kernels
    ) -> Tensor:
        out: Tensor
        out, arg = kernels.extreme.extreme(x, weight, adj, reduce)
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, x, weight, arg)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, weight, arg = kept(ctx)
        adj, kernels = ctx.adj, ctx.kernels
        grad_x = grad_w = None
        if torch.is_grad_enabled():
            picked = _messages(x, weight, adj, arg)
            return *again(picked, (x, weight), grad), None, None, None
        if ctx.needs_input_grad[0]:
            grad_x = kernels.extreme.extreme_grad_x(grad, weight, adj, arg)
        if ctx.needs_input_grad[1]:
            grad_w = kernels.extreme.extreme_grad_weight(grad, x, weight, adj, arg)
        return grad_x, grad_w, None, None, None


def _messages(x: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor) -> Tensor:
    """What was picked, by differentiable torch operations (for second derivatives)."""
    edge = arg.long().clamp(min=0)
    flat = x.flatten(1)
    if adj.num_edges == 0:
        return x * 0
    picked = flat.gather(0, adj._source[edge])
    if weight is not None:
        heads = weight.reshape(adj.num_edges, -1)
        feature = torch.arange(flat.shape[1], device=x.device)
        head = feature // max(1, flat.shape[1] // heads.shape[1])
        picked = picked * heads[edge, head.expand_as(edge)]
    return picked.where(arg >= 0, 0).reshape(x.shape)


class SegmentExtreme(Function):
    """Max or min of the items of each row."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, index: Tensor, rows: Rows, reduce: str, kernels: Kernels
    ) -> Tensor:
        out: Tensor
        out, arg = kernels.extreme.segment_extreme(values, rows, reduce)
        ctx.shape = values.shape
        keep(ctx, arg)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (arg,) = kept(ctx)
        shape: torch.Size = ctx.shape
        flat = grad.reshape(arg.shape)
        # No item is in two rows, so at most one number goes to each place.
        spread = flat.new_zeros((shape[0] + 1, arg.shape[1]))
        where = arg.long().where(arg >= 0, shape[0])
        return spread.scatter(0, where, flat)[:-1].reshape(shape), *(None,) * 4


def extreme_edge(
    kernels: Kernels, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str
) -> Tensor:
    """The edge of each max or min, -1 where there is none."""
    edge: Tensor = kernels.extreme.extreme(widen(x), weight, adj, reduce)[1]
    return edge.reshape(x.shape)
