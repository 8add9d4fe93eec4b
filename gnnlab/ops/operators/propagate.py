"""Propagation, the other linear operations and the softmax as torch operators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.traced import padded, sorted_graph

Gradients = tuple[Tensor | None, ...]


# The graph, in every operator below: edge_index (2, E), the number of nodes, what was done to its
# self-loops (DROPPED, ADDED, both or neither), and whether the edges are turned.


@custom_op("gnnlab::propagate", mutates_args=())
def total(
    x: Tensor, weight: Tensor | None, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    adj = sorted_graph(edge_index, nodes, loops, turned)
    weight = padded(weight, adj)
    out: Tensor = kernel("propagate", x, weight)(x, adj, weight, "sum")
    return out


@total.register_fake
def _(x, weight, edge_index, nodes, loops, turned):  # type: ignore[no-untyped-def]
    return x.new_empty(x.shape)


def _sum_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, edge_index, *ctx.form = inputs
    ctx.save_for_backward(x, weight, edge_index)


def _sum_backward(ctx: Any, grad: Tensor) -> Gradients:
    x, weight, edge_index = ctx.saved_tensors
    nodes, loops, turned = ctx.form
    grad_x = grad_weight = None
    if ctx.needs_input_grad[0]:
        grad_x = total(grad, weight, edge_index, nodes, loops, not turned)
    if weight is not None and ctx.needs_input_grad[1]:
        ends = (grad, x) if weight.dim() == 2 else (grad.flatten(1), x.flatten(1))
        grad_weight = dot(*ends, edge_index, nodes, loops, turned)
    return grad_x, grad_weight, None, None, None, None


total.register_autograd(_sum_backward, setup_context=_sum_setup)


@custom_op("gnnlab::edge_dot", mutates_args=())
def dot(
    query: Tensor, key: Tensor, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    # The edges that were given come first, in their order: the added loops are left out.
    adj = sorted_graph(edge_index, nodes, 0, turned)
    out: Tensor = kernel("edge_dot", query, key)(query, key, adj)
    return out


@dot.register_fake
def _(query, key, edge_index, nodes, loops, turned):  # type: ignore[no-untyped-def]
    return query.new_empty((edge_index.shape[1], *query.shape[1:-1]))


def _dot_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    query, key, edge_index, ctx.nodes, _, ctx.turned = inputs
    ctx.save_for_backward(query, key, edge_index)


def _dot_backward(ctx: Any, grad: Tensor) -> Gradients:
    query, key, edge_index = ctx.saved_tensors
    grad_query = total(key, grad, edge_index, ctx.nodes, 0, ctx.turned)
    grad_key = total(query, grad, edge_index, ctx.nodes, 0, not ctx.turned)
    return grad_query, grad_key, None, None, None, None


dot.register_autograd(_dot_backward, setup_context=_dot_setup)


@custom_op("gnnlab::gcn_propagate", mutates_args=())
def scaled(
    x: Tensor, scale: Tensor, edge_index: Tensor, nodes: int, loops: int, turned: bool
) -> Tensor:
    adj = sorted_graph(edge_index, nodes, loops, turned)
    out: Tensor = kernel("gcn_propagate", x, scale)(x, adj, scale)
    return out


@scaled.register_fake
def _(x, scale, edge_index, nodes, loops, turned):  # type: ignore[no-untyped-def]
    return x.new_empty(x.shape)


def _scaled_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, scale, edge_index, *ctx.form = inputs
    ctx.save_for_backward(scale, edge_index)


def _scaled_backward(ctx: Any, grad: Tensor) -> Gradients:
    scale, edge_index = ctx.saved_tensors
    nodes, loops, turned = ctx.form
    return scaled(grad, scale, edge_index, nodes, loops, not turned), *(None,) * 5


scaled.register_autograd(_scaled_backward, setup_context=_scaled_setup)


@custom_op("gnnlab::edge_softmax", mutates_args=())
def softmax(score: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    adj = sorted_graph(edge_index, nodes, 0, turned)
    out: Tensor = kernel("edge_softmax", score)(score, adj)
    return out


@softmax.register_fake
def _(score, edge_index, nodes, turned):  # type: ignore[no-untyped-def]
    return score.new_empty(score.shape)


def _softmax_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, edge_index, ctx.nodes, ctx.turned = inputs
    ctx.save_for_backward(output, edge_index)


def _softmax_backward(ctx: Any, grad: Tensor) -> Gradients:
    soft, edge_index = ctx.saved_tensors
    total = edge_sum(soft * grad, edge_index, ctx.nodes, ctx.turned)
    spread = gather(total, edge_index, ctx.nodes, ctx.turned)
    return soft * (grad - spread), None, None, None


softmax.register_autograd(_softmax_backward, setup_context=_softmax_setup)


@custom_op("gnnlab::gather", mutates_args=())
def gather(x: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    return x.index_select(0, edge_index[0 if turned else 1])


@gather.register_fake
def _(x, edge_index, nodes, turned):  # type: ignore[no-untyped-def]
    return x.new_empty((edge_index.shape[1], *x.shape[1:]))


def _gather_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, edge_index, ctx.nodes, ctx.turned = inputs
    ctx.save_for_backward(edge_index)


def _gather_backward(ctx: Any, grad: Tensor) -> Gradients:
    (edge_index,) = ctx.saved_tensors
    return edge_sum(grad, edge_index, ctx.nodes, ctx.turned), None, None, None


gather.register_autograd(_gather_backward, setup_context=_gather_setup)


@custom_op("gnnlab::edge_sum", mutates_args=())
def edge_sum(values: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    adj = sorted_graph(edge_index, nodes, 0, turned)
    out: Tensor = kernel("segment_reduce", values)(values, adj._target, adj._rows, "sum")
    return out


@edge_sum.register_fake
def _(values, edge_index, nodes, turned):  # type: ignore[no-untyped-def]
    return values.new_empty((nodes, *values.shape[1:]))


def _edge_sum_backward(ctx: Any, grad: Tensor) -> Gradients:
    (edge_index,) = ctx.saved_tensors
    return gather(grad, edge_index, ctx.nodes, ctx.turned), None, None, None


edge_sum.register_autograd(_edge_sum_backward, setup_context=_gather_setup)


@custom_op("gnnlab::degree", mutates_args=())
def count(edge_index: Tensor, nodes: int, loops: int, turned: bool) -> Tensor:
    return sorted_graph(edge_index, nodes, loops, turned)._rowptr.diff()


@count.register_fake
def _(edge_index, nodes, loops, turned):  # type: ignore[no-untyped-def]
    return edge_index.new_empty((nodes,), dtype=torch.int32)
