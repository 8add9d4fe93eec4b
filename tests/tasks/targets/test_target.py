"""Graphs with numbers or labels: losses and scores are their formulas, the rest is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_graphs import cycle
from target_graphs import NAN, collection, fit, labels, numbers, part
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.tasks.metrics import labels as label_metrics
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.classes import Classes


@pytest.mark.parametrize("loss", ["auto", "l1", "mse"])
@pytest.mark.parametrize("standardise", [False, True])
def test_the_loss_of_numbers_and_their_error_in_their_own_units(
    loss: Any, standardise: bool
) -> None:
    data = numbers()
    task = tasks.GraphPrediction(loss=loss, standardise=standardise, batch_size=7)
    problem = task.setup(data, 0)
    model = problem.model(layers.SAGE(1, 8, 1, dropout=0.0)).eval()
    train = part(data, data.train_mask).y.double()
    std = train.std(0, correction=0) if standardise else torch.ones(3).double()
    for batch in problem.batches():
        apart = (model(batch) - batch.y) / std
        expected = apart.square().mean() if loss == "mse" else apart.abs().mean()
        assert float(problem.loss(model, batch)) == pytest.approx(float(expected), rel=1e-5)
    with torch.no_grad():
        row = problem.evaluate(model)
        for name, mask in (("valid", data.val_mask), ("test", data.test_mask)):
            held = part(data, mask)
            error = (model(held) - held.y).abs().mean()
            assert row[name] == pytest.approx(float(error), rel=1e-6)
    assert problem.metric == "mae"


def test_numbers_are_learnt_and_the_lowest_error_is_kept() -> None:
    graphs = [cycle(3 + i % 7, 0) for i in range(60)]
    for data in graphs:
        data.y = torch.tensor([10.0 * data.num_nodes])
    masks = stratified(torch.zeros(60, dtype=torch.int64), 1, (0.6, 0.2), 0)
    rings = Graphs(tuple(graphs), masks, classes=0, name="rings")
    task = tasks.GraphPrediction(readout="sum", standardise=True, batch_size=8)
    training = tasks.Training(lr=3e-2, epochs=40)
    result = tasks.fit(task, layers.SAGE(1, 8, 1, dropout=0.0), rings, training)
    assert result.metric == "mae" and result.test < 5 < 17  # 17 is what the mean of all comes to
    assert result.valid == min(result.curve.valid)
    assert result.epoch == result.curve.epoch[result.curve.valid.index(result.valid)]


def test_r2_is_to_be_large() -> None:
    result = fit(numbers(1), tasks.GraphPrediction(metric="r2", standardise=True), 5)
    assert result.valid == max(result.curve.valid)


def test_a_constant_target_is_left_in_its_place() -> None:
    data = collection([torch.tensor([[float(i), 7.0]]) for i in range(20)])
    target = tasks.GraphPrediction(standardise=True).setup(data, 0).target
    y = torch.tensor([[3.0, 7.0]])
    assert float(target.loss(torch.zeros(1, 2), y)) == pytest.approx(
        float((abs(y[0, 0] - target.mean[0]) / target.scale[0]) / 2)  # type: ignore[attr-defined]
    )
    assert target.score(torch.zeros(1, 2), torch.tensor([[0.0, 7.0]])) > 0


def test_the_loss_of_labels_is_of_those_that_are_known() -> None:
    data = labels()
    problem = tasks.GraphPrediction(kind="labels", batch_size=9).setup(data, 0)
    model = problem.model(layers.SAGE(1, 8, 1, dropout=0.0)).eval()
    for batch in problem.batches():
        logits = model(batch)
        assert logits.shape == (batch.num_graphs, 4)
        known = ~batch.y.isnan()
        expected = F.binary_cross_entropy_with_logits(logits[known], batch.y[known])
        torch.testing.assert_close(problem.loss(model, batch), expected)
    with torch.no_grad():
        row = problem.evaluate(model)
        held = part(data, data.test_mask)
        assert row["test"] == label_metrics.average_precision(model(held), held.y)
    assert problem.metric == "average_precision"


def test_unknown_labels_move_nothing() -> None:
    logits = torch.randn(3, 4, requires_grad=True)
    target = tasks.GraphPrediction(kind="labels").setup(labels(), 0).target
    loss = target.loss(logits, torch.full((3, 4), NAN))
    torch.autograd.backward(loss)
    assert loss.item() == 0 and logits.grad is not None and not logits.grad.any()


@pytest.mark.parametrize("metric", ["accuracy", "average_precision", "roc_auc"])
def test_labels_are_trained_and_judged(metric: Any) -> None:
    result = fit(labels(), tasks.GraphPrediction(kind="labels", metric=metric))
    assert result.metric == metric and 0 <= result.test <= 1


def test_one_label_equals_two_classes() -> None:
    """Binary cross entropy of one logit, on either road."""
    rows = [torch.tensor([i % 2]) for i in range(40)]
    classes = fit(collection(rows), tasks.GraphPrediction(metric="roc_auc"))
    whole = fit(collection(rows), tasks.GraphPrediction(kind="labels", metric="roc_auc"))
    assert classes.curve.valid == whole.curve.valid
    assert classes.curve.loss == pytest.approx(whole.curve.loss)


def test_an_encoder_may_predict_the_numbers_by_itself() -> None:
    encoder = layers.GCN(1, 8, 2, block="plain", out_channels=3)
    result = tasks.fit(tasks.GraphPrediction(), encoder, numbers(), tasks.Training(epochs=1))
    assert result.parameters == sum(p.numel() for p in encoder.parameters())
    wrong = layers.GCN(1, 8, 2, block="plain", out_channels=2)
    with pytest.raises(ValueError, match="predicts out_channels=2, but this dataset has 3 targets"):
        tasks.fit(tasks.GraphPrediction(), wrong, numbers())


@pytest.mark.parametrize("data", [numbers(), labels()])
def test_a_problem_is_moved_with_all_it_computes_with(data: Graphs) -> None:
    kind: Any = "regression" if data[0].y.shape[1] == 3 else "labels"
    problem = tasks.GraphPrediction(kind=kind, standardise=kind == "regression").setup(data, 0)
    moved = problem.to(torch.device("meta"))
    model = moved.model(layers.SAGE(1, 8, 1)).to("meta")
    for batch in moved.batches():
        predictions = model.head(torch.empty(batch.num_graphs, 8, device="meta"))
        assert moved.target.loss(predictions, batch.y).device.type == "meta"
    assert problem.parts.device.type == "cpu" and next(iter(problem.batches())).x.is_cpu


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (torch.tensor([2]), "classes"),
        (torch.tensor([[1]]), "classes"),
        (torch.tensor([True]), "classes"),
        (torch.tensor([0.5]), "regression"),
        (torch.tensor([[0.0, 3.5]]), "regression"),
        (torch.tensor([[1.0, NAN]]), None),
        (torch.tensor([1.0]), None),
        (torch.tensor([[0, 1]]), None),
        (torch.tensor([[0, 2]]), None),
    ],
)
def test_what_is_taken_for_what_unasked(y: Tensor, kind: str | None) -> None:
    if kind is None:
        with pytest.raises(ValueError, match="set kind="):
            targets.kind_of([y], "auto")
    else:
        assert targets.kind_of([y], "auto") == kind
    assert targets.kind_of([y], "labels") == "labels"


@pytest.mark.parametrize(
    ("y", "settings", "message"),
    [
        (torch.tensor([[NAN, 1.5]]), {}, "graph 3 .* targets must be finite: drop the graph"),
        (torch.tensor([[1.5]]), {}, r"graph 3 .* takes one row .*: give \(1, 2\) as graph 0 does"),
        (torch.tensor([1.5, 2.5]), {}, r"graph 3 .*: give \(1, 2\) as graph 0 does"),
        (None, {"kind": "regression"}, "graph 3 of the dataset has y=None, but regression takes"),
        (torch.tensor([[0.0, 2.0]]), {"kind": "labels"}, "graph 0 .* label is 1, 0, or nan"),
        (torch.tensor([[0.0, 1.5]]), {"metric": "accuracy"}, "no metric 'accuracy' for regression"),
        (torch.tensor([[0.0, 1.5]]), {"kind": "classes"}, "graph 0 .* one class"),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(
    y: Any, settings: dict[str, Any], message: str
) -> None:
    rows: list[Any] = [torch.tensor([[float(i), 0.5]]) for i in range(20)]
    rows[3] = y
    with pytest.raises(ValueError, match=message):
        fit(collection(rows), tasks.GraphPrediction(**settings))


def test_a_part_on_which_a_metric_is_not_defined_is_refused() -> None:
    same = collection([torch.tensor([[5.5, float(i)]]) for i in range(20)])
    with pytest.raises(ValueError, match="share one value of a target in split 0, so r2 is not"):
        fit(same, tasks.GraphPrediction(metric="r2"))
    data = labels()
    for graph, held in zip(data, data.val_mask[:, 0].tolist(), strict=True):
        if held:
            graph.y = torch.ones(1, 4)
    with pytest.raises(ValueError, match="none of the 4 labels is both 0 and 1 among the graphs"):
        fit(data, tasks.GraphPrediction(kind="labels"))
    assert fit(data, tasks.GraphPrediction(kind="labels", metric="accuracy")).valid <= 1
    for graph, held in zip(data, data.val_mask[:, 0].tolist(), strict=True):
        if held:
            graph.y = torch.full((1, 4), NAN)
    with pytest.raises(ValueError, match="data.val_mask selects graphs without a known label"):
        fit(data, tasks.GraphPrediction(kind="labels", metric="accuracy"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "numbers"}, "kind is 'numbers', which is none of auto, classes, labels, regr"),
        ({"loss": "l2"}, "loss is 'l2', but it must be auto, l1, mse, or a function"),
        ({"standardise": 1}, "standardise is 1, but it must be True or False"),
        ({"metric": "rmsee"}, "no metric 'rmsee': did you mean rmse"),
        ({"metric": "mae", "kind": "classes"}, "no metric 'mae' for classes"),
        ({"kind": "labels", "standardise": True}, "for regression and these targets are labels"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tasks.GraphPrediction(**settings)


def test_settings_of_regression_are_refused_where_the_data_says_classes() -> None:
    rows = [torch.tensor([i % 2]) for i in range(20)]
    with pytest.raises(ValueError, match="loss is 'l1', but that is for regression and these tar"):
        fit(collection(rows), tasks.GraphPrediction(loss="l1"))
    with pytest.raises(ValueError, match="there is no metric 'mae' for classes"):
        fit(collection(rows), tasks.GraphPrediction(metric="mae"))


def test_whole_numbers_are_regressed_when_asked() -> None:
    counts = collection([torch.tensor([i]) for i in range(30)])
    result = fit(counts, tasks.GraphPrediction(kind="regression"))
    assert result.metric == "mae" and isinstance(counts[0], Data)


@pytest.mark.parametrize("classes", [2, 3])
def test_rare_classes_weigh_as_much_as_common_ones(classes: int) -> None:
    """The rows' losses, each times the share of rows of another class, over the sum of weights."""
    random = torch.Generator().manual_seed(0)
    y = torch.tensor([0, 0, 0, 0, 0, 1, 1, classes - 1])
    width = 1 if classes == 2 else classes
    p = torch.randn(8, width, generator=random, dtype=torch.float64)
    weight = torch.stack([(y != label).double().mean() for label in y])
    logits = torch.cat([torch.zeros(8, 1), p], 1) if classes == 2 else p
    losses = -logits.log_softmax(1)[torch.arange(8), y]
    expected = (weight * losses).sum() / weight.sum()
    found = Classes(classes, "auto", weights=True).loss(p, y)
    torch.testing.assert_close(found, expected)
    alone = Classes(classes, "auto", weights=True).loss(p[:5], y[:5])
    torch.testing.assert_close(alone, losses[:5].mean())
    assert not torch.equal(found, Classes(classes, "auto").loss(p, y))


def test_a_class_that_nothing_is_trained_on_is_warned_of() -> None:
    data = collection([torch.tensor([i % 2]) for i in range(40)])
    held = data.test_mask[:, 0].nonzero().flatten().tolist()
    data[held[0]].y = torch.tensor([2])
    with pytest.warns(UserWarning, match=r"no graph of class 2 in split 0 \(1 of 3 classes"):
        result = fit(data, tasks.GraphPrediction(metric="balanced_accuracy"))
    assert result.test <= 2 / 3 + 1e-9
