"""Block message passing of stalks as torch operators."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.traced import sorted_graph

Gradients = tuple[Tensor | None, ...]


@custom_op("gnnlab::block_propagate", mutates_args=())
def block(
    x: Tensor, maps: Tensor, edge_index: Tensor, nodes: int, turned: bool, flipped: bool
) -> Tensor:
    """Flipped maps are transposed."""
    adj = sorted_graph(edge_index, nodes, 0, turned)
    maps = maps.transpose(1, 2) if flipped else maps
    out: Tensor = kernel("block_propagate", x, maps)(x, adj, maps.to(x.dtype))
    return out


@block.register_fake
def _(x, maps, edge_index, nodes, turned, flipped):  # type: ignore[no-untyped-def]
    return x.new_empty((nodes, maps.shape[2 if flipped else 1], x.shape[2]))


def _block_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, maps, edge_index, *ctx.form = inputs
    ctx.save_for_backward(x, maps, edge_index)


def _block_gradients(ctx: Any, grad: Tensor) -> Gradients:
    x, maps, edge_index = ctx.saved_tensors
    nodes, turned, flipped = ctx.form
    grad_x = block(grad, maps, edge_index, nodes, not turned, not flipped)
    ends = (x, grad, not turned) if flipped else (grad, x, turned)
    grad_maps = outer(ends[0], ends[1], edge_index, nodes, ends[2])
    return grad_x, grad_maps, None, None, None, None


block.register_autograd(_block_gradients, setup_context=_block_setup)


@custom_op("gnnlab::edge_outer", mutates_args=())
def outer(left: Tensor, right: Tensor, edge_index: Tensor, nodes: int, turned: bool) -> Tensor:
    """(E, P, D): the inner products over channels of left at the target and right at the source."""
    adj = sorted_graph(edge_index, nodes, 0, turned)
    out: Tensor = kernel("edge_outer", left, right)(left, right, adj)
    return out


@outer.register_fake
def _(left, right, edge_index, nodes, turned):  # type: ignore[no-untyped-def]
    return left.new_empty((edge_index.shape[1], left.shape[1], right.shape[1]))


def _outer_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    left, right, edge_index, *ctx.form = inputs
    ctx.save_for_backward(left, right, edge_index)


def _outer_gradients(ctx: Any, grad: Tensor) -> Gradients:
    left, right, edge_index = ctx.saved_tensors
    nodes, turned = ctx.form
    grad_left = block(right, grad, edge_index, nodes, turned, False)
    grad_right = block(left, grad, edge_index, nodes, not turned, True)
    return grad_left, grad_right, None, None, None


outer.register_autograd(_outer_gradients, setup_context=_outer_setup)
