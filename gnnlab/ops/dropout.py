"""Dropout whose mask is a function of a seed, so that it is parallel and never stored."""

from __future__ import annotations

from typing import overload

import torch
from torch import Tensor

from ._check import check_float
from .backends import backend_for
from .features import SparseFeatures


@overload
def dropout(
    x: Tensor, p: float, training: bool = ..., generator: torch.Generator | None = ...
) -> Tensor: ...


@overload
def dropout(
    x: SparseFeatures, p: float, training: bool = ..., generator: torch.Generator | None = ...
) -> SparseFeatures: ...


def dropout(
    x: Tensor | SparseFeatures,
    p: float,
    training: bool = True,
    generator: torch.Generator | None = None,
) -> Tensor | SparseFeatures:
    r"""Set each element to zero with probability p and scale the others by 1 / (1 - p).

    One seed is drawn from the generator; element m then stays where 32 hashed bits of
    (seed, m) say so, the same on every backend, device and number of threads. The mask is
    computed again for the gradient instead of being kept. Of sparse features only the entries are
    looked at: they stay where the same seed keeps them in the dense matrix.

    Args:
        x: floating point, or SparseFeatures.
        p: 0 to 1, exact to 2^-32.
        training: without it x comes back as it is.
        generator: where the seed comes from; by default torch's global generator.

    Shapes:
        x (...) -> the same

    Raises:
        ValueError: p lies outside 0..1, or x is not floating point.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"the dropout probability must lie between 0 and 1, not {p}")
    if not training or p == 0:
        return x
    if isinstance(x, SparseFeatures):
        if p == 1 or torch.compiler.is_compiling():
            return x.with_values(dropout(x.values, p))
        return x.dropped(p, _seed(generator))
    check_float("x", x, tuple(range(65)), "(...)")
    if p == 1:
        return x * 0
    if torch.compiler.is_compiling():
        return torch.nn.functional.dropout(x, p)
    return backend_for(x).dropout(x, p, _seed(generator))


def _seed(generator: torch.Generator | None) -> int:
    device = generator.device if generator is not None else "cpu"
    return int(torch.randint(2**63 - 1, (), generator=generator, device=device))
