"""Metrics of classification, as fractions, from logits and labels.

Every function takes the scores of n nodes, ``(n,)`` or ``(n, 1)`` (one logit, class 1 against
class 0) or ``(n, C)`` (one logit a class), and their labels ``(n,)``, and returns a float.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gnnlab.tasks.metrics.record import Metric, names_that_need_all


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Return the share of nodes whose predicted class is their label.

    Shapes:
        scores (n,), (n, 1) or (n, C); labels (n,)
    """
    scores, labels = _checked(scores, labels)
    return float((_predict(scores) == labels).double().mean())


def balanced_accuracy(scores: Tensor, labels: Tensor) -> float:
    """Return the mean recall of those classes that occur among the labels.

    Shapes:
        scores (n,), (n, 1) or (n, C); labels (n,)
    """
    scores, labels = _checked(scores, labels)
    total = torch.bincount(labels)
    right = torch.bincount(labels[_predict(scores) == labels], minlength=len(total)).double()
    there = total > 0
    return float((right[there] / total[there]).mean())


def f1(scores: Tensor, labels: Tensor) -> float:
    r"""Return the F1 score: of class 1 for two classes, the mean over classes for more.

    .. math:: F_1 = 2 TP / (2 TP + FP + FN)

    A class that is neither predicted nor a label does not enter the mean. Two classes of which
    class 1 is neither predicted nor a label give 0.

    Shapes:
        scores (n,), (n, 1), (n, 2) or (n, C); labels (n,)
    """
    each, there = _f1_of_classes(scores, labels)
    binary = scores.dim() == 1 or scores.shape[1] <= 2
    return float(each[1]) if binary else float(each[there].mean())


def macro_f1(scores: Tensor, labels: Tensor) -> float:
    """Return the mean over the classes of their F1 scores, see :func:`f1`, also for two classes.

    A class that is neither predicted nor a label does not enter the mean.

    Shapes:
        scores (n,), (n, 1) or (n, C); labels (n,)
    """
    each, there = _f1_of_classes(scores, labels)
    return float(each[there].mean())


def roc_auc(scores: Tensor, labels: Tensor) -> float:
    r"""Return the chance that a node of class 1 scores above one of class 0; a tie counts a half.

    .. math:: AUC = \frac{1}{PQ} \sum_{i: y_i = 1} \sum_{j: y_j = 0} [s_i > s_j] + [s_i = s_j] / 2

    More than two classes: each against the rest on the softmax, then the mean over classes.

    Shapes:
        scores (n,), (n, 1), (n, 2) or (n, C); labels (n,)

    Raises:
        ValueError: a class has no node, or every node is of one class.

    Cost:
        O(C n log n)
    """
    return _one_against_rest(scores, labels, binary_roc_auc, "ROC AUC")


def average_precision(scores: Tensor, labels: Tensor) -> float:
    r"""Return the precision averaged over the nodes of class 1, each at its own score.

    .. math:: AP = \frac{1}{P} \sum_{i: y_i = 1}
              \frac{|\{j: s_j \ge s_i, y_j = 1\}|}{|\{j: s_j \ge s_i\}|}

    More than two classes: each against the rest on the softmax, then the mean over classes.

    Shapes:
        scores (n,), (n, 1), (n, 2) or (n, C); labels (n,)

    Raises:
        ValueError: a class has no node, or every node is of one class.

    Cost:
        O(C n log n)
    """
    return _one_against_rest(scores, labels, binary_average_precision, "average precision")


def matthews(scores: Tensor, labels: Tensor) -> float:
    r"""Return Matthews' correlation of predicted classes and labels: 1 at best, 0 for a guess.

    .. math:: R = \frac{n c - \sum_k p_k t_k}
              {\sqrt{n^2 - \sum_k p_k^2} \sqrt{n^2 - \sum_k t_k^2}}

    c nodes are right, :math:`p_k` are predicted to be of class k and :math:`t_k` are. It is 0 where
    all nodes are of one class, or are predicted to be.

    Shapes:
        scores (n,), (n, 1) or (n, C); labels (n,)
    """
    scores, labels = _checked(scores, labels)
    predicted, n = _predict(scores), len(labels)
    classes = max(int(scores.shape[1]), 2)
    true, guess = (torch.bincount(k, minlength=classes).double() for k in (labels, predicted))
    spread = ((n**2 - guess @ guess) * (n**2 - true @ true)).sqrt()  # of equal ones exactly that
    right = (predicted == labels).sum().double()
    return float((n * right - guess @ true) / spread) if spread > 0 else 0.0


KINDS = ("classes",)
METRICS = (
    Metric("accuracy", accuracy, KINDS),
    Metric("average_precision", average_precision, KINDS, needs_all=True),
    Metric("balanced_accuracy", balanced_accuracy, KINDS),
    Metric("f1", f1, KINDS),
    Metric("macro_f1", macro_f1, KINDS),
    Metric("matthews", matthews, KINDS, unit="1"),
    Metric("roc_auc", roc_auc, KINDS, needs_all=True),
)
RANKING = names_that_need_all(METRICS)
"""Undefined unless every class has a node."""


def _checked(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return scores as (n, 1 or C) and labels as int64, or say what is wrong with them."""
    if scores.dim() == 1:
        scores = scores[:, None]
    if scores.dim() != 2 or labels.dim() != 1 or len(scores) != len(labels) or not len(labels):
        raise ValueError(
            f"scores of shape {tuple(scores.shape)} do not go with labels of shape "
            f"{tuple(labels.shape)}: a metric needs (n, C) or (n,) and (n,), n at least 1"
        )
    _refuse_nan(scores)
    classes = max(2, scores.shape[1])
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(
            f"labels run from {int(labels.min())} to {int(labels.max())}, but the scores are for "
            f"classes 0 to {classes - 1}: select labelled nodes or widen the scores"
        )
    return scores.detach(), labels.long()


def _refuse_nan(scores: Tensor) -> None:
    if bool(scores.isnan().any()):
        raise ValueError("scores hold nan, so there is no order among them: did training diverge?")


def _predict(scores: Tensor) -> Tensor:
    return (scores[:, 0] > 0).long() if scores.shape[1] == 1 else scores.argmax(1)


def _f1_of_classes(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Each class's F1 score, and whether it is predicted or a label at all."""
    scores, labels = _checked(scores, labels)
    classes = max(int(scores.shape[1]), 2)
    predicted = _predict(scores)
    true = torch.bincount(labels[predicted == labels], minlength=classes).double()
    size = torch.bincount(labels, minlength=classes) + torch.bincount(predicted, minlength=classes)
    return 2 * true / size.clamp(min=1), size > 0


def _one_against_rest(
    scores: Tensor, labels: Tensor, binary: Callable[[Tensor, Tensor], Tensor], name: str
) -> float:
    scores, labels = _checked(scores, labels)
    classes = max(2, scores.shape[1])
    missing = (torch.bincount(labels, minlength=classes) == 0).nonzero().flatten().tolist()
    if missing:
        raise ValueError(
            f"{name} is not defined, because none of the {len(labels)} nodes is of class "
            f"{missing[0]}: use a split that holds every class, or the metric 'accuracy'"
        )
    if classes == 2:
        score = scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]
        _refuse_nan(score)  # two infinite logits have no difference
        return float(binary(score, labels == 1))
    chance = scores.double().softmax(1)
    each = [binary(chance[:, c].contiguous(), labels == c) for c in range(classes)]
    return float(torch.stack(each).mean())


def binary_roc_auc(score: Tensor, positive: Tensor) -> Tensor:
    """Of rows that are positive or not; at least one of each."""
    low, high = score[~positive].sort().values, score[positive]
    below = torch.searchsorted(low, high)
    level = torch.searchsorted(low, high, right=True)
    return (below + level).double().mean() / (2 * len(low))


def binary_average_precision(score: Tensor, positive: Tensor) -> Tensor:
    """Of rows that are positive or not; at least one is."""
    high = score[positive].sort().values
    above = len(score) - torch.searchsorted(score.sort().values, high)
    right = len(high) - torch.searchsorted(high, high)
    return (right.double() / above).mean()
