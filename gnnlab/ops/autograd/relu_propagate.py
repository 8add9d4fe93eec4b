"""Messages that are shifted by their edge and rectified, computed again for the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.backends.reference import relu_propagate
from gnnlab.ops.base.function import Function, again, keep, kept

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class ReluPropagate(Function):
    """y[i] = sum of w_e relu(x_j + s_e) over the edges e = (j, i)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None, adj: Adjacency,
        engine: Engine,
    ) -> Tensor:  # fmt: skip
        ctx.adj, ctx.engine = adj, engine
        keep(ctx, x, table, edges, weight)
        return engine.rectified(x, table, edges, weight, adj)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, table, edges, weight = kept(ctx)
        if torch.is_grad_enabled():
            inputs = (x, table, edges, weight)
            return (
                *again(relu_propagate(x, ctx.adj, table, edges, weight), inputs, grad),
                None,
                None,
            )
        wanted = tuple(ctx.needs_input_grad[:4])
        found = ctx.engine.rectified_grad(
            grad.contiguous(), x, table, edges, weight, ctx.adj, wanted
        )
        return *found, None, None
