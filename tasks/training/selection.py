"""Model selection: the best epoch on validation, its weights, and early stopping."""

from __future__ import annotations

from bisect import bisect_left
from copy import deepcopy
from statistics import fmean
from typing import Any

from torch import Tensor, nn

from gnnlab.tasks.metrics.by_name import best_possible, sign
from gnnlab.tasks.training.curve import Curve
from gnnlab.tasks.training.settings import Select, Training


class Best:
    """The first epoch that no other one beats on validation.

    Args:
        select: ``"metric"`` (the best) or ``"loss"`` (the smallest), which is taken too where
            nothing is scored; ``"last"`` takes each.
        metric: its name, which says whether the largest or the smallest is best.
    """

    def __init__(self, select: Select, metric: str) -> None:
        self.select, self.sign = select, sign(metric)
        self.limit = best_possible(metric)
        self.row: dict[str, float] = {}

    def improves(self, row: dict[str, float]) -> bool:
        """Take the epoch's numbers if they beat all before them; a tie does not."""
        if self.select != "last" and self.row and self._score(row) <= self._score(self.row):
            return False
        self.row = row
        return True

    @property
    def unbeatable(self) -> bool:
        """Whether no later epoch can be kept, since validation has nothing better to give."""
        scored = self.select == "metric" and "valid" in self.row
        return scored and self.row["valid"] == self.limit

    def _score(self, row: dict[str, float]) -> float:
        scored = self.select == "metric" and "valid" in row
        return self.sign * row["valid"] if scored else -row["valid_loss"]


def should_stop(training: Training, curve: Curve, best: Best) -> bool:
    """Whether training ends after the last epoch of the curve; ``best`` is the one kept so far."""
    if training.patience is None:
        return False
    now = curve.epoch[-1]
    if training.stop == "patience":
        return best.unbeatable or now - best.row["epoch"] >= training.patience
    start = bisect_left(curve.epoch, now - training.patience)
    before = curve.valid_loss[start:-1]
    return 2 * now > training.epochs and bool(before) and curve.valid_loss[-1] > fmean(before)


class Snapshot:
    """A copy of a model's weights and buffers into which better ones go.

    It is allocated at the first one, when what the model makes at its first pass is there too.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.kept: dict[str, Any] = {}

    def save(self) -> None:
        for name, value in self.model.state_dict().items():
            kept = self.kept.get(name)
            if isinstance(value, Tensor) and isinstance(kept, Tensor) and kept.shape == value.shape:
                kept.copy_(value)
            else:  # what is no tensor is a module's extra state
                self.kept[name] = deepcopy(value)

    def restore(self) -> None:
        self.model.load_state_dict(self.kept)

    def put(self, kept: dict[str, Tensor]) -> None:
        """Take weights that were kept before, to the model's device."""
        here = self.model.state_dict()
        self.kept = {name: value.to(here[name].device) for name, value in kept.items()}
