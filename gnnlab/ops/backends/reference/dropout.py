"""Dropout in plain torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.kernels.hashing import keep_mask
from gnnlab.ops.base.function import Function

if TYPE_CHECKING:
    pass

Drop = Callable[[Tensor, float, int | Tensor], Tensor]


class Dropout(Function):
    """``drop(x, p, seed)``; the same mask is computed again for the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seed: int | Tensor, drop: Drop) -> Tensor:
        ctx.p, ctx.seed, ctx.drop = p, seed, drop
        return drop(x, p, seed)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return Dropout.call(grad, ctx.p, ctx.seed, ctx.drop), None, None, None


def drop(x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """x where kept, scaled by 1 / (1 - p)."""
    keep = keep_mask(x.numel(), p, seed, x.device).reshape(x.shape)
    return torch.where(keep, x * (1.0 / (1.0 - p)), 0)


def dropout(x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """The counter-based mask, computed with torch integers."""
    return Dropout.call(x, p, seed, drop)
