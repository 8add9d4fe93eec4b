"""The real encoders under the real loop, on a small Minesweeper board."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn
from torch_geometric.data import Data

from gnnlab import datasets, layers, tasks
from gnnlab.datasets.values.masks import stratified

BOARD = datasets.minesweeper(seed=0, rows=40, columns=40)
TRAINING = tasks.Training(lr=3e-3, epochs=40)


def boards() -> datasets.Graphs:
    """Small boards with a label each, for encoders that give a row a graph."""
    found = [datasets.minesweeper(seed=seed, rows=4, columns=4) for seed in range(12)]
    labels = torch.arange(12) % 2
    graphs = (
        Data(x=board.x, edge_index=board.edge_index, y=label.reshape(1))
        for board, label in zip(found, labels, strict=True)
    )
    masks = stratified(labels, 1, (0.5, 0.25), 0)
    return datasets.Graphs(tuple(graphs), masks, classes=2, name="boards")


def fit(
    encoder: Any, training: tasks.Training = TRAINING, level: str = "node", **arguments: Any
) -> tasks.Result:
    if level == "graph":
        return tasks.fit(tasks.GraphPrediction(), encoder, boards(), training, **arguments)
    return tasks.fit(tasks.NodeClassification(), encoder, BOARD, training, **arguments)


def test_a_graph_blind_model_stays_at_chance_and_graph_models_do_not() -> None:
    scores = {
        name: fit(layers.find(name)(BOARD.num_features, 32, num_layers=2)).test
        for name in ("ResNet", "GCN", "SAGE")
    }
    assert 0.4 < scores["ResNet"] < 0.6
    assert 0.65 < scores["GCN"] < scores["SAGE"]
    assert scores["SAGE"] > 0.8


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_every_encoder_is_decided_by_the_seed(name: str) -> None:
    found = layers.find(name)
    needs = inspect.signature(found).parameters
    sized = {"num_nodes": BOARD.num_nodes} if "num_nodes" in needs else {}

    def build(out_channels: int | None = None) -> nn.Module:
        return found(BOARD.num_features, 16, num_layers=1, out_channels=out_channels, **sized)

    short, level = tasks.Training(epochs=2), found.level
    first = fit(build(), short, level, seed=5)
    torch.rand(3)
    again, other = fit(build, short, level, seed=5), fit(build(), short, level, seed=6)
    assert dict(first.curve) == dict(again.curve) != dict(other.curve)
    if not found.predicts:  # which puts a Linear on top, as the task does
        assert fit(build(1), short, level).parameters == first.parameters


def test_norms_and_biases_of_the_encoders_do_not_decay() -> None:
    from gnnlab.tasks.training.optimizer import parameter_groups

    model = tasks.Model(layers.GATSep(7, 16, num_layers=1), 1)
    groups = parameter_groups(model, tasks.Training(weight_decay=0.1))
    spared = {p for group in groups if group["weight_decay"] == 0 for p in group["params"]}
    for name, parameter in model.named_parameters():
        assert (parameter in spared) == (parameter.dim() == 1), name
