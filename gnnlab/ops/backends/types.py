"""Types of the arguments of attention kernels and of their gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    pass


Ends = tuple[Tensor, Tensor]
"""Source and target scores, or queries and keys."""


Stats = tuple[Tensor, Tensor, Tensor]
"""The result of attention, and the maximum and 1 / sum of every row's scores."""
