"""Chosen kernel of a call: a backend's, or a torch operator while ``torch.compile`` traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from gnnlab.ops.backends.table import OPERATIONS, found
from gnnlab.ops.base.choice import backend_name


def kernel(name: str, *tensors: Tensor | None) -> Callable[..., Any]:
    """What computes an operation on these tensors; None where it is composed of others.

    Raises:
        ValueError: torch.compile traces an operation that has no operator.
    """
    backend = backend_name(*tensors)
    if backend == "operators":
        from gnnlab.ops.operators import backend as operators  # registering them takes time

        operator = getattr(operators, name, None)
        if operator is None and not OPERATIONS[name].composed:
            raise ValueError(
                f"torch.compile has no operator for {name!r}: call it outside of what is compiled, "
                "or write one in gnnlab/ops/operators"
            )
        return operator  # type: ignore[return-value]
    return found(backend, name)  # type: ignore[no-any-return]
