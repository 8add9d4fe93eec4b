"""The typed door to torch's custom functions."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


class Function(torch.autograd.Function):
    """An autograd function with one tensor as its result."""

    @classmethod
    def call(cls, *args: Any) -> Tensor:
        """``apply``, typed."""
        return cast(Tensor, cls.apply(*args))  # type: ignore[no-untyped-call]
