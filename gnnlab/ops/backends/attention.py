"""Attention by compiled loops; what the gradient needs is computed again, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from . import attend_rows, reference
from .function import Function, again
from .linear import Propagate, SegmentSum, matrix, wide
from .memory import empty, empty_like
from .parallel import Array, array, over_rows

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]
Stats = tuple[Tensor, Tensor, Tensor]
"""The result, and the maximum and 1 / sum of every row's scores."""


class Additive(Function):
    """Scores LeakyReLU(source[j] + target[i])."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, source: Tensor, target: Tensor, weight: Tensor | None,
        adj: Adjacency, slope: float,
    ) -> Tensor:  # fmt: skip
        stats = forward("additive", value, adj, (source, target), slope, weight)
        ctx.adj, ctx.factor = adj, slope
        ctx.save_for_backward(value, source, target, weight, *stats)
        return stats[0]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        value, source, target, weight, *stats = ctx.saved_tensors
        if torch.is_grad_enabled():
            y = reference.attend_additive(value, ctx.adj, source, target, ctx.factor, weight)
            return *again(y, (value, source, target, weight), grad), None, None
        found = backward(
            "additive", grad, value, ctx.adj, (source, target), ctx.factor, weight, stats
        )
        return *found, None, None


class Product(Function):
    """Scores scale * <query[i], key[j]>."""

    @staticmethod
    def forward(
        ctx: Any, value: Tensor, query: Tensor, key: Tensor, weight: Tensor | None,
        adj: Adjacency, scale: float,
    ) -> Tensor:  # fmt: skip
        stats = forward("product", value, adj, (query, key), scale, weight)
        ctx.adj, ctx.factor = adj, scale
        ctx.save_for_backward(value, query, key, weight, *stats)
        return stats[0]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        value, query, key, weight, *stats = ctx.saved_tensors
        if torch.is_grad_enabled():
            y = reference.attend_product(value, ctx.adj, query, key, ctx.factor, weight)
            return *again(y, (value, query, key, weight), grad), None, None
        found = backward("product", grad, value, ctx.adj, (query, key), ctx.factor, weight, stats)
        return *found, None, None


def forward(
    kind: str, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor], factor: float,
    weight: Tensor | None,
) -> Stats:  # fmt: skip
    """Attend, and keep two numbers per node and head for the gradient.

    Args:
        kind: ``"additive"`` with ends source and target, or ``"product"`` with query and key.
        factor: the slope, or the scale.
    """
    kernel = attend_rows.additive_rows if kind == "additive" else attend_rows.product_rows
    out = empty_like(value)
    top, share = (value.new_empty(value.shape[:2], dtype=wide(value)) for _ in range(2))
    values, number = matrix(value), array(top).dtype.type
    over_rows(
        kernel, array(adj.rowptr), 2 * values.shape[1], matrix(out), array(top), array(share),
        values, array(adj.col), array(adj.order), matrix(ends[0]), matrix(ends[1]),
        number(factor), edge_table(weight),
    )  # fmt: skip
    return out, top, share


def backward(
    kind: str, grad: Tensor, value: Tensor, adj: Adjacency, ends: tuple[Tensor, Tensor],
    factor: float, weight: Tensor | None, stats: Stats,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """The gradients for value, both ends, and the weight if there is one."""
    out, top, share = stats
    additive, reverse = kind == "additive", adj.transpose
    kernel = attend_rows.additive_grad_rows if additive else attend_rows.product_grad_rows
    grad_value = empty_like(value)
    # Where the walk over sources ends up by itself: the source's score, or the key.
    grad_end = empty_like(ends[0 if additive else 1])
    grad_score = empty((adj.num_edges, value.shape[1]), wide(value))
    grad_weight = empty_like(grad_score) if weight is not None else None
    mean = (grad.to(top.dtype) * out).sum(-1)
    values, number = matrix(value), array(top).dtype.type
    over_rows(
        kernel, array(reverse.rowptr), 4 * values.shape[1], matrix(grad_value), matrix(grad_end),
        array(grad_score), edge_table(grad_weight), values, matrix(grad), array(reverse.col),
        array(reverse.order), matrix(ends[0]), matrix(ends[1]), number(factor),
        edge_table(weight), array(top), array(share), array(mean),
    )  # fmt: skip
    if weight is not None and grad_weight is not None and weight.dim() == 1:
        grad_weight = grad_weight.sum(1)
    if additive:
        grad_target = SegmentSum.call(grad_score, adj.target, adj.rows)
        return grad_value, grad_end, grad_target, grad_weight
    grad_query = Propagate.call(ends[1], grad_score, adj, False)
    return grad_value, grad_query, grad_end, grad_weight


def edge_table(weight: Tensor | None) -> Array | None:
    """(E, K) or (E, 1), in the caller's order."""
    return None if weight is None else matrix(weight)
