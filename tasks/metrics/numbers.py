"""Metrics of regression, from predicted and true numbers, in the targets' units.

Every function takes the predictions of n graphs or nodes, ``(n,)`` or ``(n, T)`` for T targets, and
the targets in the same shape, and returns a float; means are taken in float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.tasks.metrics.record import Metric


def mae(predictions: Tensor, targets: Tensor) -> float:
    """Return the mean absolute error over rows and targets.

    Shapes:
        predictions, targets (n,) or (n, T)
    """
    predictions, targets = _checked(predictions, targets)
    return float((predictions - targets).abs().mean())


def mse(predictions: Tensor, targets: Tensor) -> float:
    """Return the mean squared error over rows and targets.

    Shapes:
        predictions, targets (n,) or (n, T)
    """
    predictions, targets = _checked(predictions, targets)
    return float((predictions - targets).square().mean())


def rmse(predictions: Tensor, targets: Tensor) -> float:
    r"""Return the root of the mean squared error over rows, the mean of the roots over targets.

    Shapes:
        predictions, targets (n,) or (n, T)
    """
    predictions, targets = _checked(predictions, targets)
    return float((predictions - targets).square().mean(0).sqrt().mean())


def r2(predictions: Tensor, targets: Tensor) -> float:
    r"""Return the coefficient of determination, the mean over the targets.

    .. math:: R^2 = 1 - \sum_i (y_i - p_i)^2 / \sum_i (y_i - \bar y)^2

    Shapes:
        predictions, targets (n,) or (n, T)

    Raises:
        ValueError: a target that is the same in all rows.
    """
    predictions, targets = _checked(predictions, targets)
    spread = (targets - targets.mean(0)).square().sum(0)
    flat = (spread == 0).nonzero().flatten().tolist()
    if flat:
        raise ValueError(
            f"target {flat[0]} is the same in all {len(targets)} rows, so R2 is not defined: take "
            "metric='mae' or more rows"
        )
    return float((1 - (targets - predictions).square().sum(0) / spread).mean())


KINDS = ("regression",)
METRICS = (
    Metric("mae", mae, KINDS, higher_is_better=False, unit="that of the targets", best=0.0),
    Metric("mse", mse, KINDS, higher_is_better=False, unit="its square", best=0.0),
    Metric("r2", r2, KINDS, unit="1", best=1.0),
    Metric("rmse", rmse, KINDS, higher_is_better=False, unit="that of the targets", best=0.0),
)


def _checked(predictions: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as (n, T) in float64, or say what is wrong with them."""
    if predictions.shape != targets.shape or predictions.dim() not in (1, 2) or not len(targets):
        raise ValueError(
            f"predictions of shape {tuple(predictions.shape)} do not go with targets of shape "
            f"{tuple(targets.shape)}: an error needs two of (n,) or (n, T), n at least 1"
        )
    for name, values in (("predictions", predictions), ("targets", targets)):
        if not bool(torch.isfinite(values).all()):
            raise ValueError(f"{name} hold nan or infinity, so there is no error to take a mean of")
    n = len(targets)
    return predictions.detach().double().reshape(n, -1), targets.double().reshape(n, -1)
