"""Attention as a torch operator, and its gradient as another."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.traced import padded, sorted_graph

Gradients = tuple[Tensor | None, ...]


@custom_op("gnnlab::attend", mutates_args=())
def attend(
    value: Tensor, first: Tensor, second: Tensor, weight: Tensor | None, edge_index: Tensor,
    nodes: int, loops: int, turned: bool, kind: str, factor: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Attention, and two numbers per node and head that its gradient reads."""
    adj = sorted_graph(edge_index, nodes, loops, turned)
    weight = padded(weight, adj)
    y, top, share = kernel("attend_forward", value, first, second, weight)(
        kind, value, adj, (first, second), factor, weight
    )
    whole = value.shape[:2]
    return (
        y,
        top if top.numel() else value.new_zeros(whole),
        share if share.numel() else (value.new_zeros(whole)),
    )


@attend.register_fake
def _(value, first, second, weight, edge_index, nodes, loops, turned, kind, factor):  # type: ignore[no-untyped-def]
    return tuple(value.new_empty(shape) for shape in (value.shape, *[value.shape[:2]] * 2))


@custom_op("gnnlab::attend_backward", mutates_args=())
def attend_backward(
    grad: Tensor, value: Tensor, first: Tensor, second: Tensor, weight: Tensor | None, y: Tensor,
    top: Tensor, share: Tensor, edge_index: Tensor, nodes: int, loops: int, turned: bool,
    kind: str, factor: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """The gradients for value, both ends and weight (empty without one)."""
    adj = sorted_graph(edge_index, nodes, loops, turned)
    full = padded(weight, adj)
    grad_value, grad_first, grad_second, grad_weight = kernel(
        "attend_backward", value, first, second, full
    )(kind, grad, value, adj, (first, second), factor, full, (y, top, share))
    if weight is None or grad_weight is None:
        grad_weight = value.new_empty(0)
    else:
        grad_weight = grad_weight[: weight.shape[0]].contiguous()
    return grad_value, grad_first, grad_second, grad_weight


@attend_backward.register_fake
def _(grad, value, first, second, weight, y, top, share, *graph):  # type: ignore[no-untyped-def]
    own = value.new_empty(0 if weight is None else weight.shape)
    return *(tensor.new_empty(tensor.shape) for tensor in (value, first, second)), own


def _attend_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, nodes, loops, turned, kind, factor = inputs
    ctx.graph = nodes, loops, turned, kind, factor
    ctx.save_for_backward(*tensors, *output)
    ctx.mark_non_differentiable(*output[1:])


def _attend_gradients(ctx: Any, grad: Tensor, *unused: Tensor) -> Gradients:
    value, first, second, weight, edge_index, y, top, share = ctx.saved_tensors
    inputs = (grad.contiguous(), value, first, second, weight, y, top, share, edge_index)
    *found, grad_weight = attend_backward(*inputs, *ctx.graph)
    return *found, None if weight is None else grad_weight, *(None,) * 6


attend.register_autograd(_attend_gradients, setup_context=_attend_setup)
