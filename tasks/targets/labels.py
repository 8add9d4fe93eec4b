"""Label targets: T labels for every node or graph, each 1, 0 or unknown."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics import labels as label_metrics
from gnnlab.tasks.targets.numbers import outputs_for
from gnnlab.tasks.targets.own_loss import OwnLoss, own_loss


@dataclass(frozen=True)
class Labels:
    """One logit for each of T labels, and the mean binary cross entropy over the known ones.

    Args:
        width: T.
        metric: its name; ``auto`` is ``average_precision``.
        also: names of more metrics to measure.
        own: a user's loss; labels that are not known are nan in it.

    Shapes:
        predictions (n, T), y (n, T) or (n T,), nan where unknown

    Raises:
        ValueError: no such metric.
    """

    width: int
    metric: str = "auto"
    also: tuple[str, ...] = ()
    own: OwnLoss | None = None

    def __post_init__(self) -> None:
        if self.metric == "auto":
            object.__setattr__(self, "metric", "average_precision")
        metrics.find(self.metric, "labels")

    @property
    def units(self) -> None:
        """Logits have none."""

    def outputs(self, encoder: nn.Module, what: str) -> int:
        """Return T, or refuse an encoder that predicts another number."""
        return outputs_for(encoder, self.width, what, "labels")

    def check(self, y: Tensor, name: str, split: int, things: str) -> None:
        """Refuse a part of a split where the metric is not defined."""
        if bool(y.isnan().all()):
            raise ValueError(
                f"data.{name} selects {things}s without a known label in split {split}: choose "
                "another split"
            )
        if self.metric in label_metrics.RANKING and not label_metrics.judged(y):
            raise ValueError(
                f"none of the {self.width} labels is both 0 and 1 among the {things}s that "
                f"data.{name} selects in split {split}, so {self.metric} is not defined there: "
                "choose another split, or metric='accuracy'"
            )

    def loss(self, predictions: Tensor, y: Tensor) -> Tensor:
        """Return the mean over the known labels, 0 where there is none."""
        y = self._rows(y).to(predictions.dtype)
        if self.own is not None:
            return own_loss(self.own, predictions, y)
        known = ~y.isnan()
        each = F.binary_cross_entropy_with_logits(predictions, y.nan_to_num(), reduction="none")
        return each.where(known, 0.0).sum() / known.sum().clamp(min=1)

    def score(self, predictions: Tensor, y: Tensor) -> float:
        """Return the metric."""
        return metrics.find(self.metric, "labels")(predictions, self._rows(y))

    def to(self, device: torch.device) -> Labels:
        """Return the same; it holds no tensor."""
        return self

    def _rows(self, y: Tensor) -> Tensor:
        return y.reshape(-1, self.width)
