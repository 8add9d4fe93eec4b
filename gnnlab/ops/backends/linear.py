"""The linear operations; each is the gradient of another, so they differentiate at any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .function import Function
from .inner import dot_rows
from .parallel import Array, array, empty, over_rows
from .reference import widen
from .rows import scaled_rows
from .touched import summed

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows

Gradients = tuple[Tensor | None, ...]


class Propagate(Function):
    """y[i] = sum or mean of w_e x_j over the edges e = (j, i)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool) -> Tensor:
        ctx.adj, ctx.mean = adj, mean
        ctx.save_for_backward(x, weight)
        return summed(x, adj.rowptr, adj.col, sorted_weight(weight, adj), mean)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, weight = ctx.saved_tensors
        adj: Adjacency = ctx.adj
        if ctx.mean and weight is None:  # the division is folded into the sum
            return Scaled.call(grad, None, shares(adj, grad.dtype), adj.transpose), *(None,) * 3
        if ctx.mean:
            grad = grad * shares(adj, grad.dtype).reshape(-1, *(1,) * (grad.dim() - 1))
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = Propagate.call(grad, weight, adj.transpose, False)
        if ctx.needs_input_grad[1]:
            heads = weight.dim() == 2
            ends = (grad, x) if heads else (grad.flatten(1), x.flatten(1))
            grad_weight = EdgeDot.call(*ends, adj)
        return grad_x, grad_weight, None, None


class Scaled(Function):
    """y[i] = sum of a_i b_j x_j over the edges e = (j, i), numbers of nodes that need no gradient.

    The gradient is the same sum over the transpose, a and b having changed places.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency
    ) -> Tensor:
        ctx.adj = adj
        ctx.save_for_backward(own, other)
        out = empty(x.shape, x)
        table, kind = matrix(out), wide(x)
        ends = (None if end is None else array(end.to(kind)) for end in (own, other))
        one = np.float64(1) if kind is torch.float64 else np.float32(1)
        edges = array(adj.col)
        over_rows(
            scaled_rows, array(adj.rowptr), table.shape[1], table, matrix(x), edges, *ends, one
        )
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        own, other = ctx.saved_tensors
        return Scaled.call(grad, other, own, ctx.adj.transpose), None, None, None


class EdgeDot(Function):
    """s_e = <query_i, key_j> for every edge e = (j, i)."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
        ctx.adj = adj
        ctx.save_for_backward(query, key)
        out = query.new_empty((adj.num_edges, *query.shape[1:-1]), dtype=wide(query))
        heads = query.shape[1] if query.dim() == 3 else 1
        ends = matrix(query), matrix(key)
        table = out.numpy().reshape(adj.num_edges, heads)
        width = heads * query.shape[-1]
        edges = array(adj.col), array(adj.order)
        over_rows(dot_rows, array(adj.rowptr), width, table, *ends, *edges)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        query, key = ctx.saved_tensors
        adj: Adjacency = ctx.adj
        grad_query = grad_key = None
        if ctx.needs_input_grad[0]:
            grad_query = Propagate.call(key, grad, adj, False)
        if ctx.needs_input_grad[1]:
            grad_key = Propagate.call(query, grad, adj.transpose, False)
        return grad_query, grad_key, None


class Gather(Function):
    """Rows of x by index; ``rows`` groups that index."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, rows: Rows) -> Tensor:
        ctx.index, ctx.rows = index, rows
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        total = SegmentSum.call(widen(grad), ctx.index, ctx.rows)
        return total.to(grad.dtype), None, None


class SegmentSum(Function):
    """Sum of the items of each row."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, index: Tensor, rows: Rows) -> Tensor:
        ctx.index, ctx.rows = index, rows
        return summed(values, rows.rowptr, rows.order, None, False)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        return Gather.call(grad, ctx.index, ctx.rows), None, None


def wide(x: Tensor) -> torch.dtype:
    """The type that its sums are in."""
    return torch.float32 if x.dtype is torch.bfloat16 else x.dtype


def matrix(x: Tensor) -> Array:
    """The tensor's memory, one row a row."""
    return array(x).reshape(x.shape[0], x.shape[1:].numel())


def sorted_weight(weight: Tensor | None, adj: Adjacency) -> Array | None:
    """(E, heads) in the order of the rows."""
    if weight is None:
        return None
    if not in_order(adj):
        weight = weight.index_select(0, adj.order)
    return array(weight).reshape(adj.num_edges, weight.shape[1:].numel())


def in_order(adj: Adjacency) -> bool:
    """Whether the caller's edges are sorted by target already."""
    return adj.remember("in order", lambda: bool((adj.target.diff() >= 0).all()))


def shares(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    """1 / the number of each row's edges, at least 1: (N,)."""

    def build() -> Tensor:
        return adj.rowptr.diff().clamp(min=1).to(dtype).reciprocal()

    return adj.remember(("shares", dtype), build)
