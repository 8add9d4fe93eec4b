"""Hashing for dropout: random bits that are a function of a seed and an element's number.

SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014): one 64-bit word serves two neighbouring elements. Every backend computes the same
bits, so a mask depends neither on threads nor on the device.
"""

from __future__ import annotations

import torch
from torch import Tensor

MASK64 = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
MIX1 = 0xBF58476D1CE4E5B9
MIX2 = 0x94D049BB133111EB


def signed(value: int) -> int:
    """The int64 with the same bits."""
    value &= MASK64
    return value - 2**64 if value >= 2**63 else value


def threshold(p: float) -> int:
    """An element is dropped where its 32 bits, read unsigned, are below this."""
    return min(max(round(p * 2**32), 1), 2**32 - 1)


def keep_mask(count: int, p: float, seed: int | Tensor, device: torch.device) -> Tensor:
    """(count,) bool: True for the elements that stay."""
    z = hashed(torch.arange((count + 1) // 2, device=device), seed)
    halves = torch.stack([z & 0xFFFFFFFF, _shift(z, 32)], dim=1).flatten()
    return halves[:count] >= threshold(p)


def keep_elements(element: Tensor, p: float, seed: int | Tensor) -> Tensor:
    """True for those of the numbered elements (int64) that stay."""
    z = hashed(element >> 1, seed)
    return torch.where(element & 1 == 0, z & 0xFFFFFFFF, _shift(z, 32)) >= threshold(p)


def hashed(word: Tensor, seed: int | Tensor) -> Tensor:
    """The 64 bits of each word."""
    z = (word + 1) * signed(GOLDEN) + (seed if isinstance(seed, Tensor) else signed(seed))
    z = (z ^ _shift(z, 30)) * signed(MIX1)
    z = (z ^ _shift(z, 27)) * signed(MIX2)
    return z ^ _shift(z, 31)


def _shift(z: Tensor, by: int) -> Tensor:
    """Shift right, filling with zeros (torch's own repeats the sign)."""
    return (z >> by) & ((1 << (64 - by)) - 1)
