"""Number targets: T numbers to regress for every node or graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.targets.own_loss import OwnLoss, own_loss
from gnnlab.tasks.targets.units import Units

Loss = Literal["auto", "l1", "mse"]


@dataclass(frozen=True, eq=False)
class Regression:
    r"""T outputs, and the mean absolute or the mean squared error of standardised targets.

    .. math:: L = \frac{1}{n T} \sum_{i, t} \Big| p_{it} - \frac{y_{it} - \mu_t}{\sigma_t} \Big|

    or its square. The metric is of :math:`\sigma p + \mu` and y, in the units of y. Targets that
    are nan are in neither.

    Args:
        mean, scale: :math:`\mu` and :math:`\sigma`; 0 and 1 leave the targets as they are.
        metric: its name; ``auto`` is ``mae``.
        loss_name: ``l1`` or ``mse``; ``auto`` is ``l1``.
        holes: whether some target is nan, so that a step need not ask, and wait for the device.
        standardised: whether mean and scale are the targets' own.
        also: names of more metrics to measure.
        own: a user's loss of the standardised targets; those that are not known are nan in it.

    Shapes:
        predictions (n, T), y (n, T), or (n,) for T = 1; mean, scale (T,) float64

    Raises:
        ValueError: no such metric.
    """

    mean: Tensor
    scale: Tensor
    metric: str = "auto"
    loss_name: Loss = "auto"
    holes: bool = False
    standardised: bool = False
    also: tuple[str, ...] = ()
    own: OwnLoss | None = None

    def __post_init__(self) -> None:
        if self.metric == "auto":
            object.__setattr__(self, "metric", "mae")
        metrics.find(self.metric, "regression")

    def outputs(self, encoder: nn.Module, what: str) -> int:
        """Return T, or refuse an encoder that predicts another number."""
        return outputs_for(encoder, len(self.mean), what, "targets")

    @property
    def units(self) -> Units | None:
        """What puts predictions into the units of y, unless they are in these."""
        return Units(self.mean, self.scale) if self.standardised else None

    def check(self, y: Tensor, name: str, split: int, things: str) -> None:
        """Refuse a part of a split where the metric is not defined."""
        if bool(y.isnan().all(0).any()):
            raise ValueError(
                f"data.{name} holds no {things} with a known value of some target in split "
                f"{split}, so {self.metric} is not defined there: choose another split"
            )
        columns = [column[~column.isnan()] for column in y.T]
        if self.metric == "r2" and any(bool((known == known[0]).all()) for known in columns):
            raise ValueError(
                f"data.{name} holds {things}s that share one value of a target in split {split}, "
                "so r2 is not defined there: choose another split, or metric='mae'"
            )

    def loss(self, predictions: Tensor, y: Tensor) -> Tensor:
        """Return the mean error of the standardised targets that are known, 0 if none is."""
        y = ((self._rows(y) - self.mean) / self.scale).to(predictions.dtype)
        if self.own is not None:
            return own_loss(self.own, predictions, y)
        function = F.mse_loss if self.loss_name == "mse" else F.l1_loss
        if not self.holes:
            return function(predictions, y)
        known = ~y.isnan()
        each = function(predictions, y.nan_to_num(), reduction="none")
        return each.where(known, 0.0).sum() / known.sum().clamp(min=1)

    def score(self, predictions: Tensor, y: Tensor) -> float:
        """Return the metric in the units of y, of several targets with unknown ones their mean."""
        predictions, y = predictions.double() * self.scale + self.mean, self._rows(y)
        metric = metrics.find(self.metric, "regression")
        known = ~y.isnan()
        if bool(known.all()):
            return metric(predictions, y)
        each = [metric(predictions[k, t], y[k, t]) for t, k in enumerate(known.T)]
        return sum(each) / len(each)

    def to(self, device: torch.device) -> Regression:
        """Return the same with its numbers on a device."""
        return replace(self, mean=self.mean.to(device), scale=self.scale.to(device))

    def _rows(self, y: Tensor) -> Tensor:
        return y.reshape(-1, len(self.mean)).double()


def standard(y: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (ddof 0) of every target; 1 for one that never changes.

    Values that are nan do not count.

    Shapes:
        y (n, T) -> (T,), (T,) float64
    """
    y = y.double()
    mean = y.nanmean(0)
    # As std does it where every value is known, to the bit.
    scale = (
        (y - mean).square().nanmean(0).sqrt() if bool(y.isnan().any()) else y.std(0, correction=0)
    )
    return mean.nan_to_num(), scale.where(scale > 0, 1.0)


def outputs_for(encoder: nn.Module, width: int, what: str, things: str) -> int:
    """Return how many numbers a row has, or refuse an encoder that predicts another number.

    Raises:
        ValueError: it does.
    """
    own = declared(encoder).out_channels
    if own not in (None, width):
        raise ValueError(
            f"{type(encoder).__name__} predicts out_channels={own}, but this {what} has {width} "
            f"{things}: build it with out_channels={width}, or with None to have the task add the "
            "head"
        )
    return width
