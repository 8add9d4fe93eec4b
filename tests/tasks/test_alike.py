"""Graphs that do not go into a batch together are refused, and what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

import gnnlab
from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import Masks
from gnnlab.tasks.metrics.by_name import sign


def ring(nodes: int) -> Data:
    one = torch.arange(nodes)
    edge_index = torch.cat([torch.stack([one, one.roll(1)]), torch.stack([one.roll(1), one])], 1)
    data = Data(x=torch.rand(nodes, 2), edge_index=edge_index, y=torch.rand(1, 1))
    data.edge_weight, data.edge_attr = torch.rand(2 * nodes), torch.rand(2 * nodes, 3)
    return data


def rings(change: Callable[[Data], Any] = lambda data: None, changed: int = 1) -> Graphs:
    """Six rings, of which one is changed; the second is the first one to validate on."""
    graphs = tuple(ring(4 + number) for number in range(6))
    change(graphs[changed])
    part = torch.tensor([0, 1, 2, 0, 1, 2])
    return Graphs(graphs, Masks(part == 0, part == 1, part == 2), classes=1, name="rings")


def fit(data: Any, encoder: Any) -> tasks.Result:
    task = tasks.GraphPrediction(kind="regression", metric="rmse", batch_size=4)
    return tasks.fit(task, encoder, data, tasks.Training(epochs=2))


@pytest.mark.parametrize("key", ["edge_weight", "edge_attr", "extra"])
def test_keys_that_some_graphs_have(key: str) -> None:
    """PyG joins the keys of a batch's first graph: weights of the others were lost."""

    def change(data: Data) -> None:
        data.extra = torch.ones(1)
        if key != "extra":
            del data.extra, data[key]

    told = "graph 1 of the dataset has data.extra, but graph 0 has none"
    if key != "extra":
        told = f"graph 0 of the dataset has data.{key}, but graph 1 has none"
    with pytest.raises(ValueError, match=f"{told}: give it to all graphs or to none"):
        fit(rings(change), layers.GIN(2, 8, 2))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("x", torch.rand(9, 2).double(), "x of torch.float64, but graph 0 has torch.float32"),
        ("x", torch.rand(9, 5), "5 columns in x, but graph 0 has 2 columns"),
        ("edge_attr", torch.rand(18, 4), "4 columns in edge_attr, but graph 0 has 3 columns"),
        ("edge_attr", torch.rand(18), "one number a row in edge_attr, but graph 0 has 3"),
        ("edge_weight", torch.rand(18).double(), "edge_weight of torch.float64"),
    ],
)
def test_other_widths_and_dtypes(key: str, value: torch.Tensor, told: str) -> None:
    with pytest.raises(ValueError, match=f"graph 5 of the dataset has {told}"):
        fit(rings(lambda data: data.__setitem__(key, value), 5), layers.GIN(2, 8, 2))


def test_lists_are_told_how_to_have_splits() -> None:
    with pytest.raises(ValueError, match="a list of 6 graphs says nothing of training"):
        fit(list(rings().graphs), layers.GIN(2, 8, 2))
    with pytest.raises(ValueError, match="a Graphs of 6 graphs was given, but one graph is"):
        gnnlab.check(rings())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.GINE(2, 8, 2, edge_dim=3),
        lambda: layers.PathNN(2, 8, length=2, edge_dim=3),
        lambda: layers.SubgraphGNN(2, 8, 2, edge_dim=3),
        lambda: layers.KPathSubgraphGNN(2, 8, 2, edge_dim=3),
        lambda: layers.GatedGCN(2, 8, 2, edge_dim=3),
        lambda: layers.PNA(2, 8, 2, edge_dim=3),
    ],
    ids=["GINE", "PathNN", "SubgraphGNN", "KPath", "GatedGCN", "PNA"],
)
def test_attributes_in_double_precision_are_read(make: Callable[[], Any]) -> None:
    encoder, data = make().eval(), ring(6)
    data = encoder.transform(data)
    expected = encoder(data)
    data.edge_attr = data.edge_attr.double()
    torch.testing.assert_close(encoder(data), expected)


def test_scores_are_roots_of_mean_squares() -> None:
    result = fit(rings(), layers.GIN(2, 8, 2))
    assert result.test > 0 and sign("rmse") == -1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda data: data.update({"extra": torch.ones(3, 2)}),
            "has 2 columns in extra, but graph 0 has one",
        ),
        (lambda data: data.update({"extra": torch.tensor(1.0)}), "has a single number in extra"),
        (
            lambda data: data.update({"extra": torch.eye(2).to_sparse()}),
            "a torch.sparse_coo tensor",
        ),
        (lambda data: data.update({"extra": [1]}), "has a list in extra, but graph 0 has a tensor"),
        (lambda data: data.update({"extra": 1}), "has a number in extra"),
    ],
)
def test_other_keys_that_do_not_join(change: Callable[[Data], Any], told: str) -> None:
    graphs = rings()
    for graph in graphs:
        graph.extra = torch.ones(3)
    change(graphs[1])
    with pytest.raises(ValueError, match=told):
        fit(graphs, layers.GCN(2, 4, 1))


def test_classes_of_another_shape() -> None:
    graphs = rings()
    for number, graph in enumerate(graphs):
        graph.y = torch.tensor([number % 2])
    graphs[1].y = torch.tensor(1)
    with pytest.raises(
        ValueError, match=r"graph 1 of the dataset has y of shape \(\), but graph 0"
    ):
        tasks.fit(tasks.GraphPrediction(), layers.GCN(2, 4, 1), graphs, tasks.Training(epochs=1))
