r"""Products of Householder reflections, and the transports between two of them.

:math:`Q = H_1 \cdots H_d` with :math:`H_k = I - s v_k v_k^\top, s = 2 / \|v_k\|^2`, where
:math:`v_k` is 0 above entry k, 1 there, and holds the next d - 1 - k parameters below.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gnnlab.ops.backends.engine import Engine
from gnnlab.ops.backends.reference.orthogonal_transport import transport
from gnnlab.ops.base.function import Function, again, keep, kept


class Transport(Function):
    """Q(own)^T Q(other), from the parameters alone; nothing else is kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, other: Tensor, dim: int, engine: Engine) -> Tensor:
        ctx.dim, ctx.engine = dim, engine
        keep(ctx, own, other)
        return engine.transport(own, other, dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        own, other = kept(ctx)
        if torch.is_grad_enabled():
            first, second = again(transport(own, other, ctx.dim), (own, other), grad)
            return first, second, None, None
        return *ctx.engine.transport_grad(own, other, grad, ctx.dim), None, None
