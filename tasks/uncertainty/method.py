"""Method of conformal prediction: the base class, and what it is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from gnnlab.core.registry import Family
from gnnlab.core.settings import check_settings
from gnnlab.tasks.uncertainty.quantiles import conformal_quantile
from gnnlab.tasks.uncertainty.scores import adaptive_scores, threshold_scores

Base = Literal["aps", "split"]


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a classifier says of every node, and the graph that they are in.

    Args:
        chances: probabilities.
        labels: -1 where unknown.
        edge_index: of the graph.
        calibration: numbers of the calibration nodes.
        drawn: a number from 0 to 1 for every node, of randomised scores.
        seed: of what else is drawn.

    Shapes:
        chances (N, C), labels (N,), edge_index (2, E), calibration (n,), drawn (N,)
    """

    chances: Tensor
    labels: Tensor
    edge_index: Tensor
    calibration: Tensor
    drawn: Tensor
    seed: int = 0

    def with_chances(self, chances: Tensor) -> Predicted:
        """The same with other probabilities."""
        return replace(self, chances=chances)

    def own(self, scores: Tensor) -> Tensor:
        """The score that each calibration node's label has, (n,)."""
        return scores[self.calibration, self.labels[self.calibration]]

    def base(self, name: Base) -> Tensor:
        """Scores by name: adaptive with random parts, or a threshold's."""
        if name == "aps":
            return adaptive_scores(self.chances, self.drawn)
        return threshold_scores(self.chances)


@dataclass(frozen=True)
class Conformal(ABC):
    """A way to sets of classes: a frozen dataclass of its settings.

    A method defines ``scores``; a class is in the set of a node if its score is at most the
    conformal quantile of the calibration nodes' own.
    """

    def __post_init__(self) -> None:
        check_settings(self)

    @abstractmethod
    def scores(self, said: Predicted) -> Tensor:
        """Return how little each class conforms, (N, C)."""

    def sets(self, said: Predicted, alpha: float) -> Tensor:
        """Return the classes in the set of each node, (N, C) bool."""
        scores = self.scores(said)
        return scores <= conformal_quantile(said.own(scores), alpha)


def _is_method(cls: Any) -> bool:
    return issubclass(cls, Conformal) and cls is not Conformal


methods: Family[type[Conformal]] = Family(
    "conformal method", "gnnlab.conformal", _is_method, text="Every conformal method by name."
)


def generator_of(seed: int) -> torch.Generator:
    """A generator of its own: the caller's stay as they were."""
    return torch.Generator().manual_seed(seed)
