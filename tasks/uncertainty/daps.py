"""DAPS: conformal scores averaged with those of the neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gnnlab.core.arguments import check_share
from gnnlab.ops import Adjacency, propagate
from gnnlab.tasks.uncertainty.method import Base, Conformal, Predicted


@dataclass(frozen=True)
class DAPS(Conformal):
    r"""Scores that are shared with the neighbours, who tend to be of the same class.

    .. math:: \tilde s = (1 - \lambda) s + \lambda D^{-1} A s

    All scores are averaged so, those of calibration nodes and of others alike, and no label is
    looked at: coverage stays what it was. A node without neighbours keeps its scores.

    Args:
        share: :math:`\lambda`, from 0, which changes nothing, to 1.
        base: the scores, ``aps`` with random parts or ``split``.

    Source:
        Zargarbashi, Antonelli and Bojchevski, "Conformal Prediction Sets for Graph Neural
        Networks", ICML 2023 (https://proceedings.mlr.press/v202/h-zargarbashi23a.html). Its code
        averages set sizes over non-empty sets alone and takes another quantile; both are as usual
        here.

    Cost:
        O(E C).
    """

    share: float = 0.5
    base: Base = "aps"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("share", self.share)

    def scores(self, said: Predicted) -> Tensor:
        return smoothed(said.base(self.base), said.edge_index, self.share)


def smoothed(scores: Tensor, edge_index: Tensor, share: float) -> Tensor:
    """Return scores of which a share is the mean of the neighbours', (N, C)."""
    degree = torch.bincount(edge_index[1], minlength=len(scores))[:, None]
    around = propagate(scores, Adjacency.of(edge_index, len(scores))) / degree.clamp(min=1)
    return torch.where(degree > 0, (1 - share) * scores + share * around, scores)
