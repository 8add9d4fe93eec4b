"""Every metric equals scikit-learn's, ties included."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from torch import Tensor

from gnnlab.tasks.metrics import classes as metrics
from gnnlab.tasks.metrics import labels as label_metrics
from gnnlab.tasks.metrics import numbers as regression_metrics
from gnnlab.tasks.metrics.by_name import (
    BY_KIND,
    LOWER_IS_BETTER,
    RECORDS,
    best_possible,
    find,
    is_fraction,
    sign,
)

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
    close(metrics.macro_f1(scores, labels), sklearn.f1_score(labels, predicted, average="macro"))
    close(metrics.matthews(scores, labels), sklearn.matthews_corrcoef(labels, predicted))


@FEW
@given(graded(2))
def test_one_logit_two_logits_and_a_vector_mean_the_same(case: tuple[Tensor, Tensor]) -> None:
    scores, labels = case
    two = torch.cat([torch.zeros_like(scores), scores], 1)  # argmax takes class 0 at a tie, as > 0
    for name, metric in BY_KIND["classes"].items():
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
        (metrics.macro_f1, sklearn.f1_score(labels, predicted, average="macro", zero_division=0)),
        (metrics.matthews, sklearn.matthews_corrcoef(labels, predicted)),
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
    for metric in BY_KIND["classes"].values():
        with pytest.raises(ValueError, match=message):
            metric(scores, labels)


def test_an_unknown_metric_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no metric 'roc-auc': did you mean roc_auc"):
        find("roc-auc")
    with pytest.raises(ValueError, match="no metric 'hits' for classes: take one of accuracy"):
        find("hits", "classes")


def test_two_infinite_logits_have_no_order() -> None:
    scores = torch.tensor([[torch.inf, torch.inf], [0.0, 1.0]])
    with pytest.raises(ValueError, match="scores hold nan"):
        metrics.roc_auc(scores, torch.tensor([0, 1]))


@st.composite
def marked(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Scores that tie, and labels of which some are unknown; the first label is always judged."""
    size, width = draw(st.integers(2, 20)), draw(st.integers(1, 4))
    cells = size * width
    scores = draw(st.lists(st.integers(-3, 3), min_size=cells, max_size=cells))
    known = st.sampled_from([0.0, 1.0, float("nan")])
    labels = torch.tensor(draw(st.lists(known, min_size=cells, max_size=cells))).view(size, width)
    labels[:2, 0] = torch.tensor([0.0, 1.0])
    return torch.tensor(scores).double().view(size, width) / 2, labels


def as_ogb_does(scores: Tensor, labels: Tensor, metric: Callable[..., float]) -> float:
    """The evaluators' loop over the columns."""
    found = []
    for y, score in zip(labels.T.numpy(), scores.T.numpy(), strict=True):
        if np.sum(y == 1) > 0 and np.sum(y == 0) > 0:
            known = y == y
            found.append(metric(y[known], score[known]))
    return sum(found) / len(found)


@FEW
@given(marked())
def test_label_metrics_equal_the_open_graph_benchmark_s(case: tuple[Tensor, Tensor]) -> None:
    scores, labels = case
    for ours, theirs in (
        (label_metrics.roc_auc, sklearn.roc_auc_score),
        (label_metrics.average_precision, sklearn.average_precision_score),
    ):
        close(ours(scores, labels), as_ogb_does(scores, labels, theirs))
    known = ~labels.isnan()
    right = ((scores > 0).double() == labels)[known].double().mean()
    close(label_metrics.accuracy(scores, labels), float(right))


def test_the_evaluators_themselves_agree_where_they_are_installed() -> None:
    evaluate = pytest.importorskip("ogb.graphproppred").Evaluator
    random = torch.Generator().manual_seed(0)
    scores = torch.randn(50, 12, generator=random)
    labels = torch.randint(2, (50, 12), generator=random).float()
    labels[torch.rand(50, 12, generator=random) < 0.4] = float("nan")
    for name, key, ours in (
        ("ogbg-molpcba", "ap", label_metrics.average_precision),
        ("ogbg-moltox21", "rocauc", label_metrics.roc_auc),
    ):
        evaluator = evaluate(name)
        evaluator.num_tasks = 12
        close(ours(scores, labels), evaluator.eval({"y_true": labels, "y_pred": scores})[key])


@pytest.mark.parametrize("metric", BY_KIND["labels"].values())
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (torch.zeros(3), torch.zeros(3), r"scores of shape \(3,\) do not go with labels"),
        (torch.zeros(3, 2), torch.zeros(3, 1), r"\(3, 2\) do not go with .* \(3, 1\)"),
        (torch.full((2, 1), torch.nan), torch.zeros(2, 1), "scores hold nan"),
        (torch.zeros(2, 1), torch.tensor([[0.0], [2.0]]), "labels hold 2, but each is 1, 0"),
        (torch.zeros(2, 1), torch.full((2, 1), torch.nan), "nan .unknown. everywhere"),
    ],
)
def test_bad_labels_are_named(
    metric: Callable[[Tensor, Tensor], float], scores: Tensor, labels: Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        metric(scores, labels)


@pytest.mark.parametrize("metric", [label_metrics.roc_auc, label_metrics.average_precision])
def test_labels_that_are_never_both_cannot_be_ranked(
    metric: Callable[[Tensor, Tensor], float],
) -> None:
    with pytest.raises(ValueError, match="none of the 2 labels is both 0 and 1 .* 3 rows"):
        metric(torch.zeros(3, 2), torch.tensor([[1.0, 0.0]]).repeat(3, 1))


@st.composite
def measured(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Predictions and targets, no target the same in all rows."""
    size, width = draw(st.integers(2, 20)), draw(st.integers(1, 4))
    numbers = st.lists(st.floats(-100, 100, width=32), min_size=size * width, max_size=size * width)
    targets = torch.tensor(draw(numbers), dtype=torch.float64).view(size, width)
    targets[0] = targets[1] + 1
    return torch.tensor(draw(numbers), dtype=torch.float64).view(size, width), targets


@FEW
@given(measured())
def test_regression_metrics_equal_sklearn(case: tuple[Tensor, Tensor]) -> None:
    predictions, targets = case
    for ours, theirs in (
        (regression_metrics.mae, sklearn.mean_absolute_error),
        (regression_metrics.mse, sklearn.mean_squared_error),
        (regression_metrics.rmse, sklearn.root_mean_squared_error),
        (regression_metrics.r2, sklearn.r2_score),
    ):
        assert ours(predictions, targets) == pytest.approx(theirs(targets, predictions), rel=1e-9)
        column = predictions[:, 0], targets[:, 0]
        assert ours(*column) == pytest.approx(theirs(column[1], column[0]), rel=1e-9)


@pytest.mark.parametrize("metric", BY_KIND["regression"].values())
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        (torch.zeros(3, 1), torch.zeros(3), r"\(3, 1\) do not go with targets of shape \(3,\)"),
        (torch.zeros(0), torch.zeros(0), "n at least 1"),
        (torch.tensor([torch.nan, 0]), torch.zeros(2), "predictions hold nan or infinity"),
        (torch.zeros(2), torch.tensor([torch.inf, 0]), "targets hold nan or infinity"),
    ],
)
def test_bad_numbers_are_named(
    metric: Callable[[Tensor, Tensor], float], predictions: Tensor, targets: Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        metric(predictions, targets)


def test_r2_needs_targets_that_change() -> None:
    with pytest.raises(ValueError, match="target 1 is the same in all 3 rows, so R2 is not"):
        regression_metrics.r2(torch.rand(3, 2), torch.tensor([[1.0, 5.0], [2.0, 5.0], [0, 5]]))


def test_every_metric_says_which_way_is_better_and_in_what_it_is_printed() -> None:
    """Read off what it gives to perfect predictions and to worse ones."""
    labels, numbers = torch.tensor([0, 1, 1, 0]), torch.tensor([[0.0], [3.0], [5.0], [-2.0]])
    for kind, table in BY_KIND.items():
        for name, metric in table.items():
            if kind == "regression":
                best, worse = metric(numbers, numbers), metric(9 - numbers, numbers)
            else:
                y = labels if kind == "classes" else labels[:, None].double()
                scores = 2.0 * labels[:, None] - 1
                best, worse = metric(scores, y), metric(-scores, y)
            assert sign(name) * best > sign(name) * worse, name
            assert is_fraction(name) == (0 <= worse <= best == 1), name
    assert set(LOWER_IS_BETTER) <= BY_KIND["regression"].keys()
    assert sign("a metric of one's own") == 1


def test_one_record_says_all_of_a_metric() -> None:
    """A name that several kinds share has one direction, unit and best value."""
    for record in RECORDS:
        alike = [other for other in RECORDS if other.name == record.name]
        told = {(one.higher_is_better, one.unit, one.limit) for one in alike}
        assert len(told) == 1 and sign(record.name) == (1 if record.higher_is_better else -1)
        assert best_possible(record.name) == record.limit
        assert is_fraction(record.name) == (record.unit == "%")
    pairs = [(kind, record.name) for record in RECORDS for kind in record.kinds]
    assert len(pairs) == len(set(pairs))
    assert best_possible("hits@20") == 1 and best_possible("a metric of one's own") == math.inf
