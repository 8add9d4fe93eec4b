"""torch.sparse: products with a CSR matrix, under torch's autograd and with the transpose kept."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from inputs import Inputs, Side
from torch import Tensor

from gnnlab.ops.base.function import Function

REDUCES = {"mean": "mean", "max": "amax"}


def sides(inputs: Inputs) -> dict[str, Side]:
    """As torch offers it: the gradient sorts the transpose anew in every step.

    Weights are left out: torch's gradient for the values of a matrix fails on parallel edges, which
    these graphs have.
    """
    x, ones = inputs.x, torch.ones(inputs.edges)
    plain = matrix(inputs, ones)
    found = {"propagate sum": Side(lambda: plain @ x, [x])}
    for reduce, name in REDUCES.items():
        found[f"propagate {reduce}"] = Side(partial(torch.sparse.mm, plain, x, name), [x])
    normalised = matrix(inputs, inputs.in_rows(inputs.norm))
    found["gcn_propagate"] = Side(lambda: normalised @ x, [x])
    return found


def kept(inputs: Inputs) -> dict[str, Side]:
    """With a custom gradient over a stored transpose, which torch does not offer."""
    x, back = inputs.x, inputs.adj.transpose
    ones = torch.ones(inputs.edges)
    forward = matrix(inputs, ones)
    backward = csr(back.rowptr.long(), back.col.long(), ones)
    return {"propagate sum": Side(partial(Kept.call, x, forward, backward), [x])}


class Kept(Function):
    """y = A x, whose gradient is a product with the transpose that is handed over."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: Tensor, transpose: Tensor) -> Tensor:
        ctx.transpose = transpose
        return matrix @ x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transpose @ grad, None, None


def matrix(inputs: Inputs, values: Tensor) -> Tensor:
    """(N, N), row = target."""
    return csr(*inputs.csr, values)


def csr(rowptr: Tensor, col: Tensor, values: Tensor) -> Tensor:
    nodes = rowptr.numel() - 1
    return torch.sparse_csr_tensor(rowptr, col, values, (nodes, nodes), check_invariants=False)
