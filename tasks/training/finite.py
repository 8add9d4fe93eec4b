"""Finite-loss check: a loss or gradient that is not finite, and its likely cause."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gnnlab.tasks.training.settings import Training

PARTS = (("loss", "training"), ("valid_loss", "validation"))


class FirstStep:
    """Whether the loss of the first step and all its gradients were finite.

    If not, it is for what was read: the learning rate had no part in it yet.
    """

    def __init__(self) -> None:
        self.finite: Tensor | None = None  # is asked for when it matters: asking waits for a GPU

    def see(self, loss: Tensor, model: nn.Module) -> None:
        """Take a step's loss and gradients, if it is the first one."""
        if self.finite is not None:
            return
        found = [loss.detach()]
        for parameter in model.parameters():
            if (grad := parameter.grad) is not None:
                found.append(grad.coalesce().values() if grad.is_sparse else grad)
        self.finite = torch.stack([values.isfinite().all() for values in found]).all()

    def check(self, row: dict[str, float], training: Training) -> None:
        """Refuse to go on from a loss that is not finite.

        Raises:
            ValueError: with the epoch, and with what is to be looked at.
        """
        for name, part in PARTS:
            if not math.isfinite(row[name]):
                raise ValueError(
                    f"the {part} loss became {row[name]} at epoch {int(row['epoch'])}"
                    + self._way(training)
                )

    def _way(self, training: Training) -> str:
        if self.finite is not None and not bool(self.finite):
            return (
                ", or its gradient was not finite at the first step, where lr has no part yet: "
                "look for very large or very small numbers in data.x, data.edge_weight and "
                "data.edge_attr"
            )
        return (
            f" with lr={training.lr}: lower lr, set grad_clip, or look at the scale of the "
            "features and the edge weights"
        )
