"""Dropout in Triton: the random bits of :mod:`gnnlab.kernels.hashing`, hashed where needed."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.kernels.hashing import GOLDEN, MIX1, MIX2, signed, threshold
from gnnlab.ops.backends.triton.launch import as_float, bits, launch, narrow

WORDS = 1024
"""64-bit words that one program hashes; each serves two elements."""
_GOLDEN = tl.constexpr(signed(GOLDEN))
_MIX1, _MIX2 = tl.constexpr(signed(MIX1)), tl.constexpr(signed(MIX2))


@triton.jit
def _word(value):
    return tl.full((), value, tl.int64).to(tl.uint64, bitcast=True)


@triton.jit(do_not_specialize=["seed", "bound", "scale"])
def drop_kernel(
    out, x, seed, bound, scale, count, SEED_IN_MEMORY: tl.constexpr, WORDS: tl.constexpr
):
    """x scaled where its 32 bits reach the bound, else 0."""
    word = tl.program_id(0).to(tl.int64) * WORDS + tl.arange(0, WORDS)
    if SEED_IN_MEMORY:
        start = tl.load(seed).to(tl.uint64, bitcast=True)
    else:
        start = tl.cast(seed, tl.int64).to(tl.uint64, bitcast=True)
    z = start + (word + 1).to(tl.uint64, bitcast=True) * _word(_GOLDEN)
    z = (z ^ (z >> 30)) * _word(_MIX1)
    z = (z ^ (z >> 27)) * _word(_MIX2)
    z = z ^ (z >> 31)
    least = tl.cast(bound, tl.int64)
    even, odd = (z & 0xFFFFFFFF).to(tl.int64) >= least, (z >> 32).to(tl.int64) >= least
    kept = tl.interleave(even.to(tl.int32), odd.to(tl.int32)) != 0
    n = tl.program_id(0).to(tl.int64) * (2 * WORDS) + tl.arange(0, 2 * WORDS)
    value = tl.load(x + n, mask=n < count, other=0)
    if value.dtype == tl.float64:
        value = value * as_float(scale)
    else:
        value = value.to(tl.float32) * as_float(scale).to(tl.float32)
    tl.store(out + n, narrow(tl.where(kept, value, 0.0), out), mask=n < count)


def drop(x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """x where the hashed bits keep it, scaled by 1 / (1 - p).

    A seed in device memory is read when the kernel runs: a captured graph draws a new one.
    """
    x = x.contiguous()
    out = torch.empty_like(x)
    in_memory = isinstance(seed, Tensor)
    number = seed if isinstance(seed, Tensor) else signed(seed)
    launch(
        drop_kernel, (triton.cdiv(x.numel(), 2 * WORDS),), x, out, x, number, threshold(p),
        bits(1 / (1 - p)), x.numel(), SEED_IN_MEMORY=in_memory, WORDS=WORDS, num_warps=4,
    )  # fmt: skip
    return out
