"""Sets of graphs that are poor in something, through a whole run: trained, or refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import Masks
from gnnlab.runner import configure, run
from gnnlab.runner.runs.results import read_results

EMPTY = torch.zeros(2, 0, dtype=torch.int64)


def ring(nodes: int, label: int) -> Data:
    ends = torch.stack([torch.arange(nodes), torch.arange(nodes).roll(1)])
    edge_index = torch.cat([ends, ends.flip(0)], 1)
    return Data(x=torch.ones(nodes, 2), edge_index=edge_index, y=torch.tensor([label]))


def edgeless(nodes: int, label: int) -> Data:
    return Data(x=torch.ones(nodes, 2), edge_index=EMPTY, y=torch.tensor([label]))


def poor(targets: bool = False) -> Graphs:
    """Rings, graphs without an edge and single nodes, each kind in each part with each class."""
    kinds = (ring, edgeless, lambda nodes, label: edgeless(1, label))
    graphs = [kinds[i % 3](3 + i % 4, i // 3 % 2) for i in range(36)]
    if targets:
        for number, graph in enumerate(graphs):
            graph.y = torch.tensor([[float(number % 5)]])
    part = torch.arange(36)[:, None] // 6 % 3
    masks = Masks(part == 0, part == 1, part == 2)
    names = ("number",) if targets else ()
    return Graphs(tuple(graphs), masks, 1 if targets else 2, "MUTAG", targets=names)


Trained = Callable[..., dict[str, Any]]


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Train a set through the runner, and give its line of results."""
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))

    def train(data: Graphs, model: dict[str, Any] | None = None, **task: Any) -> dict[str, Any]:
        monkeypatch.setattr(datasets, "load", lambda **_: data)
        model = {"name": "gin", **(model or {})}
        own = {"hidden_channels": 8, "dropout": 0.0, **model}
        settings = {
            "task": {"name": "graph", "batch_size": 4, **task},
            "data": {"name": "MUTAG"},
            "model": own,
            "training": {"epochs": 2, "lr": 1e-2},
        }
        (row,) = read_results(run(configure(settings), tmp_path / "runs"))
        return row

    return train


MODELS: list[dict[str, Any]] = [
    {"name": "gin", "num_layers": 2},
    {"name": "gine", "num_layers": 2},
    {"name": "gcn", "block": "residual", "batch_norm": True},
    {"name": "gatedgcn", "num_layers": 2},
    {"name": "gat", "num_layers": 2, "heads": 2},
    {"name": "pna", "num_layers": 2},
    {"name": "pathnn", "length": 3},
    {"name": "pathnn", "length": 3, "kind": "all_shortest"},
    {"name": "pathnn", "length": 3, "kind": "all", "reduce": "mean"},
    {"name": "subgraph-gnn", "num_layers": 2},
    {"name": "subgraph-gnn", "num_layers": 2, "policy": "ego+", "aggregation": "GSWL"},
    {"name": "drew", "conv": "gin", "num_layers": 2},
    {"name": "gin", "encoding": {"name": "laplacian", "k": 4}},
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "-".join(map(str, m.values())))
def test_graphs_without_an_edge_and_single_nodes_are_trained_on(
    model: dict[str, Any], trained: Trained
) -> None:
    row = trained(poor(), model)
    assert 0 <= row["test"] <= 1 and 0 <= row["valid"] <= 1
    assert math.isfinite(trained(poor(targets=True), model, metric="mae")["test"])


@pytest.mark.parametrize("batch_size", [1, 11])
def test_a_single_node_that_is_left_over_joins_another_batch(
    batch_size: int, trained: Trained
) -> None:
    """Twelve training graphs, four of them single nodes: alone, they cannot be normalised."""
    assert math.isfinite(trained(poor(), batch_size=batch_size)["test"])


def test_an_epoch_holds_every_graph_once_and_no_single_node_alone() -> None:
    from gnnlab.tasks import GraphPrediction

    problem = GraphPrediction(batch_size=1).setup(poor(), 0)
    for seed in range(5):
        torch.manual_seed(seed)
        batches = list(problem.batches())
        assert sum(batch.num_graphs for batch in batches) == 12
        assert min(batch.num_nodes for batch in batches) > 1
    nodes = [graph.num_nodes for graph in problem.parts.train]
    assert sum(nodes) == sum(batch.num_nodes for batch in batches)


def changed(key: str, value: Any, number: int = 5, targets: bool = False) -> Graphs:
    data = poor(targets)
    graphs = [graph.clone() for graph in data]
    graphs[number][key] = value
    return data.with_graphs(graphs)


def without_columns() -> Graphs:
    return poor().map(lambda graph: graph.update({"x": graph.x[:, :0]}))


@pytest.mark.parametrize(
    ("data", "task", "message"),
    [
        (changed("x", None), {}, "graph 5 of the dataset: data.x is missing"),
        (without_columns(), {}, "data.x has 0 columns, so there is nothing to read"),
        (
            changed("x", torch.ones(6, 3), 3),
            {},
            "graph 3 of the dataset has 3 columns in x, but graph 0 has 2",
        ),
        (
            changed("y", torch.tensor([[math.nan]]), targets=True),
            {"metric": "mae"},
            "graph 5 .*nan.*missing='ignore'",
        ),
        (changed("y", torch.tensor([math.nan])), {}, "graph 5 of the dataset has y=tensor.*nan"),
        (changed("y", None), {}, "graph 5 of the dataset has y=None"),
        (changed("edge_index", torch.tensor([[0], [9]])), {}, "graph 5 .* names node 9"),
    ],
    ids=["no-x", "no-columns", "widths", "nan-number", "nan-class", "no-y", "edge-of-no-node"],
)
def test_what_cannot_be_learnt_is_refused_before_a_folder_is_made(
    data: Graphs, task: dict[str, Any], message: str, trained: Trained, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        trained(data, **task)
    assert not (tmp_path / "runs").exists()


def test_targets_that_are_nan_are_left_out_where_that_is_asked_for(trained: Trained) -> None:
    data = changed("y", torch.tensor([[math.nan]]), targets=True)
    assert math.isfinite(trained(data, metric="mae", missing="ignore")["test"])


def absent(part: int) -> Graphs:
    """Class 1 is in no graph of a part."""
    data = poor()
    masks = (data.train_mask, data.val_mask, data.test_mask)
    graphs = [graph.clone() for graph in data]
    for number in masks[part][:, 0].nonzero()[:, 0].tolist():
        graphs[number].y = torch.tensor([0])
    return data.with_graphs(graphs)


@pytest.mark.filterwarnings("ignore:data.train_mask selects no graph of class")
def test_a_class_that_training_lacks_is_warned_of(trained: Trained) -> None:
    with pytest.warns(UserWarning, match="selects no graph of class 1 in split 0"):
        row = trained(absent(0))
    assert 0 <= row["test"] <= 1


@pytest.mark.parametrize(("part", "name"), [(1, "val_mask"), (2, "test_mask")])
def test_a_class_that_a_fold_lacks_counts_only_where_the_metric_needs_it(
    part: int, name: str, trained: Trained
) -> None:
    assert 0 <= trained(absent(part))["test"] <= 1
    with pytest.raises(ValueError, match=f"data.{name} holds no graph of class 1 in split 0"):
        trained(absent(part), metric="roc_auc")
