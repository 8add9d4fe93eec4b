"""Several propagations, one after the other, and their gradient, as one node of autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class Steps(Function):
    r"""y[k] = P^k x for k = 0 to K, with P = S A S of numbers S of the nodes."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, adj: Adjacency, steps: int, engine: Engine
    ) -> Tensor:
        ctx.adj, ctx.engine = adj, engine
        keep(ctx, scale)
        if engine.takes_steps(x):
            return engine.steps(x, scale, adj, steps)
        states = [x]
        for _ in range(steps):
            states.append(engine.scaled(states[-1], scale, scale, adj).to(x.dtype))
        return torch.stack(states)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (scale,) = kept(ctx)
        return Horner.call(grad, scale, ctx.adj.transpose, ctx.engine), *(None,) * 4


class Horner(Function):
    """The sum over k of P^k x[k], from the last k on: what the gradient of ``Steps`` is."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, adj: Adjacency, engine: Engine) -> Tensor:
        ctx.adj, ctx.engine, ctx.steps = adj, engine, len(x) - 1
        keep(ctx, scale)
        if engine.takes_steps(x[0]):
            return engine.horner(x, scale, adj)
        total = x[-1]
        for part in reversed(x[:-1].unbind()):
            total = part + engine.scaled(total, scale, scale, adj).to(x.dtype)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (scale,) = kept(ctx)
        turned = ctx.adj.transpose, ctx.steps, ctx.engine
        return Steps.call(grad, scale, *turned), *(None,) * 3
