"""Own metrics and losses, and several metrics at once: what chooses, and what is minimised."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from learnable import graph
from link_problems import gcn
from link_problems import graph as links
from target_graphs import collection, labels, numbers

from gnnlab import layers, tasks
from gnnlab.tasks import GraphPrediction, LinkPrediction, NodeClassification, Training
from gnnlab.tasks.metrics.by_name import best_possible, find, is_fraction, sign
from gnnlab.tasks.metrics.classes import accuracy
from gnnlab.tasks.metrics.own import OwnName, names_of
from gnnlab.tasks.metrics.record import Metric


def wrong(predictions: Tensor, truth: Tensor) -> float:
    return 1 - accuracy(predictions, truth)


WRONG = Metric("wrong", wrong, ("classes",), higher_is_better=False)
TRAINING = Training(epochs=12, lr=0.05)


def fit(task: Any, data: Any = None, encoder: Any = None) -> tasks.Result:
    data = graph() if data is None else data
    encoder = encoder or layers.GCN(data.num_features, 8, 2, dropout=0.0)
    return tasks.fit(task, encoder, data, TRAINING)


def test_an_error_chooses_the_epochs_that_its_accuracy_chooses() -> None:
    ours, own = fit(NodeClassification("accuracy")), fit(NodeClassification(WRONG))
    assert own.metric == "wrong" and own.epoch == ours.epoch
    assert own.valid == pytest.approx(1 - ours.valid) and own.test == pytest.approx(1 - ours.test)


def test_a_function_is_a_metric_in_the_direction_that_it_says() -> None:
    def share(predictions: Tensor, truth: Tensor) -> Tensor:
        return torch.tensor(wrong(predictions, truth))

    def against(predictions: Tensor, truth: Tensor) -> float:
        return wrong(predictions, truth)

    against.higher_is_better = False  # type: ignore[attr-defined]
    most = fit(NodeClassification(share))  # of which more is better
    assert most.metric == "share" and most.valid == max(most.curve.valid)
    least = fit(NodeClassification(against))
    assert least.metric == "against" and least.valid == min(least.curve.valid)


@pytest.mark.parametrize(
    "task",
    [
        NodeClassification(("accuracy", "macro_f1", WRONG)),
        NodeClassification("accuracy", also=["macro_f1", WRONG]),  # type: ignore[list-item]
        NodeClassification(metric=["accuracy", "macro_f1"], also=(WRONG,)),  # type: ignore[arg-type]
    ],
)
def test_of_several_metrics_the_first_chooses(task: NodeClassification) -> None:
    found, alone = fit(task), fit(NodeClassification("accuracy"))
    assert (found.epoch, found.valid, found.test) == (alone.epoch, alone.valid, alone.test)
    assert list(found.others) == [
        *("valid macro_f1", "test macro_f1", "valid wrong", "test wrong"),
    ]
    assert found.others["test wrong"] == pytest.approx(1 - found.test)
    assert found.others["test macro_f1"] == pytest.approx(
        fit(NodeClassification("macro_f1")).curve.test[found.epoch - 1]
    )


def bias(predictions: Tensor, truth: Tensor) -> float:
    return float((predictions - truth).mean())


@pytest.mark.parametrize(
    ("data", "kind", "usual", "other"),
    [
        (lambda: collection(torch.arange(20)[:, None] % 2), "classes", "accuracy", "f1"),
        (labels, "labels", "average_precision", "accuracy"),
        (numbers, "regression", "mae", "rmse"),
    ],
)
def test_graphs_have_several_metrics_of_every_kind(
    data: Any, kind: Any, usual: str, other: str
) -> None:
    own = Metric("bias", bias, unit="", higher_is_better=False)
    task = GraphPrediction((usual, other, own), kind=kind)  # type: ignore[arg-type]
    found = fit(task, data(), layers.GIN(1, 8, 2, dropout=0.0))
    assert found.metric == usual
    assert list(found.others) == [f"{p} {n}" for n in (other, "bias") for p in ("valid", "test")]
    alone = GraphPrediction(usual, kind=kind)
    assert fit(alone, data(), layers.GIN(1, 8, 2, dropout=0.0)).test == found.test


def test_probes_have_several_metrics() -> None:
    alone = tasks.EmbeddingProbe("features", "accuracy").solve(graph())
    found = tasks.EmbeddingProbe("features", ("accuracy", WRONG)).solve(graph())
    assert found.others == {"valid wrong": 1 - alone.valid, "test wrong": 1 - alone.test}
    pretrained = fit(tasks.Pretraining(metric=("accuracy", WRONG)))
    assert pretrained.others["test wrong"] == pytest.approx(1 - pretrained.test)


def test_links_are_judged_by_a_function_of_both_scores() -> None:
    def gap(positive: Tensor, negative: Tensor) -> float:
        return float(positive.mean() - negative.mean())

    found = fit(LinkPrediction(("hits@20", gap)), links(), gcn())
    assert list(found.others) == ["valid gap", "test gap"] and found.metric == "hits@20"
    assert fit(LinkPrediction(gap), links(), gcn()).metric == "gap"


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="wrong is a metric of classes, and these targets are re"):
        GraphPrediction(WRONG, kind="regression")


def test_what_gives_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="the metric many gives .*, but a score is one number"):
        many = Metric("many", lambda p, y: p)  # type: ignore[arg-type, return-value]
        fit(NodeClassification(many))


def test_directions_units_and_limits() -> None:
    name = OwnName(WRONG)
    assert (sign(name), is_fraction(name), best_possible(name)) == (-1, True, -float("inf"))
    free = OwnName(Metric("gain", bias, unit="euro"))
    assert (sign(free), is_fraction(free), best_possible(free)) == (1, False, float("inf"))
    assert best_possible(OwnName(Metric("least", bias, (), False, best=0.0))) == 0.0
    again = pickle.loads(pickle.dumps(name))
    assert sign(again) == sign(copy.deepcopy(name)) == -1 and find(again)  # names that travel
    assert names_of("auto") == ("auto", ()) and names_of(["a", "b"], "a") == ("a", ("b",))


def test_a_score_of_one_does_not_end_training_where_more_is_possible() -> None:
    def constant(predictions: Tensor, truth: Tensor) -> float:
        return 1.0

    patient = Training(epochs=6, patience=5)
    data, encoder = graph(), layers.GCN(3, 8, 2)
    own = tasks.fit(NodeClassification(constant), encoder, data, patient)
    fraction = tasks.fit(NodeClassification(Metric("one", constant)), encoder, data, patient)
    assert len(own.curve) == 6 and len(fraction.curve) == 1


def nothing(predictions: Tensor, truth: Tensor) -> Tensor:
    return predictions.sum() * 0


def squared(predictions: Tensor, truth: Tensor) -> Tensor:
    return nn.functional.mse_loss(predictions, truth)


def test_an_own_loss_is_what_is_minimised() -> None:
    found = fit(NodeClassification(loss=nothing))
    assert set(found.curve.loss) == {0.0} == set(found.curve.valid_loss)
    data, encoder = numbers(), layers.GIN(1, 8, 2, dropout=0.0)
    own = fit(GraphPrediction(loss=squared, standardise=True), data, encoder)
    ours = fit(GraphPrediction(loss="mse", standardise=True), data, encoder)
    assert own.curve.loss == ours.curve.loss and own.test == ours.test


def test_losses_of_classes_and_labels_see_logits_and_truth() -> None:
    seen: list[tuple[Any, Any]] = []

    def looking(predictions: Tensor, truth: Tensor) -> Tensor:
        seen.append((tuple(predictions.shape[1:]), truth.dtype))
        return predictions.square().mean()

    fit(NodeClassification(loss=looking))
    assert set(seen) == {((3,), torch.int64)}
    seen.clear()
    fit(GraphPrediction(kind="labels", loss=looking), labels(), layers.GIN(1, 8, 2, dropout=0.0))
    assert set(seen) == {((4,), torch.float32)}


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda p, y: p, r"loss returned \(.*\), but a loss is one number"),
        (lambda p, y: 0.5, "loss returned a float, but a loss is one number"),
        ("l1", "loss is 'l1', but it must be auto, or a function"),
        (3, "loss is 3, but it must be"),
    ],
)
def test_what_is_no_loss_is_refused(loss: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(NodeClassification(loss=loss))
