"""What computes a call: a torch operator while ``torch.compile`` traces, or a backend's kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from gnnlab.ops.backends.table import found
from gnnlab.ops.base.choice import backend_name


def kernel(name: str, *tensors: Tensor | None) -> Callable[..., Any]:
    """What computes an operation on these tensors; None where it is composed of others."""
    backend = backend_name(*tensors)
    if backend == "operators":
        from gnnlab.ops.operators import backend as operators  # registering them takes time

        return getattr(operators, name, None)  # type: ignore[return-value]
    return found(backend, name)  # type: ignore[no-any-return]
