"""Own loss of a task: a user's function of predictions and truth in the place of the usual one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import shown
from gnnlab.core.own_parts import imported, is_path

OwnLoss = Callable[[Tensor, Tensor], Tensor]
"""Predictions and truth to a scalar with a gradient."""


def own_loss_of(loss: Any) -> OwnLoss | None:
    """The function that a task's ``loss`` is or names by an import path; None of any other word.

    Raises:
        ValueError: a path that names no function.
    """
    found = imported(loss) if is_path(loss) else loss
    if callable(found):
        function: OwnLoss = found
        return function
    if found is not loss:
        raise ValueError(
            f"loss is {loss}, which is {described(found)}: name a function of predictions and truth"
        )
    return None


def check_loss(loss: Any, words: Sequence[str]) -> None:
    """Refuse what is neither a loss of one of these names nor a function, or the path of one.

    Raises:
        ValueError: with all there are.
    """
    if own_loss_of(loss) is None and not (isinstance(loss, str) and loss in words):
        raise ValueError(
            f"loss is {shown(loss)}, but it must be {', '.join(words)}, or a function of "
            "predictions and truth"
        )


def own_loss(loss: OwnLoss, predictions: Tensor, y: Tensor) -> Tensor:
    """Call a user's loss.

    Raises:
        ValueError: anything but one number comes back.
    """
    found: Any = loss(predictions, y)
    if not isinstance(found, Tensor) or found.numel() != 1:
        raise ValueError(
            f"loss returned {described(found)}, but a loss is one number, a tensor of shape (): "
            "take the mean"
        )
    return torch.reshape(found, ())
