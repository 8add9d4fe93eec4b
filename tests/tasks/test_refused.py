"""What training refuses, in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from learnable import Mean, graph, numbers, run
from torch import Tensor, nn
from torch_geometric.data.data import BaseData

from gnnlab.layers import GIN, SheafDiffusion
from gnnlab.tasks import NodeClassification, Training


def without_validation(data: BaseData) -> None:
    data.val_mask[:, 1] = False


def one_class_in_test(data: BaseData) -> None:
    data.y[data.test_mask[:, 0]] = 0


def no_masks(data: BaseData) -> None:
    data.train_mask = data.val_mask = data.test_mask = None


def no_labels(data: BaseData) -> None:
    data.y = None


def no_features(data: BaseData) -> None:
    data.x = data.x[:, :0]


def one_class(data: BaseData) -> None:
    data.y = torch.zeros_like(data.y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_validation, "data.val_mask selects no node in split 1"),
        (
            one_class_in_test,
            "data.test_mask holds no node of class 1 in split 0, so roc_auc is not",
        ),
        (no_masks, "data.train_mask is missing: node prediction needs"),
        (no_labels, "data.y is missing"),
        (no_features, "data.x has 0 columns, so there is nothing to read"),
        (one_class, "data.y names 1 class, so there is nothing to tell apart"),
    ],
)
def test_a_graph_that_cannot_be_learnt_is_refused(
    change: Callable[[BaseData], None], message: str
) -> None:
    data = graph(2)
    change(data)
    with pytest.raises(ValueError, match=message):
        run(data=data)


class Graphwise(Mean):
    level = "graph"


class Wide(Mean):
    in_channels = 5


class Narrow(Mean):
    def forward(self, data: BaseData) -> Tensor:
        return super().forward(data)[:, 1:]


class Widthless(nn.Module):
    def forward(self, data: BaseData) -> Tensor:
        x: Tensor = data.x
        return x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": 2}, "split is 2, but the masks hold 2 splits, numbered 0 to 1"),
        ({"split": -1}, "split is -1, but"),
        ({"split": "0"}, "split is '0', but"),
        ({"seed": -1}, "seed is -1, but it must be a whole number from 0"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"device": "gpu"}, "device is 'gpu', which torch does not know"),
        ({"device": "cuda:99"}, "device is 'cuda:99', but torch sees [0-9]+ CUDA devices"),
        ({"encoder": Graphwise(3, 4)}, "Graphwise.level is 'graph', but node classification"),
        ({"encoder": Mean(3, 4, 7)}, "Mean predicts out_channels=7, but this graph has 3 classes"),
        ({"encoder": Narrow(3, 4)}, r"Narrow returned \(120, 3\) .* but \(120, 4\) was expected"),
        ({"encoder": Wide(3, 4)}, "Wide.in_channels is 5, but data.x has 3 columns: build it with"),
        ({"encoder": Mean(3, 4).double()}, "data.x is torch.float32, but the parameters of Mean"),
        ({"task": NodeClassification}, "task is the class NodeClassification, but a task is"),
        ({"task": "node"}, "task is 'node', but a task is needed"),
        ({"training": {"lr": 1}}, "training is {'lr': 1}, but settings are needed"),
        ({"device": "meta"}, "device is 'meta', but gnnlab runs on 'cpu' and on 'cuda'"),
        ({"encoder": Widthless()}, "the model has no parameter with requires_grad"),
        ({"encoder": lambda: 3}, "the encoder callable returned 3, but a torch.nn.Module"),
        ({"encoder": "GCN"}, "the encoder is 'GCN', but a torch.nn.Module is needed"),
        (
            {"training": Training(lr=1e30)},
            r"loss became (nan|inf) at epoch \d+ with lr=1e\+30: low",
        ),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        run(**arguments)
    assert "\n" not in str(raised.value)


def test_an_unknown_metric_is_refused_when_the_task_is_made() -> None:
    with pytest.raises(ValueError, match="no metric 'auc' for classes: did you mean"):
        NodeClassification("auc")  # type: ignore[arg-type]


def test_one_split_has_number_zero_only() -> None:
    data = graph(splits=1)
    flat = data.clone()
    for name in ("train_mask", "val_mask", "test_mask"):
        setattr(flat, name, getattr(flat, name)[:, 0])
    assert numbers(run(data=flat)) == numbers(run(data=data))
    with pytest.raises(ValueError, match="the masks hold 1 split, number 0: choose"):
        run(data=flat, split=1)


HUGE = "not finite at the first step, where lr has no part yet: look for very large"


@pytest.mark.parametrize("key", ["x", "edge_weight"])
def test_what_is_not_finite_from_the_first_step_is_not_laid_at_the_rate(key: str) -> None:
    data = graph()
    data.edge_weight = torch.ones(data.num_edges)
    data[key] = data[key] * 1e38
    with pytest.raises(ValueError, match=HUGE) as raised:
        run(data=data, encoder=GIN(3, 8, 2, dropout=0.0))
    assert "lower lr" not in str(raised.value)


class Rooted(Mean):
    """Finite, with a gradient that is not: of the root of 0."""

    def forward(self, data: BaseData) -> Tensor:
        h = super().forward(data)
        return h + (h - h).sqrt()


def test_a_gradient_that_is_not_finite_is_not_laid_at_the_rate_either() -> None:
    with pytest.raises(ValueError, match=f"validation loss became nan at epoch 1.*{HUGE}"):
        run(encoder=Rooted(3, 8))


def test_weights_that_have_no_root_are_named() -> None:
    data = graph()
    data.edge_weight = -torch.ones(data.num_edges)
    with pytest.raises(ValueError, match=r"the edge between \d+ and \d+ weighs -0.5 .*: use weigh"):
        run(data=data, encoder=SheafDiffusion(3, 4, 1))
