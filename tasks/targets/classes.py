"""Class targets: one of C classes for every node or graph."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_positive, shown
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics import classes as class_metrics
from gnnlab.tasks.targets.own_loss import OwnLoss, own_loss

Weights = bool | tuple[float, ...]


@dataclass(frozen=True)
class Classes:
    """Two classes take one logit and the binary cross entropy, more take C and the cross entropy.

    Args:
        classes: C, at least 2.
        metric: its name; ``auto`` is ``usual``.
        usual: the metric where none is named.
        weights: of each row's class in the loss, a mean weighted so: True for the share of rows of
            a batch that are of another class, so that rare classes count as much as common ones;
            or C numbers.
        also: names of more metrics to measure.
        own: a user's loss, in the place of the cross entropy.

    Shapes:
        predictions (n, 1) or (n, C), y (n,) int64

    Raises:
        ValueError: fewer than two classes, no such metric, or another number of weights.
    """

    classes: int
    metric: str
    usual: str = "accuracy"
    weights: Weights = False
    also: tuple[str, ...] = ()
    own: OwnLoss | None = None

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(
                f"data.y names {self.classes} class, so there is nothing to tell apart: give "
                "labels of at least two classes"
            )
        if self.metric == "auto":
            object.__setattr__(self, "metric", self.usual)
        metrics.find(self.metric, "classes")
        if isinstance(self.weights, tuple) and len(self.weights) != self.classes:
            raise ValueError(
                f"class_weights holds {len(self.weights)} numbers, but there are {self.classes} "
                "classes: give one for each, or True for weights by how rare a class is"
            )

    @property
    def units(self) -> None:
        """Logits have none."""

    def outputs(self, encoder: nn.Module, what: str) -> int:
        """Return how many logits a row has: what the encoder predicts, if that can be right.

        Raises:
            ValueError: it predicts another number.
        """
        own, usual = declared(encoder).out_channels, logits_of(self.classes)
        if own is None:
            return usual
        if own in (usual, self.classes):
            return int(own)
        raise ValueError(
            f"{type(encoder).__name__} predicts out_channels={own}, but this {what} has "
            f"{self.classes} classes: build it with out_channels={usual}, or with None to have the "
            "task add the head"
        )

    def check(self, y: Tensor, name: str, split: int, things: str) -> None:
        """Refuse a part of a split without some class, where the metric needs all of them."""
        if self.metric not in class_metrics.RANKING:
            return
        missing = (torch.bincount(y, minlength=self.classes) == 0).nonzero().flatten().tolist()
        if missing:
            raise ValueError(
                f"data.{name} holds no {things} of class {missing[0]} in split {split}, so "
                f"{self.metric} is not defined there: choose another split, or metric='accuracy'"
            )

    def loss(self, predictions: Tensor, y: Tensor) -> Tensor:
        """Return the mean (binary) cross entropy, or the user's loss."""
        y = y.reshape(-1)
        if self.own is not None:
            return own_loss(self.own, predictions, y)
        weight = self._weight(y)
        weight = None if weight is None else weight.to(predictions.dtype)
        if predictions.shape[1] == 1:
            own = None if weight is None else weight[y] / weight[y].mean()
            logits, labels = predictions[:, 0], y.to(predictions.dtype)
            return F.binary_cross_entropy_with_logits(logits, labels, own)
        return F.cross_entropy(predictions, y, weight)

    def score(self, predictions: Tensor, y: Tensor) -> float:
        """Return the metric."""
        return metrics.find(self.metric, "classes")(predictions, y.reshape(-1))

    def to(self, device: torch.device) -> Classes:
        """Return the same; it holds no tensor."""
        return self

    def _weight(self, y: Tensor) -> Tensor | None:
        """What a row of each class counts, (C,)."""
        if isinstance(self.weights, tuple):
            return torch.tensor(self.weights, dtype=torch.float64, device=y.device)
        return rarity(y, self.classes) if self.weights else None


def rarity(y: Tensor, classes: int) -> Tensor:
    r"""The share of rows that are of another class, :math:`w_c = 1 - n_c / n`; 1 for one class.

    Shapes:
        y (n,) int64 -> (C,)

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023, section B.3
        (https://arxiv.org/abs/2003.00982).
    """
    count = torch.bincount(y, minlength=classes).double()
    weight = 1 - count / len(y)
    return weight if bool((count[count > 0] < len(y)).all()) else torch.ones_like(weight)


def checked_weights(given: Any) -> Weights:
    """Return ``class_weights`` as True, False or numbers.

    Raises:
        ValueError: it is none of that, or a number is not above 0.
    """
    if isinstance(given, bool):
        return given
    found = given.tolist() if isinstance(given, Tensor | np.ndarray) else given
    if not isinstance(found, list | tuple) or not found:
        raise ValueError(
            f"class_weights is {shown(given)}, but it must be True, False, or a number above 0 for "
            "each class, such as [1.0, 10.0]"
        )
    for number, weight in enumerate(found):
        check_positive(f"class_weights[{number}]", weight)
    return tuple(map(float, found))


def counted_classes(y: Tensor, told: int, thing: str) -> int:
    """Return C: as many as the data tell of, else the largest label and one more.

    Args:
        y: the labels that are known.
        told: what the data say; 0 where they say nothing.
        thing: what has a label.

    Shapes:
        y (n,) int64, from 0

    Raises:
        ValueError: a label that is no class, or, where nothing is told, a class below the largest
            that nothing is of: labels from 1, say, would make one class more than there are.
    """
    there = torch.unique(y)  # and no table as long as the largest, which may be any number
    found = int(there[-1]) + 1 if len(there) else 0
    if found > told > 0:
        raise ValueError(
            f"data.y holds {found - 1}, but data.classes is {told}, so labels run from 0 to "
            f"{told - 1}: {RENUMBER}, or raise data.classes"
        )
    if told:
        return told
    if found > len(there):
        empty = int((there != torch.arange(len(there), device=y.device)).nonzero()[0])
        raise ValueError(
            f"no {thing} is of class {empty}, but labels in data.y go up to {found - 1}: "
            f"{RENUMBER}, or set data.classes={found} if all of them are to be told apart"
        )
    return found


RENUMBER = "number the classes from 0 without a gap (torch.unique with return_inverse does)"


def warn_of_untrained(y: Tensor, classes: int, split: int, thing: str) -> None:
    """Warn of classes that nothing in training is of, which no model can learn.

    Shapes:
        y (m,) int64, the training labels
    """
    there = torch.bincount(y, minlength=classes) > 0
    if absent := (~there).nonzero().flatten().tolist():
        warnings.warn(
            f"data.train_mask selects no {thing} of class {absent[0]} in split {split} "
            f"({len(absent)} of {len(there)} classes are absent): it will never be predicted right",
            stacklevel=4,
        )


def usual_metric(classes: int) -> str:
    """The metric of nodes' classes where none is named."""
    return "roc_auc" if classes == 2 else "accuracy"


def logits_of(classes: int) -> int:
    """Return how many logits tell so many classes apart."""
    return 1 if classes == 2 else classes
