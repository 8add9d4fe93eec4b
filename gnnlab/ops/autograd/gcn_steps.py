"""GCN propagation repeated several times, and its gradient, as one autograd function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class Steps(Function):
    r"""y[k] = P^k x for k = 0 to K, with P = S A S of numbers S of the nodes."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, adj: Adjacency, steps: int, kernels: Kernels
    ) -> Tensor:
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, scale)
        if kernels.why_not("gcn_steps", x) is None:
            out: Tensor = kernels.gcn_steps.steps(x, scale, adj, steps)
            return out
        states = [x]
        for _ in range(steps):
            states.append(kernels.propagate.scaled(states[-1], scale, scale, adj).to(x.dtype))
        return torch.stack(states)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (scale,) = kept(ctx)
        return Horner.call(grad, scale, ctx.adj.transpose, ctx.kernels), *(None,) * 4


class Horner(Function):
    """The sum over k of P^k x[k], from the last k on: what the gradient of ``Steps`` is."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, adj: Adjacency, kernels: Kernels) -> Tensor:
        ctx.adj, ctx.kernels, ctx.steps = adj, kernels, len(x) - 1
        keep(ctx, scale)
        if kernels.why_not("gcn_steps", x[0]) is None:
            out: Tensor = kernels.gcn_steps.horner(x, scale, adj)
            return out
        total = x[-1]
        for part in reversed(x[:-1].unbind()):
            total = part + kernels.propagate.scaled(total, scale, scale, adj).to(x.dtype)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        (scale,) = kept(ctx)
        turned = ctx.adj.transpose, ctx.steps, ctx.kernels
        return Steps.call(grad, scale, *turned), *(None,) * 3


def gcn_steps(kernels: Kernels, x: Tensor, adj: Adjacency, scale: Tensor, steps: int) -> Tensor:
    """The states of several propagations."""
    return Steps.call(kernels.propagate.stored(x), scale, adj, steps, kernels).to(x.dtype)
