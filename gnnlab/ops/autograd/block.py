"""Stalks: the map of an edge and its gradient, an outer product of what its ends hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class BlockPropagate(Function):
    """y[i] = sum of M_e x_j over the edges e = (j, i), or of M_e^T x_j."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, maps: Tensor, adj: Adjacency, turned: bool, engine: Engine
    ) -> Tensor:
        ctx.adj, ctx.turned, ctx.engine = adj, turned, engine
        keep(ctx, x, maps)
        return engine.block(x, maps, adj, turned)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, maps = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_x = grad_maps = None
        if ctx.needs_input_grad[0]:
            grad_x = BlockPropagate.call(grad, maps, adj.transpose, not ctx.turned, ctx.engine)
        if ctx.needs_input_grad[1] and not ctx.turned:
            grad_maps = EdgeOuter.call(grad, x, adj, ctx.engine)
        elif ctx.needs_input_grad[1]:  # the edge's ends have changed places, and so have the axes
            grad_maps = EdgeOuter.call(x, grad, adj.transpose, ctx.engine)
        return grad_x, grad_maps, None, None, None


class EdgeOuter(Function):
    """(E, P, D): the inner products over channels of left[i] (P) and right[j] (D)."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, adj: Adjacency, engine: Engine) -> Tensor:
        ctx.adj, ctx.engine = adj, engine
        keep(ctx, left, right)
        return engine.outer(left, right, adj)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        left, right = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_left = grad_right = None
        if ctx.needs_input_grad[0]:
            grad_left = BlockPropagate.call(right, grad, adj, False, ctx.engine)
        if ctx.needs_input_grad[1]:
            grad_right = BlockPropagate.call(left, grad, adj.transpose, True, ctx.engine)
        return grad_left, grad_right, None, None
