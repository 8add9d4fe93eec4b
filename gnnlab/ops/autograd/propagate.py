"""The linear operations; each is the gradient of another, so they differentiate at any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.base.function import Function, keep, kept
from gnnlab.ops.base.precision import widen
from gnnlab.ops.graphs.order import shares

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows

Gradients = tuple[Tensor | None, ...]


class Propagate(Function):
    """y[i] = sum or mean of w_e x_j over the edges e = (j, i)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool, engine: Engine
    ) -> Tensor:
        ctx.adj, ctx.mean, ctx.engine = adj, mean, engine
        keep(ctx, x, weight)
        return engine.propagate(x, weight, adj, mean)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, weight = kept(ctx)
        adj: Adjacency = ctx.adj
        turned = adj.transpose, ctx.engine
        if ctx.mean and weight is None:  # the division is folded into the sum
            return Scaled.call(grad, None, shares(adj, grad.dtype), *turned), *(None,) * 4
        if ctx.mean:
            grad = grad * shares(adj, grad.dtype).reshape(-1, *(1,) * (grad.dim() - 1))
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = Propagate.call(grad, weight, adj.transpose, False, ctx.engine)
        if ctx.needs_input_grad[1]:
            heads = weight.dim() == 2
            ends = (grad, x) if heads else (grad.flatten(1), x.flatten(1))
            grad_weight = EdgeDot.call(*ends, adj, ctx.engine)
        return grad_x, grad_weight, None, None, None


class Scaled(Function):
    """y[i] = sum of a_i b_j x_j over the edges e = (j, i), numbers of nodes that need no gradient.

    The gradient is the same sum over the transpose, a and b having changed places.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency,
        engine: Engine,
    ) -> Tensor:  # fmt: skip
        ctx.adj, ctx.engine = adj, engine
        keep(ctx, own, other)
        return engine.scaled(x, own, other, adj)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        own, other = kept(ctx)
        return Scaled.call(grad, other, own, ctx.adj.transpose, ctx.engine), *(None,) * 4


class EdgeDot(Function):
    """s_e = <query_i, key_j> for every edge e = (j, i)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, adj: Adjacency, engine: Engine) -> Tensor:
        ctx.adj, ctx.engine = adj, engine
        keep(ctx, query, key)
        return engine.edge_dot(query, key, adj)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        query, key = kept(ctx)
        adj: Adjacency = ctx.adj
        grad_query = grad_key = None
        if ctx.needs_input_grad[0]:
            grad_query = Propagate.call(key, grad, adj, False, ctx.engine)
        if ctx.needs_input_grad[1]:
            grad_key = Propagate.call(query, grad, adj.transpose, False, ctx.engine)
        return grad_query, grad_key, None, None


class Gather(Function):
    """Rows of x by index; ``rows`` groups that index."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, rows: Rows, engine: Engine) -> Tensor:
        ctx.index, ctx.rows, ctx.engine = index, rows, engine
        if index.dim() != 1:
            raise RuntimeError(
                f"the index was (M,) when items were summed and is {tuple(index.shape)} now: "
                "assign to .data before the forward pass or after the backward pass"
            )
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        total = SegmentSum.call(widen(grad), ctx.index, ctx.rows, ctx.engine)
        return total.to(grad.dtype), None, None, None


class SegmentSum(Function):
    """Sum of the items of each row."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, index: Tensor, rows: Rows, engine: Engine) -> Tensor:
        ctx.index, ctx.rows, ctx.engine = index, rows, engine
        return engine.segment_sum(values, rows)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        return Gather.call(grad, ctx.index, ctx.rows, ctx.engine), None, None, None
