"""What computes a call: a torch operator while ``torch.compile`` traces, or a backend's kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gnnlab.ops.backends import table


def kernel(name: str, *tensors: Tensor | None) -> Callable[..., Any]:
    """What computes an operation on these tensors; None where it is composed of others."""
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend  # registering them takes time that few need

        return getattr(backend, name, None)  # type: ignore[return-value]
    return table.kernel(name, *tensors)
