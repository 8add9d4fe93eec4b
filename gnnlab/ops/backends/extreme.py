"""Max and min, which remember the edge that every result came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .function import Function, again
from .kernels import picked_columns, picked_weights
from .linear import matrix, sorted_weight
from .memory import empty, empty_like
from .parallel import array, over_items, over_rows
from .rows import max_rows, min_rows

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows

Gradients = tuple[Tensor | None, ...]


class Extreme(Function):
    """y[i] = max or min of w_e x_j over the edges e = (j, i)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str) -> Tensor:
        out, arg = extreme(x, weight, adj, reduce)
        ctx.adj = adj
        ctx.save_for_backward(x, weight, arg)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, weight, arg = ctx.saved_tensors
        if torch.is_grad_enabled():
            picked = _messages(x, weight, ctx.adj, arg)
            return *again(picked, (x, weight), grad), None, None
        grad_x = _grad_x(grad, weight, ctx.adj, arg) if ctx.needs_input_grad[0] else None
        grad_w = _grad_w(grad, x, weight, ctx.adj, arg) if ctx.needs_input_grad[1] else None
        return grad_x, grad_w, None, None


def extreme(x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str) -> tuple[Tensor, Tensor]:
    """Max or min, and the edges they came from: int32, one row a node, -1 for an empty one."""
    out = empty_like(x)
    table = matrix(out)
    arg = empty(table.shape, torch.int32)
    w = sorted_weight(weight, adj)
    heads = w.shape[1] if w is not None else 1
    over_rows(
        max_rows if reduce == "max" else min_rows, array(adj.rowptr), table.shape[1],
        table, arg.numpy(), matrix(x), array(adj.col), array(adj.order), w, heads,
    )  # fmt: skip
    return out, arg


def _grad_x(grad: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor) -> Tensor:
    out = torch.zeros_like(grad, memory_format=torch.contiguous_format)
    table = matrix(out)
    w = matrix(weight) if weight is not None else None
    columns, rows = table.shape[1], table.shape[0]
    args = table, matrix(grad), arg.numpy(), array(adj.source), w
    over_items(picked_columns, columns, 8 * rows * columns, *args)
    return out


def _grad_w(grad: Tensor, x: Tensor, weight: Tensor, adj: Adjacency, arg: Tensor) -> Tensor:
    out = torch.zeros_like(weight, memory_format=torch.contiguous_format)
    table = out.numpy().reshape(adj.num_edges, weight.shape[1:].numel())
    over_rows(
        picked_weights, array(adj.rowptr), 1, table, matrix(grad), arg.numpy(), matrix(x),
        array(adj.source),
    )  # fmt: skip
    return out


def _messages(x: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor) -> Tensor:
    """What was picked, by differentiable torch operations (for second derivatives)."""
    edge = arg.long().clamp(min=0)
    flat = x.flatten(1)
    if adj.num_edges == 0:
        return x * 0
    picked = flat.gather(0, adj.source[edge])
    if weight is not None:
        heads = weight.reshape(adj.num_edges, -1)
        head = torch.arange(flat.shape[1], device="cpu") // max(1, flat.shape[1] // heads.shape[1])
        picked = picked * heads[edge, head.expand_as(edge)]
    return picked.where(arg >= 0, 0).reshape(x.shape)


class SegmentExtreme(Function):
    """Max or min of the items of each row."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
        out = empty((rows.rowptr.numel() - 1, *values.shape[1:]), values.dtype)
        table = matrix(out)
        arg = empty(table.shape, torch.int32)
        order = array(rows.order)
        over_rows(
            max_rows if reduce == "max" else min_rows, array(rows.rowptr), table.shape[1],
            table, arg.numpy(), matrix(values), order, order, None, 1,
        )  # fmt: skip
        ctx.shape = values.shape
        ctx.save_for_backward(arg)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (arg,) = ctx.saved_tensors
        shape: torch.Size = ctx.shape
        flat = grad.reshape(arg.shape)
        # No item is in two rows, so at most one number goes to each place.
        spread = flat.new_zeros((shape[0] + 1, arg.shape[1]))
        where = arg.long().where(arg >= 0, shape[0])
        return spread.scatter(0, where, flat)[:-1].reshape(shape), None, None, None
