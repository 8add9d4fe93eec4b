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


def again(
    value: Tensor, inputs: tuple[Tensor | None, ...], grad: Tensor
) -> tuple[Tensor | None, ...]:
    """First derivatives that can be differentiated again."""
    wanted = [i for i in inputs if i is not None and i.requires_grad]
    found = iter(
        torch.autograd.grad(value, wanted, grad, create_graph=True, materialize_grads=True)
    )
    return tuple(next(found) if i is not None and i.requires_grad else None for i in inputs)
