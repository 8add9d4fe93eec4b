"""Attention by compiled loops; what the gradient needs is computed again, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from . import attend_rows, reference
from .function import Function, again
from .linear import Propagate, SegmentSum, matrix
from .parallel import Array, array, over_rows

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class Additive(Function):
    """Scores LeakyReLU(source[j] + target[i])."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, source: Tensor, target: Tensor, weight: Tensor | None,
        adj: Adjacency, slope: float,
    ) -> Tensor:  # fmt: skip
        kernel = attend_rows.additive_rows
        return _forward(ctx, kernel, value, source, target, weight, adj, slope)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        value, source, target, weight, *_ = ctx.saved_tensors
        if torch.is_grad_enabled():
            y = reference.attend_additive(value, ctx.adj, source, target, ctx.factor, weight)
            return *again(y, (value, source, target, weight), grad), None, None
        grad_source = torch.empty_like(source, memory_format=torch.contiguous_format)
        found = _backward(ctx, attend_rows.additive_grad_rows, grad, grad_source)
        grad_value, grad_score, grad_weight = found
        grad_target = None
        if ctx.needs_input_grad[2]:
            grad_target = SegmentSum.call(grad_score, ctx.adj.target, ctx.adj.rows)
        return grad_value, grad_source, grad_target, grad_weight, None, None


class Product(Function):
    """Scores scale * <query[i], key[j]>."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, query: Tensor, key: Tensor, weight: Tensor | None,
        adj: Adjacency, scale: float,
    ) -> Tensor:  # fmt: skip
        kernel = attend_rows.product_rows
        return _forward(ctx, kernel, value, query, key, weight, adj, scale)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        value, query, key, weight, *_ = ctx.saved_tensors
        if torch.is_grad_enabled():
            y = reference.attend_product(value, ctx.adj, query, key, ctx.factor, weight)
            return *again(y, (value, query, key, weight), grad), None, None
        grad_key = torch.empty_like(key, memory_format=torch.contiguous_format)
        found = _backward(ctx, attend_rows.product_grad_rows, grad, grad_key)
        grad_value, grad_score, grad_weight = found
        grad_query = None
        if ctx.needs_input_grad[1]:
            grad_query = Propagate.call(key, grad_score, ctx.adj, False)
        return grad_value, grad_query, grad_key, grad_weight, None, None


def _forward(
    ctx: Any, kernel: Any, value: Tensor, left: Tensor, right: Tensor, weight: Tensor | None,
    adj: Adjacency, factor: float,
) -> Tensor:  # fmt: skip
    out = torch.empty_like(value, memory_format=torch.contiguous_format)
    top, share = value.new_empty((2, *value.shape[:2]))
    values = matrix(value)
    over_rows(
        kernel, array(adj.rowptr), 2 * values.shape[1], matrix(out), array(top), array(share),
        values, array(adj.col), array(adj.order), matrix(left), matrix(right),
        values.dtype.type(factor), edge_table(weight),
    )  # fmt: skip
    ctx.adj, ctx.factor = adj, factor
    ctx.save_for_backward(value, left, right, weight, out, top, share)
    return out


def _backward(
    ctx: Any, kernel: Any, grad: Tensor, grad_right: Tensor
) -> tuple[Tensor, Tensor, Tensor | None]:
    value, left, right, weight, out, top, share = ctx.saved_tensors
    adj: Adjacency = ctx.adj
    reverse = adj.transpose
    grad_value = torch.empty_like(value, memory_format=torch.contiguous_format)
    grad_score = value.new_empty((adj.num_edges, value.shape[1]))
    grad_weight = torch.empty_like(grad_score) if ctx.needs_input_grad[3] else None
    mean = (grad * out).sum(-1)
    values = matrix(value)
    over_rows(
        kernel, array(reverse.rowptr), 4 * values.shape[1], matrix(grad_value),
        matrix(grad_right), array(grad_score), edge_table(grad_weight), values, matrix(grad),
        array(reverse.col), array(reverse.order), matrix(left), matrix(right),
        values.dtype.type(ctx.factor), edge_table(weight), array(top), array(share), array(mean),
    )  # fmt: skip
    if grad_weight is not None and weight.dim() == 1:
        grad_weight = grad_weight.sum(1)
    return grad_value, grad_score, grad_weight


def edge_table(weight: Tensor | None) -> Array | None:
    """(E, K) or (E, 1), in the caller's order."""
    return None if weight is None else matrix(weight)
