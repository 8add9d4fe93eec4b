"""Orthogonal transports (products of Householder reflections) in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    pass


def reflections(parameters: Tensor, dim: int) -> Tensor:
    """Q of every row of parameters (M, d (d - 1) / 2), as (M, d, d)."""
    # The matrices lie along the last axis in memory: each step is one long vector operation.
    rows = parameters.t().contiguous()
    one = parameters.new_ones(parameters.shape[0])
    q = torch.eye(dim, dtype=one.dtype, device=one.device)[:, :, None] * one
    start = 0
    for k in range(dim - 1):
        below = dim - 1 - k
        v = torch.cat([one[None], rows[start : start + below]])  # (d - k, M)
        start += below
        tail = q[:, k:]
        along = (tail * v).sum(1) * (2 / v.square().sum(0))  # (d, M)
        q = torch.cat([q[:, :k], tail - along[:, None] * v], dim=1)
    q = torch.cat([q[:, :-1], -q[:, -1:]], dim=1)  # the last reflection turns one axis round
    return q.permute(2, 0, 1)


def transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Q(own)^T Q(other) of every row, (P, d, d)."""
    return reflections(own, dim).mT @ reflections(other, dim)


def transport_grad(own: Tensor, other: Tensor, grad: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """What the parameters receive, by torch."""
    with torch.enable_grad():
        leaves = own.detach().requires_grad_(), other.detach().requires_grad_()
        found = torch.autograd.grad(transport(*leaves, dim), leaves, grad)
    return found[0], found[1]


def orthogonal_transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Transports between products of reflections."""
    return transport(widen(own), widen(other), dim).to(own.dtype)
