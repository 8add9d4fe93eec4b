"""Metrics of multi-label classification, as fractions, from logits and labels.

Every function takes the scores of n graphs or nodes, one logit for each of T labels, and the labels
in the same shape: 1, 0, or nan where unknown. Unknown ones do not count.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gnnlab.tasks.metrics.classes import binary_average_precision, binary_roc_auc
from gnnlab.tasks.metrics.record import Metric, names_that_need_all


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Return the share of known labels that are predicted, 1 above a logit of 0.

    Shapes:
        scores, labels (n, T)
    """
    scores, labels = _checked(scores, labels)
    known = ~labels.isnan()
    return float(((scores > 0) == (labels == 1))[known].double().mean())


def roc_auc(scores: Tensor, labels: Tensor) -> float:
    """Return the mean over the labels of their ROC AUC.

    A label that is not both 0 and 1 somewhere is left out, as the evaluators of the Open Graph
    Benchmark do.

    Shapes:
        scores, labels (n, T)

    Raises:
        ValueError: no label is left.

    Cost: O(T n log n)

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687).
    """
    return _mean_over_labels(scores, labels, binary_roc_auc, "ROC AUC")


def average_precision(scores: Tensor, labels: Tensor) -> float:
    """Return the mean over the labels of their average precision.

    A label that is not both 0 and 1 somewhere is left out, as for :func:`roc_auc`.

    Shapes:
        scores, labels (n, T)

    Raises:
        ValueError: no label is left.

    Cost: O(T n log n)

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687).
    """
    return _mean_over_labels(scores, labels, binary_average_precision, "average precision")


KINDS = ("labels",)
METRICS = (
    Metric("accuracy", accuracy, KINDS),
    Metric("average_precision", average_precision, KINDS, needs_all=True),
    Metric("roc_auc", roc_auc, KINDS, needs_all=True),
)
RANKING = names_that_need_all(METRICS)
"""Undefined unless some label is both 0 and 1."""


def judged(labels: Tensor) -> list[int]:
    """Return which labels are 1 somewhere and 0 elsewhere.

    Shapes:
        labels (n, T)
    """
    both = (labels == 1).any(0) & (labels == 0).any(0)
    return [int(column) for column in both.nonzero().flatten()]


def _mean_over_labels(
    scores: Tensor, labels: Tensor, binary: Callable[[Tensor, Tensor], Tensor], name: str
) -> float:
    scores, labels = _checked(scores, labels)
    columns = judged(labels)
    if not columns:
        raise ValueError(
            f"{name} is not defined, because none of the {labels.shape[1]} labels is both 0 and 1 "
            f"somewhere in the {len(labels)} rows: use another split, or the metric 'accuracy'"
        )
    each = []
    for column in columns:
        known = ~labels[:, column].isnan()
        each.append(binary(scores[known, column], labels[known, column] == 1))
    return float(torch.stack(each).mean())


def _checked(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return both, labels as floating numbers, or say what is wrong with them."""
    if scores.shape != labels.shape or scores.dim() != 2 or not scores.numel():
        raise ValueError(
            f"scores of shape {tuple(scores.shape)} do not go with labels of shape "
            f"{tuple(labels.shape)}: a metric needs two of (n, T), n and T at least 1"
        )
    if bool(scores.isnan().any()):
        raise ValueError("scores hold nan, so there is no order among them: did training diverge?")
    labels = labels.double()
    wrong = ~((labels == 0) | (labels == 1) | labels.isnan())
    if bool(wrong.any()):
        value = labels[wrong][0].item()
        raise ValueError(f"labels hold {value:g}, but each is 1, 0, or nan where unknown")
    if bool(labels.isnan().all()):
        raise ValueError("labels are nan (unknown) everywhere, so there is nothing to judge by")
    return scores.detach(), labels
