"""Nodes of many graphs: the numbers of their union, in mini-batches, unknown ones left out."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.data import Batch, Data

from gnnlab import datasets, layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.encoder import make_encoder, make_task
from gnnlab.tasks.contract import as_predictor

CLASSES = 3


def graph(number: int, classes: int = CLASSES) -> Data:
    """A ring where each node has the class that its neighbours' features show."""
    random = torch.Generator().manual_seed(number)
    nodes = 6 + number % 5
    ring = torch.arange(nodes)
    ends = torch.stack([ring, ring.roll(1)])
    edge_index = torch.cat([ends, ends.flip(0)], 1)
    y = torch.randint(classes, (nodes,), generator=random)
    y[:classes] = torch.arange(classes)
    x = F.one_hot(y, classes).float() + 0.2 * torch.randn(nodes, classes, generator=random)
    return Data(x=x, edge_index=edge_index, y=y)


def collection(size: int = 40, classes: int = CLASSES) -> Graphs:
    own = tuple(graph(number, classes) for number in range(size))
    masks = stratified(torch.zeros(size, dtype=torch.int64), 2, (0.6, 0.2), 0)
    return Graphs(own, masks, classes=classes, name="rings")


def unknown(share: float = 0.3) -> Graphs:
    """The same with labels of some nodes taken away."""
    random = torch.Generator().manual_seed(1)
    own = [copy(data) for data in collection()]
    for data in own:
        data.y = data.y.where(torch.rand(len(data.y), generator=random) > share, -1)
        data.y[0] = 0
    return collection().with_graphs(own)


def part(data: Graphs, mask: Tensor, split: int = 0) -> Batch:
    return Batch.from_data_list([data[i] for i in mask[:, split].nonzero().flatten().tolist()])


def union(data: Graphs) -> Data:
    """All graphs as one, with masks over its nodes."""
    batch = Batch.from_data_list(list(data))
    found = Data(x=batch.x, edge_index=batch.edge_index, y=batch.y)
    for name in ("train_mask", "val_mask", "test_mask"):
        found[name] = getattr(data, name)[batch.batch] & (batch.y >= 0)[:, None]
    return found


@pytest.mark.parametrize("metric", ["auto", "macro_f1", "balanced_accuracy", "roc_auc"])
@pytest.mark.parametrize("labels", ["all", "some"])
def test_scores_are_those_of_the_union(metric: Any, labels: str) -> None:
    data = collection() if labels == "all" else unknown()
    task = tasks.NodeClassification(metric=metric, batch_size=7)
    many, one = task.setup(data, 1), task.setup(union(data), 1)
    assert many.metric == one.metric
    torch.manual_seed(0)  # scores that nearly tie would be ranked as rounding has it
    model = many.model(layers.SAGE(CLASSES, 8, 2, dropout=0.0)).eval()
    with torch.no_grad():
        ours, theirs = many.evaluate(model), one.evaluate(model)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_the_loss_is_the_mean_over_a_batch_s_known_nodes() -> None:
    data = unknown()
    problem = tasks.NodeClassification(metric="macro_f1", batch_size=5).setup(data, 0)
    model = problem.model(layers.SAGE(CLASSES, 8, 1, dropout=0.0)).eval()
    batches: list[Any] = list(problem.batches())
    assert [batch.num_graphs for batch in batches] == [5, 5, 5, 5, 4]
    for batch in batches:
        known = batch.y >= 0
        expected = F.cross_entropy(model(batch)[known], batch.y[known])
        torch.testing.assert_close(problem.loss(model, batch), expected)
    with torch.no_grad():
        row = problem.evaluate(model)
        test = part(data, data.test_mask)
        guess = model(test).argmax(1)
    known = test.y >= 0
    expected = f1_score(test.y[known], guess[known], average="macro", zero_division=0)
    assert row["test"] == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_classes_are_learnt_on_graphs_that_were_not_seen(classes: int) -> None:
    task = tasks.NodeClassification(batch_size=8)
    encoder = layers.SAGE(classes, 8, 1, dropout=0.0)
    training = tasks.Training(lr=1e-2, epochs=30)
    first, again = (tasks.fit(task, encoder, collection(40, classes), training) for _ in range(2))
    assert first.metric == ("roc_auc" if classes == 2 else "accuracy") and first.test > 0.9
    assert dict(first.curve) == dict(again.curve)


def test_an_encoder_may_predict_by_itself() -> None:
    encoder = layers.DAGNN(CLASSES, 8, 2, out_channels=CLASSES)
    result = tasks.fit(tasks.NodeClassification(), encoder, collection(), tasks.Training(epochs=2))
    assert result.parameters == sum(p.numel() for p in encoder.parameters())


class Graphwise(nn.Module):
    level, hidden_channels = "graph", 4


def changed(y: Any) -> Graphs:
    own = [copy(data) for data in collection()]
    own[3].y = y
    return collection().with_graphs(own)


def unlabelled() -> Graphs:
    data = collection()
    number = int(data.train_mask[:, 0].nonzero()[0])
    own = [copy(one) for one in data]
    own[number].y = torch.full_like(own[number].y, -1)
    return data.with_graphs(own)


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        (changed(torch.tensor([1])), {}, r"graph 3 .* data.y is \(1,\) of torch.int64, but every"),
        (changed(None), {}, "graph 3 of the dataset: data.y is None, but every node has its class"),
        (changed(torch.rand(9)), {}, r"graph 3 .* data.y is \(9,\) of torch.float32"),
        (changed(torch.full((9,), -2)), {}, "graph 3 .* data.y holds -2, but labels run from 0"),
        (unlabelled(), {}, "in split 0, but no node of it has a label: take it out of the masks"),
        (list(collection()), {}, "says nothing of training, validation and test"),
        (collection(), {"split": 2}, "split is 2, but the masks hold 2 splits"),
        (collection(), {"encoder": Graphwise()}, "level is 'graph', but node prediction over many"),
        (
            collection(),
            {"encoder": layers.ResNetAdj(CLASSES, 8, num_nodes=4)},
            "ResNetAdj learns one row of weights .* cannot read several graphs",
        ),
        (
            collection(),
            {"encoder": layers.GCN(CLASSES, 8, out_channels=7)},
            "GCN predicts out_channels=7, but this dataset has 3 classes",
        ),
    ],
)
def test_what_cannot_be_learnt_is_refused(data: Any, arguments: Any, message: str) -> None:
    encoder = arguments.pop("encoder", None) or layers.SAGE(CLASSES, 8)
    with pytest.raises(ValueError, match=message):
        tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=1), **arguments)


def test_a_class_that_a_part_lacks_is_refused_where_the_metric_needs_it() -> None:
    data = collection()
    own = [copy(one) for one in data]
    for one, held in zip(own, data.val_mask[:, 0].tolist(), strict=True):
        if held:
            one.y = one.y.clamp(max=1)
    few = data.with_graphs(own)
    with pytest.raises(ValueError, match="data.val_mask holds no node of class 2 in split 0"):
        tasks.NodeClassification(metric="roc_auc").setup(few, 0)
    assert tasks.NodeClassification(metric="macro_f1").setup(few, 0).metric == "macro_f1"


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size is 0"):
        tasks.NodeClassification(batch_size=0)


def test_the_runner_trains_nodes_of_many_graphs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(datasets, "load", lambda **_: collection())
    settings: dict[str, Any] = {
        "data": {"name": "MUTAG"},
        "task": {"name": "node", "metric": "macro_f1"},
        "model": {"name": "sage", "hidden_channels": 8, "num_layers": 1},
        "training": {"epochs": 2},
    }
    (row,) = read_results(run(configure(settings), tmp_path))
    assert row["metric"] == "macro_f1" and 0 <= row["test"] <= 1
    settings["model"] = {"name": "dagnn"}
    config, data = configure(settings), collection()
    problem = make_task(config).setup(data, 0)
    assert as_predictor(problem, make_encoder(config, data)()).out_channels == CLASSES
    monkeypatch.setattr(datasets, "load", lambda **_: changed(torch.tensor([1])))
    with pytest.raises(ValueError, match="MUTAG is a set of graphs, but task.name is node: set"):
        run(configure(settings), tmp_path)
