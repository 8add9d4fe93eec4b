"""Block message passing's autograd function: stalks through a d x d block of each edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class BlockPropagate(Function):
    """y[i] = sum of M_e x_j over the edges e = (j, i), or of M_e^T x_j."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, maps: Tensor, adj: Adjacency, turned: bool, kernels: Kernels
    ) -> Tensor:
        ctx.adj, ctx.turned, ctx.kernels = adj, turned, kernels
        keep(ctx, x, maps)
        out: Tensor = kernels.block.block(x, maps, adj, turned)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, maps = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_x = grad_maps = None
        if ctx.needs_input_grad[0]:
            grad_x = BlockPropagate.call(grad, maps, adj.transpose, not ctx.turned, ctx.kernels)
        if ctx.needs_input_grad[1] and not ctx.turned:
            grad_maps = EdgeOuter.call(grad, x, adj, ctx.kernels)
        elif ctx.needs_input_grad[1]:  # the edge's ends have changed places, and so have the axes
            grad_maps = EdgeOuter.call(x, grad, adj.transpose, ctx.kernels)
        return grad_x, grad_maps, None, None, None


class EdgeOuter(Function):
    """(E, P, D): the inner products over channels of left[i] (P) and right[j] (D)."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, adj: Adjacency, kernels: Kernels) -> Tensor:
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, left, right)
        out: Tensor = kernels.edge_products.outer(left, right, adj)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        left, right = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_left = grad_right = None
        if ctx.needs_input_grad[0]:
            grad_left = BlockPropagate.call(right, grad, adj, False, ctx.kernels)
        if ctx.needs_input_grad[1]:
            grad_right = BlockPropagate.call(left, grad, adj.transpose, True, ctx.kernels)
        return grad_left, grad_right, None, None


def block_propagate(kernels: Kernels, x: Tensor, adj: Adjacency, maps: Tensor) -> Tensor:
    """Stalks through the maps of the edges; maps that only look transposed are not copied."""
    x_, maps_ = widen(x), widen(maps)
    turned = not maps_.is_contiguous() and maps_.mT.is_contiguous()
    maps_ = maps_.mT if turned else maps_
    return BlockPropagate.call(x_, maps_, adj, turned, kernels).to(x.dtype)
