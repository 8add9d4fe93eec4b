"""What a kept model says on the test part, asked by hand, is what the result reports."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest
import torch
from kept_cases import Case, cases, number_of, of_graphs
from kept_cases import many as graphs_of

from gnnlab import layers, tasks
from gnnlab.tasks.graph.constant_baseline import constant_score

CASES = cases()
EACH = [(name, encoder) for name, case in CASES.items() for encoder in case.encoders()]


def trained(case: Case, encoder: str, **settings: Any) -> tasks.Result:
    training = tasks.Training(epochs=2, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tasks.fit(case.task, case.encoders()[encoder], case.data, training, seed=1)


@pytest.mark.parametrize(("name", "encoder"), EACH)
def test_the_kept_model_reproduces_the_reported_score(name: str, encoder: str) -> None:
    case = CASES[name]
    result = trained(case, encoder)
    with torch.no_grad():
        asked = case.score(result.model, case.data, result.metric)
    assert asked == pytest.approx(result.test, rel=1e-5)


@pytest.mark.parametrize("name", ["nodes of one graph", "standardised", "links of one graph"])
def test_it_does_so_too_where_the_encoder_was_trained_in_half_precision(name: str) -> None:
    case = CASES[name]
    result = trained(case, "gcn", autocast="bf16")
    with torch.no_grad():
        asked = case.score(result.model, case.data, result.metric)
    assert asked == pytest.approx(result.test, rel=1e-6)


def test_mean_and_deviation_go_with_the_weights() -> None:
    data = graphs_of(number_of)
    task = tasks.GraphPrediction(standardise=True)
    result = tasks.fit(task, layers.GCN(4, 8, 2), data, tasks.Training(epochs=2))
    assert result.model is not None
    file = io.BytesIO()
    torch.save(result.model.state_dict(), file)
    file.seek(0)
    other = task.setup(graphs_of(lambda graph, i: {"y": torch.tensor([float(i)])}), 0)
    loaded = other.model(layers.GCN(4, 8, 2)).eval()
    with torch.no_grad():
        assert of_graphs(loaded, data, "mae") > 5000  # its own mean is 15 and not 10,000
        loaded.load_state_dict(torch.load(file))
        assert of_graphs(loaded, data, "mae") == pytest.approx(result.test)


def test_the_constant_is_in_the_same_units_as_a_model() -> None:
    data = graphs_of(number_of)
    y, train, test = data.y, data.train_mask[:, 0], data.test_mask[:, 0]
    by_hand = float((y[test] - y[train].quantile(0.5)).abs().mean())
    for standardise in (False, True):
        problem = tasks.GraphPrediction(standardise=standardise).setup(data, 0)
        assert constant_score(problem) == pytest.approx(by_hand, rel=1e-5)
