"""The head of a task: a Linear, or a few with dropout and an activation between them."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs, load
from gnnlab.datasets.values.masks import stratified
from gnnlab.runner import configure
from gnnlab.tasks.shared.head import DeepHead, Head


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_is_linear_maps_with_an_activation_between_them(activation: Any) -> None:
    head = Head(3, 0.3, activation).make(5, 2, torch.float64).eval()
    h = x = torch.randn(7, 5, dtype=torch.float64)
    act = getattr(F, activation)
    for number, linear in enumerate(head.linears):
        h = (act(h) if number else h) @ linear.weight.T + linear.bias
    torch.testing.assert_close(head(x), h)
    assert sum(p.numel() for p in head.parameters()) == 2 * (5 * 5 + 5) + 5 * 2 + 2
    again = pickle.loads(pickle.dumps(head))
    assert torch.equal(again(x), head(x))


def test_drops_before_every_linear() -> None:
    head = Head(2, 1.0).make(4, 3, None).train()
    assert isinstance(head, DeepHead)
    assert torch.equal(head(torch.ones(2, 4)), head.linears[1].bias.expand(2, 3))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        half = Head(1, 0.5).make(1000, 1, None).train()
        nn.init.ones_(half.linears[0].weight)
        assert 0.4 < float(half(torch.ones(1, 1000)).detach()) / 2000 < 0.6


def test_one_layer_is_a_plain_linear() -> None:
    assert type(Head().make(4, 3, None)) is nn.Linear
    model = tasks.Model(layers.GIN(7, 4, 2), 3)
    assert {"head.weight", "head.bias"} <= set(model.state_dict())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"head_layers": 0}, "head_layers is 0, but it must be a whole number of at least 1"),
        ({"head_dropout": 1.5}, "head_dropout is 1.5, but a share lies between 0 and 1"),
        ({"head_activation": "elu"}, "head_activation is 'elu', which is none of relu, gelu"),
    ],
)
@pytest.mark.parametrize("task", [tasks.NodeClassification, tasks.GraphPrediction])
def test_refuses_what_is_no_head(task: Any, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        task(**settings)


def many(nodes_have_labels: bool) -> Graphs:
    graphs = []
    for number in range(20):
        ring = torch.arange(5)
        edge_index = torch.cat([torch.stack([ring, ring.roll(1)])] * 2, 1)
        y = torch.arange(5) % 2 if nodes_have_labels else torch.tensor([number % 2])
        graphs.append(Data(x=torch.rand(5, 3), edge_index=edge_index, y=y))
    return Graphs(tuple(graphs), stratified(torch.arange(20) % 2, 1), 2, "rings")


@pytest.mark.parametrize("kind", ["node", "nodes", "graphs"])
def test_every_task_trains_it_from_its_seed(kind: str) -> None:
    settings: dict[str, Any] = {"head_layers": 3, "head_dropout": 0.2, "head_activation": "gelu"}
    cls = tasks.GraphPrediction if kind == "graphs" else tasks.NodeClassification
    data = load("karate") if kind == "node" else many(kind == "nodes")
    width = data.num_features
    short = tasks.Training(epochs=2)
    results = [
        tasks.fit(cls(**settings), layers.GIN(width, 4, 2), data, short, seed=seed)
        for seed in (0, 0, 1)
    ]
    one, same, other = (result.curve.loss for result in results)
    assert one == same != other
    model = results[0].model
    assert model is not None and isinstance(model.head, DeepHead) and len(model.head.linears) == 3
    plain = tasks.fit(cls(), layers.GIN(width, 4, 2), data, short)
    assert results[0].parameters == plain.parameters + 2 * (4 * 4 + 4)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)


@pytest.mark.parametrize("task", ["node", "graph"])
def test_a_linear_leaves_names_of_runs_as_they_were(task: str) -> None:
    base: dict[str, Any] = {
        "task": {"name": task},
        "data": {"name": "karate" if task == "node" else "MUTAG"},
        "model": {"name": "gcn"},
    }
    one = configure(base)
    for same in ("task.head_layers=1", "task.head_dropout=0", "task.head_activation=relu"):
        assert configure(base, [same]).key() == one.key()
    assert configure(base, ["task.head_layers=2"]).key() != one.key()
    for same in ("model.activation='relu'", "model.map_input=true"):
        assert configure(base, [same]).key() == one.key()
