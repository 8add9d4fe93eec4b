"""Function: the typed base of torch's custom autograd functions."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

INFERENCE = "Inference tensors cannot be saved"
"""How torch begins to say so."""


class Function(torch.autograd.Function):
    """An autograd function with one tensor as its result."""

    @classmethod
    def call(cls, *args: Any) -> Tensor:
        """``apply``, typed."""
        try:
            return cast(Tensor, cls.apply(*args))  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            if INFERENCE not in str(error):
                raise
            raise RuntimeError(
                "a tensor that was made in torch.inference_mode() cannot be kept for the gradient "
                "of another: clone it outside of that mode, or compute under torch.no_grad()"
            ) from error


def again(
    value: Tensor, inputs: tuple[Tensor | None, ...], grad: Tensor
) -> tuple[Tensor | None, ...]:
    """First derivatives that can be differentiated again."""
    wanted = [i for i in inputs if i is not None and i.requires_grad]
    found = iter(
        torch.autograd.grad(value, wanted, grad, create_graph=True, materialize_grads=True)
    )
    return tuple(next(found) if i is not None and i.requires_grad else None for i in inputs)


def keep(ctx: Any, *tensors: Tensor | None) -> None:
    """Save tensors for the backward pass, and their shapes."""
    ctx.save_for_backward(*tensors)
    ctx.shapes = [None if tensor is None else tensor.shape for tensor in tensors]


def kept(ctx: Any) -> Any:
    """The saved tensors, in the shapes that the loops of the backward pass rely on.

    Raises:
        RuntimeError: one has another now. Autograd counts changes in place, but not an assignment
            to ``.data``, nor what a hook on saved tensors makes of them.
    """
    tensors = ctx.saved_tensors
    for tensor, shape in zip(tensors, ctx.shapes, strict=True):
        if tensor is not None and tensor.shape != shape:
            raise RuntimeError(
                f"a tensor that the gradient needs was {tuple(shape)} in the forward pass and is "
                f"{tuple(tensor.shape)} now: assign to .data before the forward pass or after the "
                "backward pass"
            )
    return tensors
