"""Learning-rate schedule: the rate after every epoch."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from gnnlab.tasks.metrics.by_name import sign
from gnnlab.tasks.training.settings import Plateau, Training


class Schedule:
    """Set the learning rate of every group after an epoch.

    A ramp follows from the epoch alone. ``plateau`` begins where the warm-up ends, and follows from
    what is measured on validation: torch's ``ReduceLROnPlateau``.

    Args:
        metric: the name of the problem's, which says which way is better.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, training: Training, metric: str) -> None:
        self.training, self.epoch = training, 0
        self.ramp = LambdaLR(optimizer, training.factor)
        self.plateau = _plateau(optimizer, training.plateau, sign(metric))

    def step(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        # A ramp that is done must not put back what a plateau took.
        if self.plateau is None or self.epoch < self.training.warmup:
            self.ramp.step()

    def see(self, row: dict[str, float]) -> None:
        """Hear of the numbers of the epoch that has just ended."""
        if self.plateau is not None and self.epoch >= self.training.warmup:
            key = "valid_loss" if self.training.plateau_on == "loss" else "valid"
            self.plateau.step(row.get(key, row["valid_loss"]))

    def state(self) -> dict[str, Any]:
        """Where it is, as JSON."""
        plateau = None if self.plateau is None else self.plateau.state_dict()
        return {"epoch": self.epoch, "ramp": self.ramp.state_dict(), "plateau": plateau}

    def put(self, told: dict[str, Any]) -> None:
        """Go to where another one was."""
        self.epoch = told["epoch"]
        self.ramp.load_state_dict(told["ramp"])
        if self.plateau is not None:
            self.plateau.load_state_dict(told["plateau"])


def _plateau(
    optimizer: torch.optim.Optimizer, plateau: Plateau | None, direction: int
) -> ReduceLROnPlateau | None:
    if plateau is None:
        return None
    larger = plateau.on == "metric" and direction > 0
    return ReduceLROnPlateau(
        optimizer,
        "max" if larger else "min",
        factor=plateau.factor,
        patience=plateau.patience,
        min_lr=plateau.min_lr,
    )
