"""Checkpoints: a training that is stopped, killed or asked again comes to the same bits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from kept_cases import cases, one_graph
from killing_fits import kill_and_resume, told, trained
from torch_geometric.nn import GCN

from gnnlab import layers, tasks
from gnnlab.tasks.loop import Loop
from gnnlab.tasks.training.selection import Best

posix = pytest.mark.skipif(sys.platform != "linux", reason="forks processes that are killed")


class Stopped(Exception):
    """Raised in the middle of a training."""


def stop_at(epoch: int) -> Callable[[int, dict[str, float]], None]:
    def report(now: int, row: dict[str, float]) -> None:
        if now == epoch:
            raise Stopped

    return report


@posix
def test_killed_at_a_few_random_moments(tmp_path: Path) -> None:
    assert kill_and_resume(tmp_path, 5, epochs=15, seed=0) >= 2


@posix
@pytest.mark.nightly
def test_killed_at_50_random_moments(tmp_path: Path) -> None:
    assert kill_and_resume(tmp_path, 50, epochs=40, seed=1) >= 35


FITS: dict[str, dict[str, Any]] = {
    "adamw": {"optimizer": "adamw", "schedule": "cosine"},
    "adam": {"optimizer": "adam", "schedule": "plateau", "plateau_patience": 0},
    "sgd": {"optimizer": "sgd", "momentum": 0.9, "lr": 1e-3},
    "seldom evaluated": {"evaluate_every": 3, "select": "loss"},
    "last": {"select": "last"},
    "half": {"autocast": "bf16"},
}


@pytest.mark.parametrize("name", FITS)
def test_a_stopped_training_goes_on_to_the_same_bits(name: str, tmp_path: Path) -> None:
    data, training = one_graph(), tasks.Training(epochs=9, **FITS[name])

    def fit(folder: Path | None, **settings: Any) -> Any:
        encoder = layers.GCN(4, 8, 2, dropout=0.4)
        return tasks.fit(
            tasks.NodeClassification(), encoder, data, training, checkpoint=folder, every=2,
            **settings,
        )  # fmt: skip

    expected = told(fit(None))
    with pytest.raises(Stopped):
        fit(tmp_path, progress=stop_at(6))
    assert sorted(one.name[-14:-12] for one in tmp_path.iterdir()) == ["02", "04"]
    assert told(fit(tmp_path)) == expected
    seen: list[int] = []
    assert told(fit(tmp_path, progress=lambda epoch, row: seen.append(epoch))) == expected
    assert not seen  # it was done


@pytest.mark.parametrize("name", ["links of one graph", "links of many graphs", "nodes"])
def test_so_do_other_tasks(name: str, tmp_path: Path) -> None:
    if name == "nodes":
        task: Any = tasks.Pretraining()
        data: Any = one_graph()
    else:
        task, data = cases()[name].task, cases()[name].data
    training, width = tasks.Training(epochs=5), data.num_features

    def fit(folder: Path | None, **settings: Any) -> Any:
        encoder = layers.VGAE(width, 8, 2)
        return tasks.fit(task, encoder, data, training, checkpoint=folder, every=1, **settings)

    whole = fit(None)
    with pytest.raises(Stopped):
        fit(tmp_path, progress=stop_at(4))
    again = fit(tmp_path)
    assert told(again) == told(whole) and again.others == whole.others


def test_so_do_modules_of_another_library(tmp_path: Path) -> None:
    def fit(folder: Path | None, **settings: Any) -> Any:
        training = tasks.Training(epochs=5)
        return tasks.fit(
            tasks.NodeClassification(), GCN(4, 8, 2, dropout=0.5), one_graph(), training,
            checkpoint=folder, every=1, **settings,
        )  # fmt: skip

    with pytest.raises(Stopped):
        fit(tmp_path, progress=stop_at(4))
    assert told(fit(tmp_path)) == told(fit(None))


def test_the_callers_generators_stay_as_they_were(tmp_path: Path) -> None:
    for _ in range(2):
        torch.manual_seed(5)
        encoder = layers.GCN(4, 8, 2, dropout=0.3)
        before = torch.get_rng_state()
        task, training = tasks.NodeClassification(), tasks.Training(epochs=3)
        tasks.fit(task, encoder, one_graph(), training, checkpoint=tmp_path)
        assert torch.equal(torch.get_rng_state(), before)


def test_a_damaged_checkpoint_leaves_the_one_before(tmp_path: Path) -> None:
    expected = told(trained(None, epochs=5))
    trained(tmp_path, epochs=5)
    old, new = sorted(tmp_path.iterdir())
    new.write_bytes(new.read_bytes()[:-9])
    assert told(trained(tmp_path, epochs=5)) == expected


def test_a_training_that_kept_no_weights_is_begun_anew_where_they_are_asked_for(
    tmp_path: Path,
) -> None:
    expected = told(trained(None, epochs=5))
    assert trained(tmp_path, epochs=5, keep_model=False).model is None
    with pytest.raises(Stopped):
        trained(tmp_path, epochs=5, progress=stop_at(3))
    assert sorted(one.name[-14:-12] for one in tmp_path.iterdir()) == ["01", "02"]
    assert told(trained(tmp_path, epochs=5)) == expected
    seen: list[int] = []
    again = trained(tmp_path, epochs=5, keep_model=False, progress=lambda e, row: seen.append(e))
    assert again.model is None and repr(again.test) == expected["scores"][1] and not seen


def fit_on(folder: Path, **changed: Any) -> None:
    given: dict[str, Any] = {
        "task": tasks.NodeClassification(),
        "encoder": layers.GCN(4, 8, 2),
        "data": one_graph(),
        "training": tasks.Training(epochs=2),
        "seed": 0,
        **changed,
    }
    tasks.fit(**given, checkpoint=folder)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"training": tasks.Training(epochs=3)}, "training.epochs is '2', but here it is '3'"),
        ({"training": tasks.Training(epochs=2, lr=0.1)}, "training.lr is '0.01'"),
        ({"seed": 1}, "seed is '0', but here it is '1'"),
        ({"encoder": layers.GCN(4, 9, 2)}, "model is 'GCN"),
        ({"encoder": layers.GCN(4, 8, 2, dropout=0.5)}, "model is 'GCN"),
        ({"encoder": layers.SAGE(4, 8, 2)}, "but here it is 'SAGE"),
        ({"task": tasks.NodeClassification(head_dropout=0.1)}, "whose task is"),
        ({"data": one_graph(2)}, "whose data is"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(
    changed: dict[str, Any], words: str, tmp_path: Path
) -> None:
    fit_on(tmp_path)
    with pytest.raises(ValueError) as caught:
        fit_on(tmp_path, **changed)
    text = str(caught.value)
    assert words in text and "name another folder, or remove this one" in text


@pytest.mark.parametrize(
    "given",
    [{"checkpoint": 3}, {"checkpoint": ""}, {"checkpoint": "x", "every": 0}],
)
def test_settings_that_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="checkpoint is|every is"):
        tasks.fit(
            tasks.NodeClassification(), layers.GCN(4, 8, 2), one_graph(), tasks.Training(), **given
        )
    with pytest.raises(ValueError, match="set every or seconds"):
        tasks.Checkpoint("x", every=None)


def test_by_the_clock_a_short_training_leaves_nothing(tmp_path: Path) -> None:
    fit_by = tasks.Checkpoint(tmp_path / "long", every=None, seconds=1000)
    trained(None, epochs=3, checkpoint=fit_by)
    assert not (tmp_path / "long").exists()
    fit_by = tasks.Checkpoint(tmp_path / "short", every=None, seconds=1e-9)
    trained(None, epochs=3, checkpoint=fit_by)
    assert len(list((tmp_path / "short").iterdir())) == 2


def test_a_callback_that_returns_true_ends_the_training() -> None:
    result = trained(None, progress=lambda epoch, row: epoch == 4)
    assert result.curve.epoch == [1, 2, 3, 4]


def test_ctrl_c_returns_the_result_so_far_where_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(epoch: int, row: dict[str, float]) -> None:
        if epoch == 4:
            raise KeyboardInterrupt

    expected = trained(None, progress=lambda epoch, row: epoch == 4)
    with pytest.warns(UserWarning, match="stopped after epoch 4 of 15"):
        result = trained(None, progress=interrupted, interrupt="return")
    assert told(result) == told(expected)
    for interrupt in ("raise", "auto"):  # here is no notebook
        with pytest.raises(KeyboardInterrupt):
            trained(None, progress=interrupted, interrupt=interrupt)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # as at a prompt
    with pytest.warns(UserWarning, match="stopped after epoch 4"):
        assert told(trained(None, progress=interrupted)) == told(expected)
    with pytest.raises(ValueError, match="interrupt is 'stop'"):
        trained(None, interrupt="stop")


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C is heard, as in a script; workers of pytest-xdist ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_leaves_weights_and_numbers_of_one_epoch(
    monkeypatch: pytest.MonkeyPatch, heard: None
) -> None:
    """It comes between the two, and waits for both."""
    expected = trained(None, progress=lambda epoch, row: epoch == 1)
    improves = Best.improves

    def pressed(self: Best, row: dict[str, float]) -> bool:
        found = improves(self, row)
        signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(Best, "improves", pressed)
    with pytest.warns(UserWarning, match="stopped after epoch 1 of 15"):
        result = trained(None, interrupt="return")
    assert told(result) == told(expected)


def test_before_the_first_evaluation_there_is_no_result_to_return(
    monkeypatch: pytest.MonkeyPatch, heard: None
) -> None:
    def pressed(self: Loop, report: object) -> bool:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("Ctrl-C was not heard")

    monkeypatch.setattr(Loop, "advance", pressed)
    with pytest.raises(KeyboardInterrupt):
        trained(None, interrupt="return")


def test_the_last_epoch_is_kept_where_it_is_asked_for() -> None:
    training = tasks.Training(epochs=7, select="last")
    result = tasks.fit(tasks.NodeClassification(), layers.GCN(4, 8, 2), one_graph(), training)
    assert result.epoch == 7 and result.test == result.curve.test[-1]
    assert min(result.curve.valid[:-1]) != result.valid or len(set(result.curve.valid)) > 1
    with pytest.raises(ValueError, match="patience would never run out"):
        tasks.Training(select="last", patience=3)
