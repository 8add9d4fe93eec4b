"""Mixing of 64-bit words: a one-to-one hash, for colours and for ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import inner
from gnnlab.kernels.hashing import GOLDEN, MIX1, MIX2

_GOLDEN, _MIX1, _MIX2 = np.uint64(GOLDEN), np.uint64(MIX1), np.uint64(MIX2)
_27, _30, _31 = np.uint64(27), np.uint64(30), np.uint64(31)


def mixed(words: Array) -> Array:
    """Mix every word of an array of uint64, one to one, as ``mix`` does in a kernel.

    Source:
        SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
        2014 (https://doi.org/10.1145/2660193.2660195).
    """
    found: Array = _mix(words)
    return found


def _mix(word: Any) -> Any:
    word = word + _GOLDEN
    word = (word ^ (word >> _30)) * _MIX1
    word = (word ^ (word >> _27)) * _MIX2
    return word ^ (word >> _31)


mix = inner(_mix)
