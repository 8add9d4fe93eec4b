"""Settings that are drawn: where they lie, who shares them, and what is made up for."""

from __future__ import annotations

import json
import statistics
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from small_runs import SETTINGS as QUICK

from gnnlab.core.writing import locked
from gnnlab.runner.sweep import grid as room
from gnnlab.runner.sweep.grid import run_sweep
from gnnlab.runner.sweep.space import read_space
from gnnlab.runner.sweep.trials import Sweep, Trial

SETTINGS: dict[str, Any] = {**QUICK, "run": {"splits": [0, 1], "seeds": [0]}}
needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))


@needs_optuna
def test_draws_lie_in_the_space_and_a_stopped_search_goes_on(tmp_path: Path) -> None:
    space = read_space(
        {
            "training.lr": {"low": 1e-3, "high": 0.1, "log": True},
            "model.hidden_channels": {"low": 2, "high": 5},
            "model.dropout": [0.0, 0.5],
        }
    )
    settings = {**SETTINGS, "run": {"splits": [0], "seeds": [0]}, "training": {"epochs": 1}}
    sweep = Sweep(settings, space)
    whole = list(run_sweep(sweep, tmp_path / "one", trials=4, seed=3))
    for t in whole:
        assert 1e-3 <= t.values["training.lr"] <= 0.1
        assert t.values["model.hidden_channels"] in range(2, 6)
        assert t.values["model.dropout"] in (0.0, 0.5)
    list(run_sweep(sweep, tmp_path / "two", trials=2, seed=3))
    parts = list(run_sweep(sweep, tmp_path / "two", trials=4, seed=3))
    assert [t.values for t in parts] == [t.values for t in whole]
    assert len({json.dumps(t.values) for t in whole}) == 4
    other = list(run_sweep(sweep, tmp_path / "three", trials=1, seed=4))
    assert other[0].values != whole[0].values


def scored(sweep: Sweep, out: Path, jobs: int, progress: bool, values: dict[str, Any]) -> Trial:
    """A trial whose score is a value of its own."""
    metric = str(sweep.settings["task"]["metric"])
    row = {"split": 0, "seed": 0, "valid": values["model.hidden_channels"], "metric": metric}
    return Trial(values, rows=(row,))


@needs_optuna
@pytest.mark.parametrize("metric", ["accuracy", "mae"])
def test_the_search_heeds_which_way_is_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    """On a score that is the value itself, later draws lie near the better end."""
    monkeypatch.setattr(room, "_try", scored)
    graph = {"task": {"name": "graph", "metric": "mae"}, "data": {"name": "MUTAG"}}
    settings = SETTINGS if metric == "accuracy" else {**SETTINGS, **graph}
    sweep = Sweep(settings, read_space({"model.hidden_channels": {"low": 1, "high": 100}}))
    values = [t.valid for t in run_sweep(sweep, tmp_path, trials=30)]
    late = statistics.fmean(values[15:])
    assert late > 70 if metric == "accuracy" else late < 30


@needs_optuna
def test_processes_draw_different_settings_of_one_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second search begins while the first one trains: here, within its trial."""
    sweep = Sweep(SETTINGS, read_space({"model.hidden_channels": {"low": 1, "high": 10**6}}))
    inner: list[list[Trial]] = []

    def attempt(
        sweep: Sweep, out: Path, jobs: int, progress: bool, values: dict[str, Any]
    ) -> Trial:
        if not inner:
            inner.append([])
            inner[0] = list(run_sweep(sweep, out, trials=2))
        return scored(sweep, out, jobs, progress, values)

    monkeypatch.setattr(room, "_try", attempt)
    outer = list(run_sweep(sweep, tmp_path, trials=3))
    values = {t.valid for t in outer}
    assert len(outer) == len(values) == 3  # its own, and the two that the other one finished
    assert {t.valid for t in inner[0]} < values


@needs_optuna
@pytest.mark.parametrize("after", [1, 2, 11, 13])  # the first ten draws look at no score
def test_a_trial_that_was_stopped_is_drawn_again_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    space = {"model.hidden_channels": {"low": 1, "high": 10**6}, "training.lr": LR}
    sweep = Sweep(SETTINGS, read_space({**space, "model.dropout": [0.0, 0.1, 0.2, 0.3]}))
    seen: list[dict[str, Any]] = []

    def attempt(
        sweep: Sweep, out: Path, jobs: int, progress: bool, values: dict[str, Any]
    ) -> Trial:
        seen.append(values)
        if len(seen) == after:
            raise KeyboardInterrupt
        return scored(sweep, out, jobs, progress, values)

    monkeypatch.setattr(room, "_try", scored)
    whole = list(run_sweep(sweep, tmp_path / "whole", trials=14))
    monkeypatch.setattr(room, "_try", attempt)
    with pytest.raises(KeyboardInterrupt):
        list(run_sweep(sweep, tmp_path, trials=14))
    assert not list(tmp_path.glob("*.lock"))
    assert list(run_sweep(sweep, tmp_path, trials=14)) == whole
    assert seen[after - 1] == whole[after - 1].values


@needs_optuna
def test_locks_of_finished_trials_whose_process_was_killed_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be killed when its score is entered and its lock still there."""
    monkeypatch.setattr(room, "_try", scored)
    sweep = Sweep(SETTINGS, read_space({"model.hidden_channels": {"low": 1, "high": 99}}))
    whole = list(run_sweep(sweep, tmp_path, trials=3))
    (journal,) = tmp_path.glob("sweep-*.journal")
    held = journal.with_suffix(".1.lock")
    for path in (journal.with_suffix(".2.lock"), journal.with_suffix(".lock"), held):
        path.touch()
    with open(held, "ab") as file, locked(file):
        assert list(run_sweep(sweep, tmp_path, trials=3)) == whole
        assert list(tmp_path.glob("*.lock")) == [held]  # somebody is about to remove it
    assert list(run_sweep(sweep, tmp_path, trials=3)) == whole
    assert not list(tmp_path.glob("*.lock"))


LR = {"low": 1e-4, "high": 1.0, "log": True}


@needs_optuna
@pytest.mark.parametrize("lines", range(1, 10))
def test_a_search_killed_at_any_line_of_its_journal_draws_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    """With some of a trial's values on the disk, and a line that was torn."""
    monkeypatch.setattr(room, "_try", scored)
    space = {"model.hidden_channels": {"low": 1, "high": 10**6}, "training.lr": LR}
    sweep = Sweep(SETTINGS, read_space({**space, "model.dropout": {"low": 0.0, "high": 0.9}}))
    whole = list(run_sweep(sweep, tmp_path, trials=13))
    (journal,) = tmp_path.glob("sweep-*.journal")
    content = journal.read_bytes().splitlines(keepends=True)
    kept = content[: len(content) - lines]
    journal.write_bytes(b"".join(kept) + content[len(kept)][:9])
    assert list(run_sweep(sweep, tmp_path, trials=13)) == whole
    again = journal.read_bytes().splitlines(keepends=True)
    assert len(again) == len(content) + 1  # that a study is opened is a line too
    assert not list(tmp_path.glob("*.lock"))


@needs_optuna
def test_a_damaged_journal_is_told_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_try", scored)
    sweep = Sweep(SETTINGS, read_space({"model.hidden_channels": {"low": 1, "high": 9}}))
    list(run_sweep(sweep, tmp_path, trials=1))
    (journal,) = tmp_path.glob("sweep-*.journal")
    content = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([content[0], b"[" * 99_999 + b"\n", *content[1:]]))
    with pytest.raises(ValueError, match=r"line 2 of .*journal is damaged: delete the file"):
        list(run_sweep(sweep, tmp_path, trials=2))


@needs_optuna
@pytest.mark.parametrize(
    ("trials", "seed", "sentence"),
    [(0, 0, "trials is 0"), (1, -1, "seed is -1")],
)
def test_numbers_of_draws_are_checked(
    tmp_path: Path, trials: int, seed: int, sentence: str
) -> None:
    sweep = Sweep(SETTINGS, read_space({"training.lr": [0.1]}))
    with pytest.raises(ValueError, match=sentence):
        list(run_sweep(sweep, tmp_path / "out", trials=trials, seed=seed))
    assert not (tmp_path / "out").exists()


@needs_optuna
def test_a_broken_draw_counts(tmp_path: Path) -> None:
    sweep = Sweep(
        {**SETTINGS, "model": {"name": "gat"}}, read_space({"model.hidden_channels": [9, 11]})
    )
    trials = list(run_sweep(sweep, tmp_path, trials=3))
    assert len(trials) == 3 and all("heads do not divide" in t.broken for t in trials)


def test_trials_need_optuna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    sweep = Sweep(SETTINGS, read_space({"training.lr": [0.1]}))
    with pytest.raises(ValueError, match=r"pip install 'gnnlab\[sweep\]'"):
        list(run_sweep(sweep, tmp_path, trials=1))
