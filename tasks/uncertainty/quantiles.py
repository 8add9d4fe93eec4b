"""Conformal quantiles: the score that a new node stays below as often as asked for."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ROUNDING = 1e-9
"""What (n + 1)(1 − alpha) may lie above a whole number by its rounding alone."""


def conformal_quantile(scores: Tensor, alpha: float) -> float:
    r"""Return the :math:`\lceil (n + 1)(1 - \alpha) \rceil`-th smallest score; infinite if none is.

    Shapes:
        scores (n,)

    Example:
        >>> conformal_quantile(torch.tensor([0.1, 0.4, 0.2, 0.3]), 0.4)
        0.30000001192092896
    """
    place = math.ceil((len(scores) + 1) * (1 - alpha) - ROUNDING)
    if place > len(scores):
        return math.inf
    return float(scores.kthvalue(max(place, 1)).values)


def weighted_quantiles(
    scores: Tensor, rows: Tensor, columns: Tensor, weights: Tensor, count: int, alpha: float
) -> Tensor:
    r"""Return for each of many points the quantile of scores under weights of its own.

    The point itself weighs 1 and has an infinite score: the quantile q is the smallest score with

    .. math:: \sum_{i:\, s_i \leq q} w_i \geq (1 - \alpha) \left(1 + \sum_i w_i\right)

    and infinite where no score reaches it. With equal weights of 1 it is the conformal quantile.

    Args:
        scores: of the calibration nodes.
        rows: the point of each pair.
        columns: its calibration node.
        weights: its weight.
        count: of points.
        alpha: the share of errors.

    Shapes:
        scores (n,), rows, columns, weights (P,) -> (count,)

    Cost:
        O(P log P).
    """
    order = torch.argsort(scores[columns], stable=True)
    order = order[torch.argsort(rows[order], stable=True)]
    rows, weights, scores = rows[order], weights[order].double(), scores[columns[order]]
    total = torch.zeros(count, dtype=torch.float64).index_add(0, rows, weights)
    # Sums from the first pair on, less what came before the point's own.
    before = torch.cat([total.new_zeros(1), total.cumsum(0)])[:-1]
    mass = weights.cumsum(0) - before[rows]
    enough = mass >= (1 - alpha) * (1 + total[rows]) - ROUNDING
    found = torch.full((count,), math.inf, dtype=scores.dtype)
    return found.scatter_reduce(0, rows[enough], scores[enough], "amin")
