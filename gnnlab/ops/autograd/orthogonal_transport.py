r"""Orthogonal transport's autograd function: products of Householder reflections.

:math:`Q = H_1 \cdots H_d` with :math:`H_k = I - s v_k v_k^\top, s = 2 / \|v_k\|^2`, where
:math:`v_k` is 0 above entry k, 1 there, and holds the next d - 1 - k parameters below.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference.orthogonal_transport import transport
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import Function, again, keep, kept
from gnnlab.ops.base.precision import widen


class Transport(Function):
    """Q(own)^T Q(other), from the parameters alone; nothing else is kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, other: Tensor, dim: int, kernels: Kernels) -> Tensor:
        ctx.dim, ctx.kernels = dim, kernels
        keep(ctx, own, other)
        out: Tensor = kernels.orthogonal_transport.transport(own, other, dim)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        own, other = kept(ctx)
        if torch.is_grad_enabled():
            first, second = again(transport(own, other, ctx.dim), (own, other), grad)
            return first, second, None, None
        return (
            *ctx.kernels.orthogonal_transport.transport_grad(own, other, grad, ctx.dim),
            None,
            None,
        )


def orthogonal_transport(kernels: Kernels, own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Transports between products of reflections; never in half precision inside."""
    return Transport.call(widen(own), widen(other), dim, kernels).to(own.dtype)
