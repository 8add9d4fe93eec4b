"""Dropout by compiled loops: the random bits of :mod:`.random`, hashed block by block."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.hashing import GOLDEN, MASK64, MIX1, MIX2, threshold
from gnnlab.kernels.memory import empty_like
from gnnlab.kernels.threads import over_items

BLOCK = 256
WORDS = BLOCK // 2
"""Elements that one pass through the cache serves, and the 64-bit words behind them."""


def drop(x: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """x where the hashed bits keep it."""
    out = empty_like(x)
    bits = np.uint64(int(seed) & MASK64), np.uint32(threshold(p))
    scale = 1 / (1 - p)
    if x.dtype is torch.bfloat16:  # numpy has none: the kernel takes the bits as they are
        _mask(_bfloat16, out.view(torch.uint16), x.view(torch.uint16), *bits, np.float32(scale))
        return out
    if x.dtype is torch.float16:  # masked as bits; torch scales what is left
        _mask(_any, out.view(torch.int16), x.view(torch.int16), *bits, np.int16(1))
        return out.mul_(scale)
    kind = np.float32 if x.dtype is torch.float32 else np.float64
    _mask(_any, out, x, *bits, kind(scale))
    return out


def _mask(kernel: Any, out: Tensor, x: Tensor, *args: Any) -> None:
    tables = (array(table).reshape(-1) for table in (out, x))
    over_items(kernel, -(-x.numel() // BLOCK), 2 * x.numel(), *tables, *args)


def _dropout(
    first: int, last: int, out: Array, x: Array, seed: Any, bound: Any, scale: Any
) -> None:
    """Blocks first .. last of elements: where the bits keep x, x times scale."""
    zero = x.dtype.type(0)
    words = np.empty(WORDS, np.uint64)
    bits = words.view(np.uint32)  # low half first: the even element's
    for block in range(first, last):
        _hash(words, seed, block)
        # Slices, since an index that numba cannot prove positive keeps a loop from vectorising.
        values, into = x[block * BLOCK :][:BLOCK], out[block * BLOCK :][:BLOCK]
        for m in range(values.shape[0]):
            value = values[m] * scale
            into[m] = value if bits[m] >= bound else zero


def _dropout_bfloat16(
    first: int, last: int, out: Array, x: Array, seed: Any, bound: Any, scale: Any
) -> None:
    """The same for bfloat16, whose bits arrive as uint16: the upper half of a float32's."""
    words, wide = np.empty(WORDS, np.uint64), np.empty(BLOCK, np.uint32)
    bits, real = words.view(np.uint32), wide.view(np.float32)
    zero = np.uint32(0)
    for block in range(first, last):
        _hash(words, seed, block)
        values, into = x[block * BLOCK :][:BLOCK], out[block * BLOCK :][:BLOCK]
        for m in range(values.shape[0]):
            wide[m] = np.uint32(values[m]) << _16
        for m in range(values.shape[0]):
            real[m] *= scale
        for m in range(values.shape[0]):
            odd = np.uint32(np.uint32(wide[m] >> _16) & _1)  # halves round to the even neighbour
            rounded = np.uint32(wide[m] + np.uint32(_7FFF + odd)) >> _16
            into[m] = np.uint16(rounded if bits[m] >= bound else zero)


def _hash_(words: Array, seed: Any, block: int) -> None:
    """SplitMix64's words of a block; each serves two elements."""
    for m in range(WORDS):
        z = seed + np.uint64(block * WORDS + m + 1) * _GOLDEN
        z = (z ^ (z >> _30)) * _MIX1
        z = (z ^ (z >> _27)) * _MIX2
        words[m] = z ^ (z >> _31)


_GOLDEN, _MIX1, _MIX2 = np.uint64(GOLDEN), np.uint64(MIX1), np.uint64(MIX2)
_27, _30, _31 = np.uint64(27), np.uint64(30), np.uint64(31)
_1, _16, _7FFF = np.uint32(1), np.uint32(16), np.uint32(0x7FFF)
_hash = inner(_hash_)
_any, _bfloat16 = compiled(_dropout), compiled(_dropout_bfloat16)
