"""Propagation and other linear operations: each is another's gradient, at any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.autograd.extreme import Extreme
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept
from gnnlab.ops.base.precision import HALF, widen
from gnnlab.ops.graphs.order import shares

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows

Gradients = tuple[Tensor | None, ...]


class Propagate(Function):
    """y[i] = sum or mean of w_e x_j over the edges e = (j, i)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool, kernels: Kernels
    ) -> Tensor:
        ctx.adj, ctx.mean, ctx.kernels = adj, mean, kernels
        keep(ctx, x, weight)
        out: Tensor = kernels.propagate.propagate(x, weight, adj, mean)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, weight = kept(ctx)
        adj: Adjacency = ctx.adj
        turned = adj.transpose, ctx.kernels
        if ctx.mean and weight is None:  # the division is folded into the sum
            return Scaled.call(grad, None, shares(adj, grad.dtype), *turned), *(None,) * 4
        if ctx.mean:
            grad = grad * shares(adj, grad.dtype).reshape(-1, *(1,) * (grad.dim() - 1))
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = Propagate.call(grad, weight, adj.transpose, False, ctx.kernels)
        if ctx.needs_input_grad[1]:
            heads = weight.dim() == 2
            ends = (grad, x) if heads else (grad.flatten(1), x.flatten(1))
            grad_weight = EdgeDot.call(*ends, adj, ctx.kernels)
        return grad_x, grad_weight, None, None, None


class Scaled(Function):
    """y[i] = sum of a_i b_j x_j over the edges e = (j, i), numbers of nodes that need no gradient.

    The gradient is the same sum over the transpose, a and b having changed places.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency,
        kernels: Kernels,
    ) -> Tensor:  # fmt: skip
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, own, other)
        out: Tensor = kernels.propagate.scaled(x, own, other, adj)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        own, other = kept(ctx)
        return Scaled.call(grad, other, own, ctx.adj.transpose, ctx.kernels), *(None,) * 4


class EdgeDot(Function):
    """s_e = <query_i, key_j> for every edge e = (j, i)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, adj: Adjacency, kernels: Kernels) -> Tensor:
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, query, key)
        out: Tensor = kernels.edge_products.edge_dot(query, key, adj)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        query, key = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_query = grad_key = None
        if ctx.needs_input_grad[0]:
            grad_query = Propagate.call(key, grad, adj, False, ctx.kernels)
        if ctx.needs_input_grad[1]:
            grad_key = Propagate.call(query, grad, adj.transpose, False, ctx.kernels)
        return grad_query, grad_key, None, None


class Gather(Function):
    """Rows of x by index; ``rows`` groups that index."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, rows: Rows, kernels: Kernels) -> Tensor:
        ctx.index, ctx.rows, ctx.kernels = index, rows, kernels
        try:
            if index.dim() == 1:
                return x.index_select(0, index)
        except IndexError:
            pass
        raise RuntimeError(
            f"the index was (M,) when items were summed and is {tuple(index.shape)} or of other "
            "rows now: change it before the forward pass or after the backward pass"
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        total = SegmentSum.call(widen(grad), ctx.index, ctx.rows, ctx.kernels)
        return total.to(grad.dtype), None, None, None


class SegmentSum(Function):
    """Sum of the items of each row."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, index: Tensor, rows: Rows, kernels: Kernels) -> Tensor:
        ctx.index, ctx.rows, ctx.kernels = index, rows, kernels
        out: Tensor = kernels.propagate.segment_sum(values, rows)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        return Gather.call(grad, ctx.index, ctx.rows, ctx.kernels), None, None, None


def propagate(
    kernels: Kernels, x: Tensor, adj: Adjacency, weight: Tensor | None, reduce: str
) -> Tensor:
    """Sum or mean, or max or min."""
    weight = widen(weight) if weight is not None else None
    if reduce == "sum":
        kept = kernels.propagate.stored(x)
        return Propagate.call(kept, weight, adj, False, kernels).to(x.dtype)
    if reduce == "mean" and weight is None and x.dtype in HALF:
        kept, share = kernels.propagate.stored(x), shares(adj, torch.float32)
        return Scaled.call(kept, share, None, adj, kernels).to(x.dtype)
    if reduce == "mean":
        return Propagate.call(widen(x), weight, adj, True, kernels).to(x.dtype)
    return Extreme.call(widen(x), weight, adj, reduce, kernels).to(x.dtype)


def gcn_propagate(kernels: Kernels, x: Tensor, adj: Adjacency, scale: Tensor) -> Tensor:
    """The weights of the edges are products of numbers of their ends."""
    return Scaled.call(kernels.propagate.stored(x), scale, scale, adj, kernels).to(x.dtype)
