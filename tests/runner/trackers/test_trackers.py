"""Trackers hear of every epoch and of the end, and are missed in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gnnlab import cli, tasks
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.curves import read_curves
from gnnlab.runner.trackers import by_name
from gnnlab.runner.trackers.by_name import make_tracker
from gnnlab.runner.trackers.tracker import Silent, Tracker, Tracking, numbers

SETTINGS = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 4},
    "run": {"splits": [1], "seeds": [3]},
}


class Notes:
    """A tracker that takes everything down in a file."""

    def __init__(self, home: Path) -> None:
        self.path = home / "notes.txt"

    def _note(self, *words: object) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            print(*words, file=file)

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        self._note("start", run, settings["training.lr"], settings["seed"])

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        self._note("log", epoch, sorted(row))

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._note("finish", sorted(summary))


def entry_point(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = EntryPoint(name, value, by_name.GROUP)
    monkeypatch.setattr(by_name, "entry_points", lambda group: (made,))


def test_an_entry_point_hears_of_every_epoch_and_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda self: Notes)
    entry_point("notes", "somewhere:Notes", monkeypatch)
    folder = run(configure(SETTINGS), tmp_path, track="notes")
    lines = (tmp_path / "notes.txt").read_text().splitlines()
    assert lines[0] == f"start {folder.name}/split-1-seed-3 0.01 3"
    epochs = [line.split()[1] for line in lines if line.startswith("log")]
    assert epochs == [str(epoch) for epoch in read_curves(folder)[1, 3].epoch]
    assert lines[-1].startswith("finish") and "'test'" in lines[-1]
    assert run(configure(SETTINGS), tmp_path, track="notes") == folder  # nothing is left to train
    assert (tmp_path / "notes.txt").read_text().splitlines() == lines


def test_a_training_that_breaks_off_is_finished_without_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(tmp_path)
    with pytest.raises(KeyboardInterrupt), Tracking(notes, "x", {"training.lr": 1, "seed": 0}):
        raise KeyboardInterrupt
    assert notes.path.read_text().splitlines() == ["start x 1 0", "finish []"]


def test_a_tracker_that_is_not_there_is_told_before_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--data", "csbm", "--model", "gcn", "--out", str(tmp_path), "--track"]
    assert cli.main([*words, "tensorbord"]) == 2
    assert "unknown tracker 'tensorbord'; did you mean tensorboard?" in capsys.readouterr().err
    monkeypatch.setattr(by_name, "find_spec", lambda name: None)
    for name in by_name.OURS:
        assert cli.main([*words, name]) == 2
        told = capsys.readouterr().err
        assert f"{name} is not installed: pip install 'gnnlab[{name}]'" in told
    entry_point("broken", "no_such_module:Thing", monkeypatch)
    assert cli.main([*words, "broken"]) == 2
    told = capsys.readouterr().err
    assert "tracker broken (no_such_module:Thing) cannot be loaded" in told
    assert told.count("\n") == 1 and not list(tmp_path.iterdir())


def test_no_name_is_silence_and_numbers_are_numbers(tmp_path: Path) -> None:
    silent: Tracker = make_tracker("", tmp_path)
    assert isinstance(silent, Silent) and not list(tmp_path.iterdir())
    row = {"epoch": 1, "loss": 0.5, "valid": 1, "flag": True, "word": "x", "none": None}
    assert numbers(row) == {"loss": 0.5, "valid": 1.0}


def tracked(name: str, home: Path) -> tuple[Path, dict[str, Any], list[float]]:
    """Train with a tracker, and return what the run wrote itself."""
    folder = run(configure(SETTINGS), home, track=name)
    return folder, read_results(folder)[0], read_curves(folder)[1, 3].valid  # type: ignore[return-value]


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_tensorboard_reads_the_curve_and_the_summary(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, row, valid = tracked("tensorboard", tmp_path)
    place = tmp_path / "tensorboard" / folder.name / "split-1-seed-3"
    events = EventAccumulator(str(place)).Reload()
    scalars = events.Scalars("valid")
    assert [event.step for event in scalars] == [1, 2, 3, 4]
    assert [event.value for event in scalars] == pytest.approx(valid, rel=1e-5)
    assert events.Scalars("summary/test")[-1].value == pytest.approx(row["test"])
    assert run(configure(SETTINGS), tmp_path) == folder  # its folder is no run's


@pytest.mark.skipif(
    None in map(find_spec, ("mlflow", "sqlalchemy")), reason="mlflow is not installed"
)
def test_mlflow_keeps_curve_settings_and_summary_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    from gnnlab.runner.trackers.mlflow import store_of

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder, row, valid = tracked("mlflow", tmp_path)
    client = MlflowClient(store_of(tmp_path))
    experiment = client.get_experiment_by_name("gnnlab")
    assert experiment is not None
    (kept,) = client.search_runs([experiment.experiment_id])
    assert kept.info.run_name == f"{folder.name}/split-1-seed-3" and kept.info.status == "FINISHED"
    assert kept.data.params["training.lr"] == "0.01" and kept.data.params["seed"] == "3"
    assert kept.data.metrics["summary/test"] == row["test"]
    history = client.get_metric_history(kept.info.run_id, "valid")
    assert [metric.step for metric in history] == [1, 2, 3, 4]
    assert [metric.value for metric in history] == pytest.approx(valid, rel=1e-5)
    with (
        pytest.raises(KeyboardInterrupt),
        Tracking(make_tracker("mlflow", tmp_path), "cut", {}) as t,
    ):
        t.log(1, {"valid hits@20": 0.5})
        raise KeyboardInterrupt
    states = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    assert states["cut"].info.status == "FAILED"
    assert states["cut"].data.metrics == {"valid hits_20": 0.5}


@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
def test_wandb_offline_keeps_what_it_would_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}.items():
        monkeypatch.setenv(key, value)
    for key in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(key, str(tmp_path / "own"))
    tracked("wandb", tmp_path / "runs")
    (place,) = (tmp_path / "runs" / "wandb").glob("offline-run-*")
    (file,) = place.glob("*.wandb")
    content = file.read_bytes()
    for word in (b"training.lr", b"valid_loss", b"summary/test", b"split-1-seed-3"):
        assert word in content


def test_a_tracker_is_a_progress_of_fit(tmp_path: Path) -> None:
    from gnnlab import datasets, layers

    notes = Notes(tmp_path)
    data = datasets.csbm(nodes=60, seed=1)
    encoder = layers.GCN(data.num_features, 4, num_layers=1)
    training = tasks.Training(epochs=3)
    tasks.fit(tasks.NodeClassification(), encoder, data, training, progress=notes.log)
    assert [line.split()[1] for line in notes.path.read_text().splitlines()] == ["1", "2", "3"]
