"""Scores of conformal prediction: how little a class conforms to what a model says, from 0 on."""

from __future__ import annotations

import torch
from torch import Tensor


def threshold_scores(chances: Tensor) -> Tensor:
    r"""Return :math:`s(v, y) = 1 - p_y(v)`.

    Shapes:
        chances (N, C) -> (N, C)
    """
    return 1 - chances


def adaptive_scores(chances: Tensor, drawn: Tensor | None = None) -> Tensor:
    r"""Return the mass of all classes at least as likely as each, less a random part of its own.

    .. math:: s(v, y) = \sum_{c:\, p_c \geq p_y} p_c(v) - u_v \, p_y(v)

    Of classes that are equally likely the one with the smaller number counts as likelier.

    Args:
        chances: probabilities.
        drawn: u, from 0 to 1; None takes nothing off.

    Shapes:
        chances (N, C), drawn (N,) -> (N, C)
    """
    order = torch.argsort(chances, dim=1, descending=True, stable=True)
    mass = torch.gather(chances, 1, order).cumsum(1)
    scores = torch.empty_like(chances).scatter(1, order, mass)
    return scores if drawn is None else scores - drawn[:, None] * chances


def ranks(chances: Tensor) -> Tensor:
    """Return the rank of each class, 1 for the likeliest, (N, C) int64."""
    order = torch.argsort(chances, dim=1, descending=True, stable=True)
    places = torch.arange(1, chances.shape[1] + 1, device=chances.device).expand_as(order)
    return torch.empty_like(order).scatter(1, order, places)
