"""A run and ``fit`` make the same model of an encoder, also of one that predicts by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs, karate
from gnnlab.datasets.values.masks import stratified
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.encoder import make_encoder, make_task
from gnnlab.tasks.contract import as_predictor

PREDICTS = [n for n, cls in layers.encoders().items() if cls.predicts]
OF_NODES = [name for name in PREDICTS if layers.find(name).level == "node"]
NEEDS: dict[str, dict[str, int]] = {"LINKX": {"num_nodes": 34}}


def built(name: str, **settings: Any) -> Any:
    cls: Any = layers.find(name)
    return cls(karate().num_features, 8, **NEEDS.get(name, {}), **settings)


def fitted(encoder: nn.Module, **settings: Any) -> tasks.Result:
    training = tasks.Training(epochs=3)
    return tasks.fit(tasks.NodeClassification(), encoder, karate(), training, **settings)


def told(result: tasks.Result) -> tuple[Any, ...]:
    return result.valid, result.test, result.parameters, result.curve


@pytest.mark.parametrize("name", OF_NODES)
def test_fit_makes_the_model_of_a_run(name: str, tmp_path: Path) -> None:
    settings = {
        "data": {"name": "karate"},
        "model": {"name": name, "hidden_channels": 8},
        "training": {"epochs": 3},
    }
    (row,) = read_results(run(configure(settings), tmp_path))
    result = fitted(built(name))
    same = {key: row[key] for key in ("valid", "test", "epoch", "parameters")}
    assert same == {key: getattr(result, key) for key in same}
    assert told(result) == told(fitted(built(name, out_channels=1)))
    assert result.model is not None and getattr(result.model, "head", None) is None


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_an_encoder_that_says_so_predicts_by_itself(name: str) -> None:
    """Where nodes are predicted; of graphs the head belongs after the readout."""
    config = configure({"data": {"name": "karate"}, "model": {"name": name}})
    data, own = load_data(config), name in PREDICTS
    encoder = as_predictor(make_task(config).setup(data, 0), make_encoder(config, data)())
    assert encoder.out_channels == (1 if own else None)
    if layers.find(name).transductive:
        return
    graphs = tasks.GraphPrediction().setup(collection(lambda i: torch.tensor([i % 2])), 0)
    assert as_predictor(graphs, make_encoder(config, data)()).out_channels is None
    nodes = tasks.NodeClassification().setup(collection(lambda i: data.y), 0)
    assert as_predictor(nodes, make_encoder(config, data)()).out_channels == (1 if own else None)


def collection(y: Callable[[int], Tensor]) -> Graphs:
    graph, masks = karate(), stratified(torch.arange(24) % 2, 1)
    same = {"x": graph.x, "edge_index": graph.edge_index}
    return Graphs(tuple(Data(**same, y=y(i)) for i in range(24)), masks, classes=2, name="one")


def test_steps_before_an_encoder_do_not_hide_that_it_predicts() -> None:
    make = partial(layers.DAGNN, hidden_channels=8)
    behind = layers.WithInputs(karate().num_features, [layers.ConstantFeatures()], make)
    result = fitted(behind)
    whole = partial(layers.DAGNN, hidden_channels=8, out_channels=1)
    again = layers.WithInputs(karate().num_features, [layers.ConstantFeatures()], whole)
    assert told(result) == told(fitted(again))


def test_precision_and_what_is_frozen_stay() -> None:
    data, encoder = karate(), built("SGC").double()
    data.x = data.x.double()
    encoder.linear.bias.requires_grad_(False)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=2))
    assert result.model is not None
    assert {p.dtype for p in result.model.parameters()} == {torch.float64}
    assert result.parameters == data.num_features  # one logit, without its bias


class Own(nn.Module):
    """Says that it predicts and cannot be built anew."""

    predicts = "is a map to the classes"

    def __init__(self) -> None:
        super().__init__()
        self.hidden_channels, self.out_channels = 4, None
        self.linear = nn.Linear(karate().num_features, 4)

    def forward(self, data: Any) -> Tensor:
        out: Tensor = self.linear(data.x)
        return out


def test_what_is_not_built_anew_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"another model: build it as Own\(..., out_channels=1\)"):
        fitted(Own())
    with pytest.warns(UserWarning, match=r"kept as it is.*DAGNN\(..., out_channels=1\)"):
        result = fitted(built("DAGNN"), reinitialise=False)
    assert result.model is not None and result.model.head is not None
