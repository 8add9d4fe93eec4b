"""How many classes there are, which of them training has, and what each counts in the loss."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from kept_cases import classes_of, many, nodes_of, one_graph
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.runner import configure
from gnnlab.tasks.targets.classes import Classes


def relabelled(data: Any, change: Any) -> Any:
    """The same data with other labels."""
    if isinstance(data, Data):
        found = data.clone()
        found.y = change(data.y)
        return found
    return data.with_graphs([relabelled(graph, change) for graph in data])


def told(data: Any, classes: int) -> Any:
    from dataclasses import replace

    if isinstance(data, Graphs):
        return replace(data, classes=classes)
    found = data.clone()
    found.classes = classes
    return found


GRAPHS, NODES = many(classes_of), many(nodes_of)
WAYS = [
    (tasks.NodeClassification, one_graph()),
    (tasks.NodeClassification, NODES),
    (tasks.GraphPrediction, GRAPHS),
]


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_labels_from_one_are_refused_with_the_way_out(task: Any, data: Any) -> None:
    from_one = relabelled(data, lambda y: (y > 0).long() + 1)
    thing = "graph" if task is tasks.GraphPrediction else "node"
    with pytest.raises(ValueError, match=f"no {thing} is of class 0, but labels in data.y go up"):
        task().setup(from_one, 0)
    with pytest.raises(ValueError, match="number the classes from 0 without a gap"):
        task().setup(relabelled(data, lambda y: 2 * y), 0)
    with pytest.raises(ValueError, match="data.y (holds|is) 2.*labels run from 0 to 1"):
        task().setup(told(from_one, 2), 0)


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_a_label_far_beyond_the_others_takes_no_memory(task: Any, data: Any) -> None:
    far = relabelled(data, lambda y: torch.where(y == y.max(), 2**40, y))
    with pytest.raises(ValueError, match="is of class .*, but labels in data.y go up to 109951162"):
        task().setup(far, 0)


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_two_classes_are_two(task: Any, data: Any) -> None:
    from_zero = relabelled(data, lambda y: torch.unique((y > 0).long() + 1, return_inverse=True)[1])
    if task is tasks.GraphPrediction:  # a graph has one label
        from_zero = relabelled(data, lambda y: (y > 0).long())
    problem = task().setup(from_zero, 0)
    assert problem.target.classes == 2
    assert problem.metric == ("accuracy" if task is tasks.GraphPrediction else "roc_auc")


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_the_head_has_the_classes_that_the_data_tell(task: Any, data: Any) -> None:
    with pytest.warns(UserWarning, match=r"of class 3 in split 0 \(2 of 5 classes are absent\)"):
        problem = task().setup(told(data, 5), 0)
    model = problem.model(layers.GCN(4, 8, 2))
    assert model.outputs == problem.target.classes == 5


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_a_class_that_training_lacks_is_warned_of(task: Any, data: Any) -> None:
    train, thing = data.train_mask, "graph" if task is tasks.GraphPrediction else "node"
    if isinstance(data, Data):
        data = data.clone()
        data.train_mask = train & (data.y != 1)
    else:
        graphs = list(data)
        for number in train[:, 0].nonzero().flatten().tolist():
            graphs[number] = relabelled(graphs[number], lambda y: y.where(y != 1, 0))
        data = data.with_graphs(graphs)
    with pytest.warns(UserWarning, match=f"selects no {thing} of class 1 in split 0"):
        task().setup(data, 0)


@pytest.mark.parametrize(("task", "data"), WAYS)
def test_all_classes_in_training_are_not_warned_of(task: Any, data: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        task().setup(data, 0)


WEIGHTS = (1.0, 10.0, 0.25)


@pytest.mark.parametrize(
    "given", [list(WEIGHTS), WEIGHTS, np.array(WEIGHTS), torch.tensor(WEIGHTS)]
)
@pytest.mark.parametrize(("task", "data"), WAYS)
def test_weights_of_classes_are_those_of_the_cross_entropy(
    task: Any, data: Any, given: Any
) -> None:
    problem = task(class_weights=given, batch_size=100).setup(data, 0)
    assert problem.target.weights == WEIGHTS
    model = problem.model(layers.GCN(4, 8, 2)).eval()
    (batch,) = problem.batches()
    logits, y = model(batch), batch.y
    if isinstance(data, Data):
        logits, y = logits[data.train_mask], y[data.train_mask]
    expected = F.cross_entropy(logits, y, torch.tensor(WEIGHTS))
    torch.testing.assert_close(problem.loss(model, batch), expected)


def test_weights_of_two_classes_are_those_of_two_logits() -> None:
    logit, y = torch.randn(20, 1), torch.arange(20) % 2
    both = torch.cat([torch.zeros_like(logit), logit], dim=1)
    expected = F.cross_entropy(both, y, torch.tensor([100.0, 1.0]))
    torch.testing.assert_close(Classes(2, "auto", weights=(100.0, 1.0)).loss(logit, y), expected)


def test_weights_are_written_down_in_runs() -> None:
    settings = {"data": {"name": "MUTAG"}, "task": {"name": "graph"}, "model": {"name": "gcn"}}
    given = configure(settings, ["task.class_weights=[1, 2.5]"])
    assert given.task["class_weights"] == (1.0, 2.5)
    assert configure(settings, ["task.class_weights=false"]).key() == configure(settings).key()
    assert given.key() != configure(settings).key()


@pytest.mark.parametrize("task", [tasks.NodeClassification, tasks.GraphPrediction])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("False", "class_weights is 'False', but it must be True, False, or a number above 0"),
        ({0: 1.0, 1: 2.0}, r"class_weights is \{0: 1.0, 1: 2.0\}, but it must be True"),
        (None, "class_weights is None"),
        (1, "class_weights is 1"),
        ([], r"class_weights is \[\]"),
        ([1.0, 0.0], r"class_weights\[1\] is 0.0, but it must be above 0"),
        ([1.0, float("nan")], r"class_weights\[1\] is nan, but it must be a finite number"),
        ([1.0, "2"], r"class_weights\[1\] is '2'"),
        (torch.ones(2, 2), r"class_weights\[0\] is \[1.0, 1.0\]"),
    ],
)
def test_what_is_no_weight_is_refused(task: Any, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        task(class_weights=given)


def test_weights_that_do_not_fit_the_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="holds 2 numbers, but there are 3 classes"):
        tasks.NodeClassification(class_weights=[1, 2]).setup(one_graph(), 0)
    with pytest.raises(ValueError, match="is for classes and these targets are regression"):
        tasks.GraphPrediction(kind="regression", class_weights=True)
    numbers = many(lambda graph, i: {"y": graph.x.sum()[None]})
    with pytest.raises(ValueError, match="class_weights is True, but that is for classes"):
        tasks.GraphPrediction(class_weights=True).setup(numbers, 0)


def unknown(y: Tensor) -> Tensor:
    return y.where(torch.arange(len(y)) % 4 > 0, -1)


def test_unknown_labels_are_no_class() -> None:
    data = relabelled(NODES, unknown)
    assert tasks.NodeClassification().setup(data, 0).target.classes == 3
