"""What one prediction for all graphs is worth, against trying all of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch_geometric.data import Data

from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import Masks
from gnnlab.tasks import GraphPrediction
from gnnlab.tasks.graph.constant_baseline import constant_score

TRAIN, VALID = 24, 4


def problem(y: list[Tensor], classes: int, **settings: object) -> object:
    """Single nodes with these targets, the first of them for training and the last for testing."""
    none = torch.empty(2, 0, dtype=torch.int64)
    graphs = [Data(x=torch.ones(1, 1), edge_index=none, y=one) for one in y]
    number = torch.arange(len(y))[:, None]
    train, test = number < TRAIN, number >= TRAIN + VALID
    masks = Masks(train, ~train & ~test, test)
    return GraphPrediction(**settings).setup(Graphs(tuple(graphs), masks, classes, "dots"), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("common", [0, 1])
def test_the_commonest_class_of_training(classes: int, common: int) -> None:
    random = torch.Generator().manual_seed(classes + common)
    y = torch.randint(classes, (48,), generator=random)
    y[:15] = common  # more than half of training, whatever is tested
    y[TRAIN + VALID :][:12] = 1 - common
    test = y[TRAIN + VALID :]
    found = constant_score(problem(list(y[:, None]), classes))
    assert found == pytest.approx(float((test == common).double().mean()))
    assert found < 0.5


def test_a_ranking_of_equals_is_worth_a_half() -> None:
    y = torch.tensor([0, 1] * 24)
    assert constant_score(problem(list(y[:, None]), 2, metric="roc_auc")) == 0.5


def test_equally_common_classes_give_the_first() -> None:
    y = torch.tensor([0, 1] * 24)
    y[-20:] = torch.tensor([0] * 15 + [1] * 5)
    assert constant_score(problem(list(y[:, None]), 2)) == 0.75


def test_the_commoner_value_of_each_label() -> None:
    y = torch.zeros(48, 2)
    y[:20, 0] = 1
    y[-10:, 1] = 1
    y[0, 1] = torch.nan
    y[-1, 0] = torch.nan
    settings = {"kind": "labels", "metric": "accuracy"}
    found = constant_score(problem(list(y[:, None]), 2, **settings))
    test = y[TRAIN + VALID :]
    right = (test[:, 0] == 1).sum() + (test[:, 1] == 0).sum()
    assert found == pytest.approx(float(right / (~test.isnan()).sum()))


@pytest.mark.parametrize("metric", ["mae", "mse"])
@pytest.mark.parametrize("standardise", [False, True])
def test_the_number_that_is_best_for_training(metric: str, standardise: bool) -> None:
    random = torch.Generator().manual_seed(3)
    y = torch.rand(48, generator=random).square() * 9
    power = 1 if metric == "mae" else 2
    tried = torch.linspace(0, 9, 9001)
    errors = (tried[:, None] - y[:TRAIN]).abs().pow(power).mean(1)
    # Between the two in the middle, any number has the same mean absolute error.
    best = tried[errors <= errors.min() + 1e-6].mean()
    test = (best - y[TRAIN + VALID :]).abs().pow(power).mean()
    settings = {"metric": metric, "standardise": standardise}
    found = constant_score(problem(list(y[:, None, None]), 1, **settings))
    assert found == pytest.approx(float(test), rel=2e-3)


def test_numbers_that_are_unknown_do_not_count() -> None:
    y = torch.arange(48.0)
    y[::2] = torch.nan
    settings = {"metric": "mae", "missing": "ignore"}
    found = constant_score(problem(list(y[:, None, None]), 1, **settings))
    known = y[:TRAIN][~y[:TRAIN].isnan()]
    test = y[TRAIN + VALID :]
    expected = (test[~test.isnan()] - known.quantile(0.5)).abs().mean()
    assert found == pytest.approx(float(expected))
