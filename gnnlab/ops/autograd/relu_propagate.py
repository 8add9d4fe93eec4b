"""ReLU propagation's autograd function: the gradient recomputes the rectified messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import relu_propagate as reference
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, again, keep, kept
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class ReluPropagate(Function):
    """y[i] = sum of w_e relu(x_j + s_e) over the edges e = (j, i)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None, adj: Adjacency,
        kernels: Kernels,
    ) -> Tensor:  # fmt: skip
        ctx.adj, ctx.kernels = adj, kernels
        keep(ctx, x, table, edges, weight)
        out: Tensor = kernels.relu_propagate.rectified(x, table, edges, weight, adj)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, table, edges, weight = kept(ctx)
        if torch.is_grad_enabled():
            inputs = (x, table, edges, weight)
            return (
                *again(reference.relu_propagate(x, ctx.adj, table, edges, weight), inputs, grad),
                None,
                None,
            )
        wanted = tuple(ctx.needs_input_grad[:4])
        found = ctx.kernels.relu_propagate.rectified_grad(
            grad.contiguous(), x, table, edges, weight, ctx.adj, wanted
        )
        return *found, None, None


def relu_propagate(
    kernels: Kernels, x: Tensor, adj: Adjacency, table: Tensor, edges: Tensor,
    weight: Tensor | None,
) -> Tensor:  # fmt: skip
    """Shifted by the edge and rectified."""
    return ReluPropagate.call(widen(x), table, edges, weight, adj, kernels).to(x.dtype)
