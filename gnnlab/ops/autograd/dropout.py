"""Dropout's autograd function: the gradient recomputes the mask."""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops.backends.reference.dropout import Dropout
from gnnlab.ops.backends.table import Kernels


def dropout(kernels: Kernels, x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """The counter-based mask."""
    return Dropout.call(x, p, seed, kernels.dropout.drop)
