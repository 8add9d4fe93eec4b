"""The backend of a call: torch operators while ``torch.compile`` traces, or one by its tensors."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from gnnlab.ops.backends import table
from gnnlab.ops.backends.table import Backend


def backend_for(*tensors: Tensor | None) -> Backend:
    """The backend for an operation on these tensors."""
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend  # registering them takes time that few need

        return cast(Backend, backend)
    return table.backend_for(*tensors)


def kernel_for(name: str, *tensors: Tensor | None) -> Any:
    """A kernel of a device as it is, without derivatives; None where there is none of this name."""
    return None if torch.compiler.is_compiling() else table.kernel_for(name, *tensors)
