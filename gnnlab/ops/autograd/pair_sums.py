"""Sums over pairs of nodes: step by step for any backend, and the derivative of the fused ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.backends.reference.pair_sums import Shifts
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.node_pairs import Pairs


class PairAggregate(torch.autograd.Function):
    """All sums at once; their gradient computes again which messages were positive."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, pairs: Pairs, symbols: Sequence[str],
        inside: Tensor | None, engine: Engine, *shifts: Tensor | None,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        ctx.pairs, ctx.symbols, ctx.engine = pairs, symbols, engine
        keep(ctx, x, scale, inside, *shifts)
        return tuple(engine.pair_aggregate(x, scale, shifts, inside, pairs, symbols))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, inside, *shifts = kept(ctx)
        if torch.is_grad_enabled():
            return _again(ctx, x, scale, inside, shifts, grads)
        wanted = ctx.needs_input_grad[1], ctx.needs_input_grad[6:]
        grad_x, grad_scale, grad_shifts = ctx.engine.pair_gradients(
            grads, x, scale, shifts, inside, ctx.pairs, ctx.symbols, wanted
        )
        return grad_x, grad_scale, *(None,) * 4, *grad_shifts


def _again(
    ctx: Any, x: Tensor, scale: Tensor, inside: Tensor | None, shifts: Shifts,
    grads: Sequence[Tensor],
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """First derivatives that can be differentiated again."""
    from gnnlab.ops.backends import reference

    given = (x, scale, *shifts)
    wanted = [t for t in given if t is not None and t.requires_grad]
    values = reference.pair_aggregate(x, ctx.pairs, ctx.symbols, shifts, scale, inside)
    found = iter(
        torch.autograd.grad(values, wanted, grads, create_graph=True, materialize_grads=True)
    )
    every = [next(found) if t is not None and t.requires_grad else None for t in given]
    return *every[:2], *(None,) * 4, *every[2:]


class PairReduce(Function):
    """One row a node; the gradient spreads it over its pairs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, pairs: Pairs, place: str, engine: Engine) -> Tensor:
        ctx.pairs, ctx.place, ctx.engine = pairs, place, engine
        return engine.pair_collect(x, pairs, place)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return PairSpread.call(grad, ctx.pairs, ctx.place, ctx.engine), None, None, None


class PairSpread(Function):
    """One row a pair; the gradient adds up each node's pairs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, pairs: Pairs, place: str, engine: Engine) -> Tensor:
        ctx.pairs, ctx.place, ctx.engine = pairs, place, engine
        return engine.pair_spread(x, pairs, place)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return PairReduce.call(grad, ctx.pairs, ctx.place, ctx.engine), None, None, None
