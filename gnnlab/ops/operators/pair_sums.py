"""Pair sums as torch operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from gnnlab.ops.backends.table import kernel
from gnnlab.ops.graphs.traced_pairs import laid_out

Gradients = tuple[Tensor | None, ...]


@custom_op("gnnlab::pair_aggregate", mutates_args=())
def aggregate(
    x: Tensor, shifts: Tensor, scale: Tensor, inside: Tensor | None, edge_index: Tensor, nodes: int,
    bounds: Tensor | None, symbols: str, shifted: str,
) -> Tensor:  # fmt: skip
    """(A, P, F): one for each of the symbols; ``shifted`` are those that have shifts (E, F)."""
    pairs, names = laid_out(edge_index, nodes, bounds), symbols.split()
    own = _unpacked(shifts, names, shifted)
    return torch.stack(kernel("pair_aggregate", x, shifts)(x, pairs, names, own, scale, inside))


@aggregate.register_fake
def _(x, shifts, scale, inside, edge_index, nodes, bounds, symbols, shifted):  # type: ignore[no-untyped-def]
    return x.new_empty((len(symbols.split()), *x.shape))


@custom_op("gnnlab::pair_gradients", mutates_args=())
def gradients(
    grad: Tensor, x: Tensor, shifts: Tensor, scale: Tensor, inside: Tensor | None,
    edge_index: Tensor, nodes: int, bounds: Tensor | None, symbols: str, shifted: str,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    pairs, names = laid_out(edge_index, nodes, bounds), symbols.split()
    own = _unpacked(shifts, names, shifted)
    grad_x, grad_scale, found = kernel("pair_gradients", x, shifts)(
        x, pairs, names, own, scale, inside, grad.unbind()
    )
    there = [shift for shift in found if shift is not None]
    assert grad_scale is not None
    return grad_x, torch.stack(there) if there else torch.zeros_like(shifts), grad_scale


@gradients.register_fake
def _(grad, x, shifts, scale, *rest):  # type: ignore[no-untyped-def]
    return tuple(torch.empty_like(t) for t in (x, shifts, scale))


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, shifts, scale, inside, edge_index, nodes, bounds, *ctx.names = inputs
    ctx.nodes = nodes
    ctx.save_for_backward(x, shifts, scale, inside, edge_index, bounds)


def _gradients(ctx: Any, grad: Tensor) -> Gradients:
    *given, bounds = ctx.saved_tensors
    found = gradients(grad, *given, ctx.nodes, bounds, *ctx.names)
    return *found, *(None,) * 6


aggregate.register_autograd(_gradients, setup_context=_setup)


@custom_op("gnnlab::pair_reduce", mutates_args=())
def reduce(x: Tensor, edge_index: Tensor, nodes: int, bounds: Tensor | None, place: str) -> Tensor:
    out: Tensor = kernel("pair_reduce", x)(x, laid_out(edge_index, nodes, bounds), place)
    return out


@reduce.register_fake
def _(x, edge_index, nodes, bounds, place):  # type: ignore[no-untyped-def]
    return x.new_empty((nodes, x.shape[1]))


def _reduce_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, edge_index, ctx.nodes, bounds, ctx.place = inputs
    ctx.pairs = x.shape[0]
    ctx.save_for_backward(edge_index, bounds)


def _reduce_gradients(ctx: Any, grad: Tensor) -> Gradients:
    edge_index, bounds = ctx.saved_tensors
    return spread(grad, edge_index, ctx.nodes, bounds, ctx.pairs, ctx.place), *(None,) * 4


reduce.register_autograd(_reduce_gradients, setup_context=_reduce_setup)


@custom_op("gnnlab::pair_spread", mutates_args=())
def spread(
    x: Tensor, edge_index: Tensor, nodes: int, bounds: Tensor | None, pairs: int, place: str
) -> Tensor:
    out: Tensor = kernel("pair_spread", x)(x, laid_out(edge_index, nodes, bounds), place)
    return out


@spread.register_fake
def _(x, edge_index, nodes, bounds, pairs, place):  # type: ignore[no-untyped-def]
    return x.new_empty((pairs, x.shape[1]))


def _spread_setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, edge_index, ctx.nodes, bounds, _, ctx.place = inputs
    ctx.save_for_backward(edge_index, bounds)


def _spread_gradients(ctx: Any, grad: Tensor) -> Gradients:
    edge_index, bounds = ctx.saved_tensors
    return reduce(grad, edge_index, ctx.nodes, bounds, ctx.place), *(None,) * 5


spread.register_autograd(_spread_gradients, setup_context=_spread_setup)


def _unpacked(shifts: Tensor, names: Sequence[str], shifted: str) -> list[Tensor | None]:
    own = dict(zip(shifted.split(), shifts, strict=True))
    return [own.get(name) for name in names]
