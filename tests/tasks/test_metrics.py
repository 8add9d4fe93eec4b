"""Every metric equals scikit-learn's, ties included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from torch import Tensor

from gnnlab.tasks import metrics

FEW = settings(max_examples=60, deadline=None)


@st.composite
def graded(draw: st.DrawFn, classes: int) -> tuple[Tensor, Tensor]:
    """Scores on a coarse grid, so that many tie, and labels that name every class."""
    size = draw(st.integers(classes, 30))
    labels = list(range(classes)) + draw(
        st.lists(st.integers(0, classes - 1), min_size=size - classes, max_size=size - classes)
    )
    cells = size * (1 if classes == 2 else classes)
    scores = draw(st.lists(st.integers(-3, 3), min_size=cells, max_size=cells))
    return torch.tensor(scores).double().view(size, -1) / 2, torch.tensor(labels)


def close(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(theirs, abs=1e-12)


@FEW
@given(graded(2))
def test_binary_metrics_equal_sklearn(case: tuple[Tensor, Tensor]) -> None:
    scores, labels = case
    flat, predicted = scores[:, 0], (scores[:, 0] > 0).long()
    close(metrics.roc_auc(scores, labels), sklearn.roc_auc_score(labels, flat))
    close(metrics.average_precision(scores, labels), sklearn.average_precision_score(labels, flat))
    close(metrics.accuracy(scores, labels), sklearn.accuracy_score(labels, predicted))
    close(
        metrics.balanced_accuracy(scores, labels),
        sklearn.balanced_accuracy_score(labels, predicted),
    )
    close(metrics.f1(scores, labels), sklearn.f1_score(labels, predicted, zero_division=0))


@FEW
@given(graded(2))
def test_one_logit_two_logits_and_a_vector_mean_the_same(case: tuple[Tensor, Tensor]) -> None:
    scores, labels = case
    two = torch.cat([torch.zeros_like(scores), scores], 1)  # argmax takes class 0 at a tie, as > 0
    for name, metric in metrics.METRICS.items():
        assert metric(scores, labels) == metric(scores[:, 0], labels) == metric(two, labels), name


@FEW
@given(graded(4))
def test_multi_class_metrics_equal_sklearn(case: tuple[Tensor, Tensor]) -> None:
    scores, labels = case
    chance, predicted = scores.softmax(1), scores.argmax(1)
    hot = np.eye(4)[labels]
    pairs: list[tuple[Callable[[Tensor, Tensor], float], Any]] = [
        (metrics.roc_auc, sklearn.roc_auc_score(labels, chance, multi_class="ovr")),
        (metrics.average_precision, sklearn.average_precision_score(hot, chance)),
        (metrics.accuracy, sklearn.accuracy_score(labels, predicted)),
        (metrics.balanced_accuracy, sklearn.balanced_accuracy_score(labels, predicted)),
        (metrics.f1, sklearn.f1_score(labels, predicted, average="macro", zero_division=0)),
    ]
    for metric, theirs in pairs:
        close(metric(scores, labels), theirs)


def test_balanced_accuracy_and_f1_leave_out_a_class_that_does_not_occur() -> None:
    scores, labels = torch.eye(4)[[0, 1, 1, 0]], torch.tensor([0, 1, 1, 1])
    close(metrics.balanced_accuracy(scores, labels), (1 + 2 / 3) / 2)
    close(metrics.f1(scores, labels), (2 / 3 + 4 / 5) / 2)


def test_constant_scores_rank_like_chance() -> None:
    labels = torch.tensor([0, 1, 0, 1, 1])
    assert metrics.roc_auc(torch.zeros(5), labels) == 0.5
    assert metrics.average_precision(torch.zeros(5), labels) == 0.6


@pytest.mark.parametrize("metric", [metrics.roc_auc, metrics.average_precision])
@pytest.mark.parametrize(("labels", "missing"), [([0, 0, 0], 1), ([1, 1, 1], 0)])
def test_ranking_says_which_class_is_absent(
    metric: Callable[[Tensor, Tensor], float], labels: list[int], missing: int
) -> None:
    with pytest.raises(ValueError, match=f"none of the 3 nodes is of class {missing}: use a split"):
        metric(torch.zeros(3), torch.tensor(labels))


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (torch.zeros(3), torch.zeros(2).long(), r"shape \(3, 1\) do not go with .* \(2,\)"),
        (torch.zeros(0), torch.zeros(0).long(), "n at least 1"),
        (torch.tensor([0.0, torch.nan]), torch.tensor([0, 1]), "scores hold nan"),
        (torch.zeros(2, 3), torch.tensor([0, 3]), "labels run from 0 to 3, .* classes 0 to 2"),
        (torch.zeros(2), torch.tensor([0, -1]), "labels run from -1 to 0, .* classes 0 to 1"),
    ],
)
def test_bad_input_is_named(scores: Tensor, labels: Tensor, message: str) -> None:
    for metric in metrics.METRICS.values():
        with pytest.raises(ValueError, match=message):
            metric(scores, labels)


def test_an_unknown_metric_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no metric 'roc-auc': did you mean roc_auc"):
        metrics.find("roc-auc")


def test_two_infinite_logits_have_no_order() -> None:
    scores = torch.tensor([[torch.inf, torch.inf], [0.0, 1.0]])
    with pytest.raises(ValueError, match="scores hold nan"):
        metrics.roc_auc(scores, torch.tensor([0, 1]))
