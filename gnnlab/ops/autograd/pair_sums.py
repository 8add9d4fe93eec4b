"""Pair sums' autograd functions: sums over pairs of nodes, step by step or fused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.autograd.propagate import propagate
from gnnlab.ops.autograd.relu_propagate import relu_propagate
from gnnlab.ops.autograd.segment import segment_reduce
from gnnlab.ops.backends.reference import pair_sums as by_steps
from gnnlab.ops.backends.reference.pair_sums import Shifts
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.node_pairs import Pairs


class PairAggregate(torch.autograd.Function):
    """All sums at once; their gradient computes again which messages were positive."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, pairs: Pairs, symbols: Sequence[str],
        inside: Tensor | None, kernels: Kernels, *shifts: Tensor | None,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        ctx.pairs, ctx.symbols, ctx.kernels = pairs, symbols, kernels
        keep(ctx, x, scale, inside, *shifts)
        return tuple(kernels.pair_sums.pair_aggregate(x, scale, shifts, inside, pairs, symbols))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, inside, *shifts = kept(ctx)
        if torch.is_grad_enabled():
            return _again(ctx, x, scale, inside, shifts, grads)
        wanted = ctx.needs_input_grad[1], ctx.needs_input_grad[6:]
        grad_x, grad_scale, grad_shifts = ctx.kernels.pair_sums.pair_gradients(
            grads, x, scale, shifts, inside, ctx.pairs, ctx.symbols, wanted
        )
        return grad_x, grad_scale, *(None,) * 4, *grad_shifts


def _again(
    ctx: Any, x: Tensor, scale: Tensor, inside: Tensor | None, shifts: Shifts,
    grads: Sequence[Tensor],
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """First derivatives that can be differentiated again."""
    given = (x, scale, *shifts)
    wanted = [t for t in given if t is not None and t.requires_grad]
    values = by_steps.pair_aggregate(x, ctx.pairs, ctx.symbols, shifts, scale, inside)
    found = iter(
        torch.autograd.grad(values, wanted, grads, create_graph=True, materialize_grads=True)
    )
    every = [next(found) if t is not None and t.requires_grad else None for t in given]
    return *every[:2], *(None,) * 4, *every[2:]


class PairReduce(Function):
    """One row a node; the gradient spreads it over its pairs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, pairs: Pairs, place: str, kernels: Kernels) -> Tensor:
        ctx.pairs, ctx.place, ctx.kernels = pairs, place, kernels
        out: Tensor = kernels.pair_sums.pair_collect(x, pairs, place)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return PairSpread.call(grad, ctx.pairs, ctx.place, ctx.kernels), None, None, None


class PairSpread(Function):
    """One row a pair; the gradient adds up each node's pairs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, pairs: Pairs, place: str, kernels: Kernels) -> Tensor:
        ctx.pairs, ctx.place, ctx.kernels = pairs, place, kernels
        out: Tensor = kernels.pair_sums.pair_spread(x, pairs, place)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return PairReduce.call(grad, ctx.pairs, ctx.place, ctx.kernels), None, None, None


def pair_aggregate(
    kernels: Kernels, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Shifts,
    scale: Tensor, inside: Tensor | None,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Sums over pairs of nodes, all in one pass where there are kernels for it."""
    if kernels.why_not("pair_sums", x) is not None:
        return by_steps.aggregate(_steps(kernels), x, pairs, symbols, shifts, scale, inside)
    found: tuple[Tensor, ...] = PairAggregate.apply(  # type: ignore[no-untyped-call]
        x, scale, pairs, symbols, inside, kernels, *shifts
    )
    return found


def pair_gradients(
    kernels: Kernels, x: Tensor, pairs: Pairs, symbols: Sequence[str], shifts: Shifts,
    scale: Tensor, inside: Tensor | None, grads: Sequence[Tensor],
) -> tuple[Tensor, Tensor | None, list[Tensor | None]]:  # fmt: skip
    """The gradients of those sums."""
    if kernels.why_not("pair_sums", x) is not None:
        return by_steps.gradients(x, pairs, symbols, shifts, scale, inside, grads)
    wanted = True, [True] * len(symbols)
    found: tuple[Tensor, Tensor | None, list[Tensor | None]] = kernels.pair_sums.pair_gradients(
        grads, x, scale, shifts, inside, pairs, symbols, wanted
    )
    return found


def pair_reduce(kernels: Kernels, x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """The pairs of each node, added up."""
    if kernels.why_not("pair_sums", x) is not None:
        return by_steps.reduce(_steps(kernels), x, pairs, place)
    return PairReduce.call(x, pairs, place, kernels)


def pair_spread(kernels: Kernels, x: Tensor, pairs: Pairs, place: str) -> Tensor:
    """What one of its nodes holds, for every pair."""
    if kernels.why_not("pair_sums", x) is not None:
        return by_steps.spread(x, pairs, place)
    return PairSpread.call(x, pairs, place, kernels)


def _steps(kernels: Kernels) -> by_steps.Steps:
    """Of the same backend."""
    operations = propagate, relu_propagate, segment_reduce
    return by_steps.Steps(*(partial(operation, kernels) for operation in operations))
