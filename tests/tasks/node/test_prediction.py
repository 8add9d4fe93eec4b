"""Numbers and labels of nodes: losses and scores against their formulas, one graph or many."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import torch
from sklearn.metrics import average_precision_score, mean_absolute_error
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.data import Batch, Data

from gnnlab import check, datasets, layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified

NODES = 60


def graph(kind: str = "regression", width: int = 2, seed: int = 0, nodes: int = NODES) -> Data:
    """A ring whose targets follow from the features."""
    g = torch.Generator().manual_seed(seed)
    ring = torch.arange(nodes)
    ends = torch.stack([ring, ring.roll(1)])
    x = torch.randn(nodes, 4, generator=g)
    y = x @ torch.randn(4, width, generator=torch.Generator().manual_seed(9)) * 3 + 10
    y = (y > 10).float() if kind == "labels" else y
    data = Data(x=x, edge_index=torch.cat([ends, ends.flip(0)], 1), y=y)
    part = torch.arange(nodes) % 3
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    return data


def with_holes(data: Data, whole: bool = False) -> Data:
    """The same with targets taken away, those of whole nodes, outside the masks, too."""
    data = copy(data)
    data.y = data.y.clone()
    data.y[::4, 0] = float("nan")
    if whole:
        data.y[5] = float("nan")
        for name in ("train_mask", "val_mask", "test_mask"):
            data[name] = data[name] & (torch.arange(len(data.y)) != 5)
    return data


def many(kind: str = "regression", holes: bool = False) -> Graphs:
    made = []
    for seed in range(12):
        data = graph(kind, seed=seed, nodes=6 + seed % 3)
        data = with_holes(data) if holes else data
        if holes:
            data.y[1] = float("nan")
        made.append(Data(x=data.x, edge_index=data.edge_index, y=data.y))
    masks = stratified(torch.zeros(12, dtype=torch.int64), 1, (0.5, 0.25), 0)
    return Graphs(tuple(made), masks, classes=2, name="made")


def union(data: Graphs) -> Data:
    batch: Any = Batch.from_data_list(list(data))
    found = Data(x=batch.x, edge_index=batch.edge_index, y=batch.y)
    known = ~batch.y.isnan().all(1)
    for name in ("train_mask", "val_mask", "test_mask"):
        found[name] = getattr(data, name)[batch.batch, 0] & known
    return found


def mae(guess: Tensor, y: Tensor) -> float:
    columns = [~y[:, t].isnan() for t in range(y.shape[1])]
    each = [mean_absolute_error(y[k, t], guess[k, t]) for t, k in enumerate(columns)]
    return float(sum(each) / len(each))


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("standardise", [False, True])
def test_numbers_against_their_formula(standardise: bool, holes: bool) -> None:
    data = with_holes(graph(), whole=True) if holes else graph()
    task = tasks.NodePrediction(standardise=standardise, missing="ignore", loss="mse")
    problem = task.setup(data, 0)
    assert problem.metric == "mae"
    torch.manual_seed(0)
    model = problem.model(layers.GCN(4, 8, 1, dropout=0.0)).eval()
    train = data.train_mask
    mean, scale = torch.zeros(2), torch.ones(2)
    if standardise:
        mean = data.y[train].nanmean(0)
        scale = (data.y[train] - mean).square().nanmean(0).sqrt()
    raw = model.predictions(data)
    error = (raw - (data.y - mean) / scale)[train].square()
    expected = error[~error.isnan()].mean()
    loss = problem.loss(model, next(iter(problem.batches())))
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        row = problem.evaluate(model)
        own = model(data)  # in the units of the targets
    assert row["test"] == pytest.approx(mae(own[data.test_mask], data.y[data.test_mask]), rel=1e-5)
    assert row["valid"] == pytest.approx(mae(own[data.val_mask], data.y[data.val_mask]), rel=1e-5)


@pytest.mark.parametrize("holes", [False, True])
def test_labels_against_their_formula(holes: bool) -> None:
    data = graph("labels", 3)
    data = with_holes(data) if holes else data
    problem = tasks.NodePrediction(kind="labels").setup(data, 0)
    assert problem.metric == "average_precision"
    model = problem.model(layers.GCN(4, 8, 1, dropout=0.0)).eval()
    raw = model.predictions(data)
    known = ~data.y.isnan() & data.train_mask[:, None]
    expected = F.binary_cross_entropy_with_logits(raw[known], data.y[known])
    torch.testing.assert_close(problem.loss(model, next(iter(problem.batches()))), expected)
    with torch.no_grad():
        row = problem.evaluate(model)
    y, guess = data.y[data.test_mask], raw[data.test_mask].detach()
    each = [average_precision_score(y[k, t], guess[k, t]) for t, k in enumerate(~y.T.isnan())]
    assert row["test"] == pytest.approx(sum(each) / 3, rel=1e-5)


@pytest.mark.parametrize("kind", ["regression", "labels"])
@pytest.mark.parametrize("holes", [False, True])
def test_scores_of_many_graphs_are_those_of_their_union(kind: Any, holes: bool) -> None:
    data = many(kind, holes)
    task = tasks.NodePrediction(kind=kind, missing="ignore", batch_size=4)
    parts, one = task.setup(data, 0), task.setup(union(data), 0)
    assert parts.metric == one.metric
    torch.manual_seed(0)  # scores that nearly tie would be ranked as rounding has it
    model = parts.model(layers.SAGE(4, 8, 1, dropout=0.0)).eval()
    with torch.no_grad():
        assert parts.evaluate(model) == pytest.approx(one.evaluate(model), rel=1e-5)


def test_nodes_without_any_target_are_no_holes() -> None:
    data = many()
    for graph_ in data:
        graph_.y[1] = float("nan")
    problem = tasks.NodePrediction().setup(data, 0)
    assert problem.metric == "mae"
    for graph_ in data:
        graph_.y[2, 0] = float("nan")
    with pytest.raises(ValueError, match="data.train_mask selects node .* whose target 0 is nan"):
        tasks.NodePrediction().setup(data, 0)


def test_one_number_a_node_is_learnt() -> None:
    data = graph(width=1)
    data.y = data.y[:, 0]
    check(data)
    encoder = layers.ResNet(4, 16, 1, dropout=0.0)
    training = tasks.Training(lr=1e-2, epochs=150)
    result = tasks.fit(tasks.NodePrediction(standardise=True), encoder, data, training)
    spread = float((data.y[data.test_mask] - data.y[data.train_mask].mean()).abs().mean())
    assert result.test is not None and result.test < 0.4 * spread
    assert result.model is not None and result.model(data).shape == (NODES, 1)
    again = tasks.fit(tasks.NodePrediction(standardise=True), encoder, data, training)
    assert dict(again.curve) == dict(result.curve)


def test_an_encoder_may_predict_by_itself() -> None:
    encoder = layers.JKNet(4, 8, 2, out_channels=2)
    result = tasks.fit(tasks.NodePrediction(), encoder, graph(), tasks.Training(epochs=2))
    assert result.parameters == sum(p.numel() for p in encoder.parameters())


def test_which_task_fits_which_data() -> None:
    from gnnlab.tasks.shared.listed import listed_tasks

    classes = datasets.load("karate")
    for data, name in ((graph(), "node_prediction"), (classes, "node"), (many(), "node_predict")):
        fitting = [own for own, task in listed_tasks().items() if task.fits(data)]
        assert [own for own in fitting if own.startswith("node")][0].startswith(name)
        assert ("node" in fitting) == (name == "node")


def changed(**values: Any) -> Data:
    data = graph()
    for key, value in values.items():
        data[key] = value
    return data


LABELS = graph("labels").y


@pytest.mark.parametrize(
    ("data", "settings", "told"),
    [
        (changed(y=LABELS), {}, "every entry of data.y is 0, 1 or nan, which may be labels or num"),
        (changed(y=LABELS * 2), {"kind": "labels"}, "holds more than 0, 1 and nan, but labels are"),
        (
            changed(y=torch.arange(NODES)),
            {},
            "holds torch.int64, which is one class a node: ",
        ),
        (changed(y=torch.ones(3, 2)), {}, r"data.y must have shape \(60,\)"),
        (
            changed(y=torch.full((NODES, 2), torch.inf)),
            {},
            "data.y is inf at node 0, column 0",
        ),
        (
            with_holes(graph()),
            {},
            "data.train_mask selects node 0 in split 0, whose target",
        ),
        (
            changed(y=torch.full((NODES,), torch.nan)),
            {},
            r"data.y is nan \(unknown\) there",
        ),
        (changed(train_mask=None), {}, "data has val_mask, test_mask but no train_mask"),
        (graph(), {"metric": "accuracy"}, "there is no metric 'accuracy' for regression"),
        (graph(), {"kind": "labels", "loss": "mse"}, "loss is 'mse', but that is for regression"),
        (graph(), {"batch_size": 0}, "batch_size is 0, but it must be a whole number"),
        (graph(), {"kind": "classes"}, "kind is 'classes', which is none of auto, labels, regress"),
    ],
)
def test_refused(data: Data, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        tasks.NodePrediction(**settings).setup(data, 0)


def test_refused_of_many_graphs() -> None:
    data = many()
    of_graphs = data.map(lambda one: Data(x=one.x, edge_index=one.edge_index, y=one.y[:1]))
    with pytest.raises(ValueError, match=r"graph 0 of the dataset: data.y is \(1, 2\), but"):
        tasks.NodePrediction().setup(of_graphs, 0)
    wide = data.with_graphs([*list(data)[:-1], graph(width=3, nodes=6)])
    with pytest.raises(ValueError, match="graph 11 of the dataset has|rows of"):
        tasks.NodePrediction().setup(wide, 0)


def test_classes_tell_the_way_to_numbers() -> None:
    with pytest.raises(ValueError, match="real numbers are predicted of nodes with NodePrediction"):
        tasks.NodeClassification().setup(changed(y=torch.linspace(0, 1, NODES)), 0)
    with pytest.raises(ValueError, match="keep one column, since each node has one class here, or"):
        tasks.NodeClassification().setup(graph(), 0)
