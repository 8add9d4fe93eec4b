"""Graph prediction: learns what can be learnt, pools each graph by itself, refuses the rest."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from small_graphs import cycle, path
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import datasets, layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.tasks.graph.readout import Readout

SHORT = tasks.Training(lr=1e-2, epochs=3)


def collection(classes: int = 2, size: int = 20) -> Graphs:
    """Cycles, paths and single nodes of several sizes: their kind is their class."""
    kinds = [cycle, path, lambda nodes, label: path(1, label)][:classes]
    graphs = [kind(4 + i % 5, label) for i in range(size) for label, kind in enumerate(kinds)]
    labels = torch.cat([data.y for data in graphs])
    return Graphs(
        tuple(graphs), stratified(labels, 3, (0.6, 0.2), 0), classes=classes, name="kinds"
    )


def fit(data: Any, encoder: Any = None, task: Any = None, **arguments: Any) -> tasks.Result:
    encoder = encoder or layers.GIN(1, 8, 2, dropout=0.0)
    training = arguments.pop("training", SHORT)
    return tasks.fit(task or tasks.GraphPrediction(), encoder, data, training, **arguments)


@pytest.mark.parametrize("classes", [2, 3])
def test_learns_to_tell_cycles_from_paths(classes: int) -> None:
    data = collection(classes)
    task = tasks.GraphPrediction(batch_size=16)
    result = fit(data, task=task, training=tasks.Training(lr=1e-2, epochs=40))
    assert result.metric == "accuracy" and result.test > 0.9
    head = 8 + 1 if classes == 2 else 3 * (8 + 1)
    encoder = layers.GIN(1, 8, 2)
    assert result.parameters == head + sum(p.numel() for p in encoder.parameters())


def test_a_batch_gives_what_each_graph_gives_alone() -> None:
    data = collection(3, size=4)
    for pooling, pool in (("mean", Tensor.mean), ("sum", Tensor.sum), ("max", Tensor.amax)):
        problem = tasks.GraphPrediction(readout=pooling).setup(data, 0)  # type: ignore[arg-type]
        encoder = layers.SAGE(1, 8, 2, dropout=0.0).eval()
        model = problem.model(encoder).eval()
        together = model(Batch.from_data_list(data[:]))
        alone = torch.stack([model.head(pool(encoder(graph), 0)) for graph in data])
        torch.testing.assert_close(together, alone)


def rooted(classes: int = 3) -> Graphs:
    """Paths whose class stands at their first or last node, which is the root."""
    graphs = [path(2 + i % 5, i % classes) for i in range(60)]
    for i, data in enumerate(graphs):
        data.root_index = torch.tensor([data.num_nodes - 1 if i % 2 else 0])
        data.x = torch.zeros(data.num_nodes, classes)
        data.x[data.root_index, data.y] = 1
    labels = torch.cat([data.y for data in graphs])
    return Graphs(tuple(graphs), stratified(labels, 1, (0.6, 0.2), 0), classes=3, name="roots")


def test_a_root_is_read_alone() -> None:
    data = rooted()
    problem = tasks.GraphPrediction(readout="root").setup(data, 0)
    encoder = layers.SAGE(3, 8, 2, dropout=0.0).eval()
    model = problem.model(encoder).eval()
    alone = torch.cat([model.head(encoder(graph)[graph.root_index]) for graph in data])
    torch.testing.assert_close(model(Batch.from_data_list(data[:])), alone)
    for batch in problem.batches():
        assert bool((batch.root_index.diff() > 0).all())  # a node of each graph in turn
        owners = batch.batch[batch.root_index]
        assert torch.equal(owners, torch.arange(batch.num_graphs))
    task = tasks.GraphPrediction(readout="root", batch_size=8)
    encoder = layers.SAGE(3, 8, 1, dropout=0.0)
    result = fit(data, encoder, task, training=tasks.Training(lr=1e-2, epochs=20))
    assert result.test > 0.9


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (None, "graph 3 .*data.root_index is None, but readout 'root' reads one node of every"),
        (torch.tensor([0, 1]), "graph 3 .*set it to its number, int64"),
        (torch.tensor([0.0]), "graph 3 .*set it to its number, int64"),
        (torch.tensor([9]), "graph 3 .*data.root_index is 9, but nodes run from 0 to 4"),
        (torch.tensor([-1]), "data.root_index is -1, but nodes run from 0"),
    ],
)
def test_a_graph_without_a_root_is_refused(root: Any, message: str) -> None:
    data = rooted()
    data[3].root_index = root
    with pytest.raises(ValueError, match=message):
        fit(data, layers.SAGE(3, 8, 1), tasks.GraphPrediction(readout="root"))


def test_a_batch_without_roots_is_refused_where_they_are_read() -> None:
    batch = Batch.from_data_list([cycle(4, 0), path(3, 1)])
    with pytest.raises(ValueError, match="data.root_index is missing, .* each of the 2 graphs"):
        Readout("root")(torch.rand(7, 2), batch)


def test_the_loss_is_the_cross_entropy_of_the_batch() -> None:
    data = collection(3)
    problem = tasks.GraphPrediction(batch_size=7).setup(data, 1)
    model = problem.model(layers.SAGE(1, 8, 1, dropout=0.0)).eval()
    torch.manual_seed(1)  # by which the last graph has more than one node
    batches = list(problem.batches())
    assert [batch.num_graphs for batch in batches] == [7, 7, 7, 7, 7, 1]
    for batch in batches:
        chance = model(batch).log_softmax(1)
        expected = -chance[torch.arange(batch.num_graphs), batch.y].mean()
        torch.testing.assert_close(problem.loss(model, batch), expected)
    with torch.no_grad():
        row = problem.evaluate(model)
    for name, mask in (("valid", data.val_mask), ("test", data.test_mask)):
        part = [data[i] for i in mask[:, 1].nonzero().flatten().tolist()]
        guess = model(Batch.from_data_list(part)).argmax(1)
        right = torch.cat([graph.y for graph in part]) == guess
        assert row[name] == pytest.approx(float(right.double().mean()))


def test_every_training_graph_is_seen_once_an_epoch_and_in_another_order() -> None:
    problem = tasks.GraphPrediction(batch_size=5).setup(collection(3), 0)
    sizes = [
        torch.cat([batch.ptr.diff() for batch in problem.batches()]).tolist() for _ in range(2)
    ]
    assert sorted(sizes[0]) == sorted(sizes[1]) == sorted(g.num_nodes for g in problem.parts.train)
    assert sizes[0] != sizes[1]


def test_the_seed_decides_and_the_caller_s_graphs_stay() -> None:
    data = collection()
    before = [copy(graph).to_dict() for graph in data]
    first = fit(data, layers.GIN(1, 8, 2), seed=3)
    torch.rand(3)
    again, other = fit(data, layers.GIN(1, 8, 2), seed=3), fit(data, layers.GIN(1, 8, 2), seed=4)
    assert dict(first.curve) == dict(again.curve) != dict(other.curve)
    for graph, kept in zip(data, before, strict=True):
        assert graph.to_dict().keys() == kept.keys()
        assert all(torch.equal(graph[key], kept[key]) for key in kept)


def test_an_encoder_may_predict_or_read_out_by_itself() -> None:
    class Counts(nn.Module):
        level, hidden_channels = "graph", 1

        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Linear(1, 1)

        def forward(self, batch: Batch) -> Tensor:
            rows: Tensor = self.scale(batch.ptr.diff()[:, None].float())
            return rows

    data = collection()
    assert 0 <= fit(data, Counts()).test <= 1
    for outputs in (1, 2):
        encoder = layers.GCN(1, 8, 2, block="plain", out_channels=outputs)
        result = fit(data, encoder)
        assert result.parameters == sum(p.numel() for p in encoder.parameters())


def test_a_transform_of_the_encoder_meets_every_graph() -> None:
    class Marked(layers.GIN):
        def transform(self, data: Data) -> Data:
            data.x = torch.full_like(data.x, data.num_nodes)
            return data

    data = collection()
    result = fit(data, Marked(1, 8, 2, dropout=0.0))
    assert dict(result.curve) != dict(fit(data).curve)
    assert float(data[0].x.max()) == 1


def test_a_transform_of_many_takes_the_place_of_one_after_the_other() -> None:
    class Together(layers.GIN):
        seen = 0

        def transform(self, data: Data) -> Data:
            raise AssertionError("one by one")

        def transform_many(self, graphs: Any) -> list[Data]:
            type(self).seen += len(graphs)
            found = [copy(graph) for graph in graphs]
            for graph in found:
                graph.x = torch.full_like(graph.x, graph.num_nodes)
            return found

    data = collection()
    result = fit(data, Together(1, 8, 2, dropout=0.0))
    assert dict(result.curve) != dict(fit(data).curve) and Together.seen == len(data)
    assert float(data[0].x.max()) == 1


def broken(change: Any) -> Graphs:
    data = collection()
    graphs = [copy(graph) for graph in data]
    change(graphs[3])
    return data.with_graphs(graphs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (cycle(4, 0), "a Data was given, but graph prediction needs many graphs"),
        ([], "a list was given"),
        ([cycle(4, 0), path(4, 1)], "of 2 graphs says nothing of training, validation and test"),
        (collection(1), "data.y names 1 class"),
        (
            broken(lambda g: g.__setattr__("y", torch.tensor([0.5]))),
            "graph 3 .* y=tensor.*one class",
        ),
        (broken(lambda g: g.__setattr__("y", None)), "graph 3 of the dataset has y=None"),
        (
            broken(lambda g: g.__setattr__("x", g.x * float("nan"))),
            "graph 3 of the dataset: data.x is nan",
        ),
    ],
)
def test_data_that_cannot_be_learnt_is_refused(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": 3}, "split is 3, but the masks hold 3 splits"),
        ({"encoder": layers.GIN(2, 8)}, "GIN.in_channels is 2, but data.x has 1 columns"),
        ({"encoder": layers.GIN(1, 8, out_channels=5)}, "but this dataset has 2 classes"),
        ({"encoder": layers.ResNetAdj(1, 8, num_nodes=4)}, "ResNetAdj learns one row of weights"),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(collection(), **arguments)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(
        ValueError,
        match="readout is 'median', which is none of attention, max, mean, root, set2set",
    ):
        tasks.GraphPrediction(readout="median")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch_size is 0"):
        tasks.GraphPrediction(batch_size=0)
    with pytest.raises(ValueError, match="no metric 'auc'"):
        tasks.GraphPrediction(metric="auc")  # type: ignore[arg-type]


def test_a_set_needs_graphs_and_as_many_rows_of_masks() -> None:
    data = collection()
    with pytest.raises(ValueError, match="kinds has 1 graphs and masks for 40"):
        data.with_graphs([data[0]])
    assert datasets.Graphs is Graphs


def test_codes_that_are_read_as_numbers_are_warned_of(recwarn: pytest.WarningsRecorder) -> None:
    data = replace(collection(), x_sizes=(2,))
    with pytest.warns(UserWarning, match=r"codes of \(2,\) categories, but GIN reads") as found:
        fit(data)
    assert found[0].filename == __file__
    codes, constant = layers.NodeCategories((2,), 4), layers.ConstantFeatures()
    recwarn.clear()
    for step in (codes, constant):
        fit(data, layers.WithInputs(1, [step], lambda width: layers.GIN(width, 8, 2)))
    fit(collection())
    assert not [each for each in recwarn if "categories" in str(each.message)]
