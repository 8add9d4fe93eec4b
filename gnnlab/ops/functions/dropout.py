"""Dropout with a mask that is a function of a seed: parallel, and never stored."""

from __future__ import annotations

from numbers import Real
from typing import overload

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.sparse_features import SparseFeatures
from gnnlab.ops.graphs.tensors import check_float


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
    computed again for the gradient instead of being kept. Captured in a CUDA graph, the seed is
    drawn on the device, so that each replay has its own mask. Of sparse features only the entries
    are looked at: they stay where the same seed keeps them in the dense matrix.

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
    if isinstance(p, bool) or not isinstance(p, Real) or not 0 <= p <= 1:
        raise ValueError(f"the dropout probability must lie between 0 and 1, not {shown(p)}")
    if not isinstance(training, bool):
        raise ValueError(f"training is {shown(training)}, but it is True or False")
    if not training or p == 0:
        return x
    if isinstance(x, SparseFeatures):
        if p == 1 or torch.compiler.is_compiling():
            return x.with_values(dropout(x._values, p))
        return x.dropped(p, _seed(x._values, generator))
    check_float("x", x, tuple(range(65)), "(...)")
    if p == 1:
        return x * 0
    if torch.compiler.is_compiling():
        return torch.nn.functional.dropout(x, p)
    out: Tensor = kernel("dropout", x)(x, p, _seed(x, generator))
    return out


def _seed(x: Tensor, generator: torch.Generator | None) -> int | Tensor:
    """A number, or where reading one would stop the device, a tensor (1,) that holds it."""
    device = generator.device if generator is not None else torch.device("cpu")
    captured = x.is_cuda and torch.cuda.is_current_stream_capturing()
    if captured and generator is not None and device.type == "cpu":
        raise ValueError(
            "a captured CUDA graph would repeat the one seed that a CPU generator gives: hand "
            "over a generator on the GPU, registered with the graph, or none"
        )
    if device.type == "cuda" or captured:
        place = device if generator is not None else x.device
        return torch.randint(2**63 - 1, (1,), generator=generator, device=place)
    return int(torch.randint(2**63 - 1, (), generator=generator, device=device))
