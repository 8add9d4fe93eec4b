"""Precision of sums: half precision is added up in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    pass


HALF = (torch.float16, torch.bfloat16)


def widen(x: Tensor) -> Tensor:
    """Half precision is added up in float32."""
    return x.float() if x.dtype in HALF else x


def wide(x: Tensor) -> torch.dtype:
    """The type that its sums are in."""
    return torch.float32 if x.dtype in HALF else x.dtype
