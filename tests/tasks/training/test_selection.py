"""When training ends, and which epoch is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from learnable import graph, run

from gnnlab.tasks import Curve, Training
from gnnlab.tasks.training.selection import Best, should_stop


@pytest.mark.parametrize("select", ["metric", "loss"])
def test_the_first_best_epoch_of_the_curve_is_kept(select: Any) -> None:
    result = run(Training(epochs=40, lr=5e-2, select=select), graph(noise=1.5))
    key = result.curve.valid if select == "metric" else [-v for v in result.curve.valid_loss]
    at = key.index(max(key))
    assert result.epoch == result.curve.epoch[at] == at + 1
    assert (result.valid, result.test) == (result.curve.valid[at], result.curve.test[at])


def test_metric_and_loss_pick_different_epochs_of_one_curve() -> None:
    data = graph(noise=1.5)
    by_metric = run(Training(epochs=40, lr=5e-2, select="metric"), data)
    by_loss = run(Training(epochs=40, lr=5e-2, select="loss"), data)
    assert by_metric.curve == by_loss.curve
    assert by_metric.epoch != by_loss.epoch


@pytest.mark.parametrize("patience", [1, 5])
def test_patience_stops_that_many_epochs_after_the_best(patience: int) -> None:
    full = run(Training(epochs=200, lr=5e-2, select="loss"), graph(noise=1.5))
    short = run(Training(epochs=200, lr=5e-2, select="loss", patience=patience), graph(noise=1.5))
    ran = len(short.curve.epoch)
    assert ran < 200 and ran == short.epoch + patience
    assert dict(short.curve) == {name: values[:ran] for name, values in dict(full.curve).items()}


def test_patience_counts_epochs_not_evaluations() -> None:
    training = Training(epochs=200, lr=5e-2, select="loss", patience=10, evaluate_every=4)
    result = run(training, graph(noise=1.5))
    assert result.curve.epoch[-1] == result.epoch + 12  # the first evaluation at least 10 later


def test_patience_waits_for_nothing_that_beats_a_perfect_score() -> None:
    easy = graph(noise=0.0)
    full = run(Training(epochs=60, lr=5e-2), easy)
    short = run(Training(epochs=60, lr=5e-2, patience=50), easy)
    assert full.valid == 1.0 and len(full.curve.epoch) == 60
    assert len(short.curve.epoch) == short.epoch < 60
    assert (short.epoch, short.test) == (full.epoch, full.test)
    by_loss = run(Training(epochs=60, lr=5e-2, patience=50, select="loss"), easy)
    assert len(by_loss.curve.epoch) > short.epoch


@pytest.mark.parametrize(
    ("metric", "valid", "expected"),
    [("accuracy", 1.0, True), ("accuracy", 0.99, False), ("mae", 0.0, True), ("mae", 1.0, False),
     ("r2", 1.0, True), ("own", 1.0, False)],
)  # fmt: skip
def test_what_is_unbeatable(metric: str, valid: float, expected: bool) -> None:
    for select in ("metric", "loss"):
        best = Best(select, metric)
        assert not best.unbeatable
        best.improves({"epoch": 1, "valid": valid, "valid_loss": 0.5})
        assert best.unbeatable is (expected and select == "metric")


RISING = (
    # losses by epoch, patience, all epochs, the epoch after which training ends
    ([9, 1, 9, 9, 2, 2, 1, 2.5, 1, 1], 3, 10, 8),  # 2.5 is above the mean of 2, 2 and 1
    ([9, 1, 9, 9, 2, 3, 1, 1, 1, 1], 3, 10, 10),  # 3 is below the mean of 9, 9 and 2
    ([1, 1, 1, 1, 9, 8, 1, 1, 1, 1], 3, 10, 6),  # epoch 5 is not yet in the second half
    ([5, 4, 3, 2, 1, 1, 1, 1, 1, 1], 3, 10, 10),  # equal is not above
    ([1, 9, 9, 9, 9, 6, 1, 1, 1, 1], 100, 10, 10),  # the mean is of all there were: 7.4
    ([1, 1, 2, 1, 1, 1, 1], 2, 7, 7),  # epoch 3 of 7 is not yet in the second half
    ([1, 1, 1, 2, 9, 8, 1], 2, 7, 4),  # epoch 4 is
)


@pytest.mark.parametrize(("losses", "patience", "epochs", "expected"), RISING)
def test_stops_when_the_loss_rises_above_the_mean_of_the_last_ones(
    losses: list[float], patience: int, epochs: int, expected: int
) -> None:
    training, curve = Training(epochs=epochs, patience=patience, stop="rising"), Curve()
    for epoch, loss in enumerate(losses, start=1):
        row = {"loss": 0.0, "valid_loss": float(loss), "valid": 0.0, "test": 0.0}
        curve.append(epoch, row)
        if should_stop(training, curve, Best("metric", "accuracy")):
            break
    assert epoch == expected


def test_a_rising_loss_ends_a_fit_in_its_second_half() -> None:
    rising = Training(epochs=200, lr=5e-2, select="loss", patience=5, stop="rising")
    full, short = (
        run(replace(rising, patience=200), graph(noise=1.5)),
        run(rising, graph(noise=1.5)),
    )
    ran = len(short.curve)
    assert 100 < ran < 200 and short.curve.valid_loss == full.curve.valid_loss[:ran]
    assert short.curve.valid_loss[-1] > sum(short.curve.valid_loss[-6:-1]) / 5
    assert (short.epoch, short.test) == (full.epoch, full.test)


def test_evaluating_seldom_changes_nothing_but_the_curve_s_length() -> None:
    often, seldom = run(Training(epochs=11)), run(Training(epochs=11, evaluate_every=4))
    assert seldom.curve.epoch == [4, 8, 11]
    for name, values in dict(often.curve).items():
        assert len(values) == 11
        assert seldom.curve[name] == [values[epoch - 1] for epoch in (4, 8, 11)]
