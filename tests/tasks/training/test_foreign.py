"""Modules of other libraries train on every task: PyG's, and those that a user wrote."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

sys.path.insert(0, str(Path(__file__).parents[1]))

from learnable import graph
from link_problems import graph as links
from target_graphs import collection

from gnnlab import datasets, layers, tasks
from gnnlab.tasks import GraphPrediction, LinkPrediction, NodeClassification, Training

SHORT = Training(epochs=2)


class OfGraph(nn.Module):
    """Takes the graph, and does not say how wide its rows are."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, out)

    def forward(self, data: Any) -> Tensor:
        out: Tensor = self.map(data.x)
        return out


class Weighted(nn.Module):
    """Takes tensors, weights among them."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv = pyg.GCNConv(width, out)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        out: Tensor = self.conv(x, edge_index, edge_weight)
        return out


class Pooled(Weighted):
    """Gives a row a graph, and does not say so."""

    def forward(self, x: Tensor, edge_index: Tensor, batch: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = pyg.global_add_pool(self.conv(x, edge_index), batch)
        return out


def sequential(width: int, out: int) -> nn.Module:
    first = (pyg.GCNConv(width, 8), "x, edge_index -> x")
    last = (pyg.GCNConv(8, out), "x, edge_index -> x")
    made: nn.Module = pyg.Sequential("x, edge_index", [first, nn.ReLU(), last])
    return made


MAKERS: dict[str, Callable[[int, int], nn.Module]] = {
    "GCN": lambda width, out: pyg.GCN(width, 8, 2, out),
    "GraphSAGE": lambda width, out: pyg.GraphSAGE(width, 8, 2, out),
    "GIN": lambda width, out: pyg.GIN(width, 8, 2, out),
    "GAT": lambda width, out: pyg.GAT(width, 8, 2, out, heads=2),
    "MLP": lambda width, out: pyg.MLP([width, 8, out]),
    "Sequential": sequential,
    "GCNConv": lambda width, out: pyg.GCNConv(width, out),
    "own, of a graph": OfGraph,
    "own, of tensors": Weighted,
    "own, of a convolution of ours": lambda width, out: layers.GCNConv(width, out),
}


def classes() -> datasets.Graphs:
    return collection(torch.arange(20)[:, None] % 3)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("wide", ["predictions", "states"])
@pytest.mark.parametrize("task", [NodeClassification(), GraphPrediction(), LinkPrediction()])
def test_a_module_of_any_library_is_an_encoder(task: Any, wide: str, name: str) -> None:
    """Rows as wide as what is predicted are predictions; others are states, with a head on top."""
    data: Any = {"node": graph, "graph": classes, "link": links}[task.listed]()
    width, out = data.num_features, 3 if wide == "predictions" else 5
    told = isinstance(MAKERS[name](1, 5), (pyg.models.basic_gnn.BasicGNN, pyg.MLP, pyg.GCNConv))
    if told and wide == "states" and task.listed != "link":
        out = None  # type: ignore[assignment]  # PyG's say how wide they are, and are held to it
        if name in ("MLP", "GCNConv"):
            with pytest.raises(ValueError, match="predicts out_channels=5, but this"):
                tasks.fit(task, lambda: MAKERS[name](width, 5), data, SHORT)
            return
    result = tasks.fit(task, lambda: MAKERS[name](width, out), data, SHORT)
    assert result.model is not None
    made = result.model
    if task.listed != "link":
        assert isinstance(made, tasks.Model)
        assert (made.head is None) == (wide == "predictions")
        rows = len(data.x) if task.listed == "node" else len(data)
        assert made(data).shape == (rows, 3)


def test_a_row_a_graph_is_told_by_the_rows() -> None:
    result = tasks.fit(GraphPrediction(), lambda: Pooled(1, 3), classes(), SHORT)
    assert isinstance(result.model, tasks.Model)
    assert result.model.readout is None and result.model.head is None
    assert result.model(classes()).shape == (20, 3)


def test_weights_are_handed_over_by_name() -> None:
    data = graph()
    data.edge_weight = torch.rand(data.num_edges)
    model = tasks.fit(NodeClassification(), lambda: Weighted(3, 3), data, SHORT).model
    assert isinstance(model, tasks.Model)
    before = model(data)
    data.edge_weight = data.edge_weight.flip(0)
    assert not torch.allclose(before, model(data))


class Asking(Weighted):
    def forward(self, x: Tensor, edge_index: Tensor, angles: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = self.conv(x, edge_index, angles)
        return out


def test_what_a_graph_cannot_give_is_refused_with_what_it_can() -> None:
    data = graph()
    data.edge_attr = torch.ones(data.num_edges, 2)
    with pytest.raises(ValueError, match="Asking.forward asks for angles") as told:
        tasks.fit(NodeClassification(), lambda: Asking(3, 3), data, SHORT)
    assert "it has x, edge_index, edge_attr, batch, so set data.angles" in str(told.value)
    data.angles = torch.rand(data.num_edges)
    assert tasks.fit(NodeClassification(), lambda: Asking(3, 3), data, SHORT).test is not None


def test_a_module_that_says_its_width_is_asked_for_nothing() -> None:
    """It is not called before training, so that what it counts is of training alone."""

    class Counting(OfGraph):
        hidden_channels = 5
        calls = 0

        def forward(self, data: Any) -> Tensor:
            Counting.calls += 1
            return super().forward(data)

    tasks.fit(NodeClassification(), lambda: Counting(3, 5), graph(), Training(epochs=1))
    said = Counting.calls
    Counting.hidden_channels, Counting.calls = None, 0  # type: ignore[assignment]
    tasks.fit(NodeClassification(), lambda: Counting(3, 5), graph(), Training(epochs=1))
    assert Counting.calls == said + 1


def test_the_draw_does_not_depend_on_whether_a_width_is_told() -> None:
    class Told(OfGraph):
        out_channels = 3

    def curve(cls: type[OfGraph]) -> list[float]:
        data: Data = graph()
        return tasks.fit(NodeClassification(), lambda: cls(3, 3), data, SHORT, seed=4).curve.loss

    assert curve(Told) == curve(OfGraph)
