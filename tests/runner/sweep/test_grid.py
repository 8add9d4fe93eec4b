"""Sweeps: what is tried, that validation alone chooses, and that nothing is trained twice."""

from __future__ import annotations

import json
import math
import statistics
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from small_runs import SETTINGS as QUICK

from gnnlab import cli
from gnnlab.runner import read_results
from gnnlab.runner.sweep import page as sweep_page
from gnnlab.runner.sweep.grid import run_sweep
from gnnlab.runner.sweep.space import Range, grid, read_space
from gnnlab.runner.sweep.trials import Sweep, Trial, choose

SETTINGS: dict[str, Any] = {**QUICK, "run": {"splits": [0, 1], "seeds": [0]}}
SPACE = {"training.lr": [0.1, 0.01], "model.dropout": [0.0, 0.5, 0.8]}
needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))


def trial(number: int, valid: list[float], metric: str = "accuracy", test: float = 0.0) -> Trial:
    rows = [
        {"split": split, "seed": 0, "valid": score, "test": test, "metric": metric}
        for split, score in enumerate(valid)
    ]
    return Trial({"training.lr": number}, rows=tuple(rows))


def folders(out: Path) -> list[Path]:
    return sorted(path for path in out.iterdir() if path.is_dir())


def test_a_grid_holds_every_combination_once() -> None:
    found = grid(read_space(SPACE))
    assert found[:2] == [
        {"training.lr": 0.1, "model.dropout": 0.0},
        {"training.lr": 0.1, "model.dropout": 0.5},
    ]
    assert len(found) == 6 == len({json.dumps(values) for values in found})


def test_keys_of_a_file_need_no_quotes() -> None:
    nested = {"training": {"lr": [0.1]}, "model": {"dropout": {"low": 0.0, "high": 0.5}}}
    assert read_space(nested) == {"training.lr": (0.1,), "model.dropout": Range(0.0, 0.5)}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "nothing to vary"),
        ({"training.lr": []}, "give a list of values"),
        ({"training.lr": 0.1}, "give a list of values"),
        ({"training.lr": [0.1, 0.1]}, "a value stands twice"),
        ({"lr": [0.1]}, "a setting is SECTION.KEY"),
        ({"training.lr": {"low": 1.0, "high": 0.1}}, "give low < high"),
        ({"training.lr": {"low": 1.0}}, "give low < high"),
        ({"training.lr": {"low": 0.0, "high": 1.0, "log": True}}, "log needs a low above 0"),
        ({"training.lr": {"low": 0.1, "high": 1.0, "lag": True}}, "did you mean 'log'"),
        ({"training.lr": {"low": "a", "high": 1.0}}, "give low < high"),
        ({"training.lr": {"low": 0.1, "high": 1.0, "log": "no"}}, "give true or false"),
        ({"training": {}}, "nothing to vary"),
        ({"run.seeds": [[0], [1]]}, "answer another question, or are the luckier ones"),
        ({"task": {"metric": ["accuracy", "roc_auc"]}}, "task.metric is varied, but scores under"),
        ({"stress": {"labels": [0.1, 0.2]}}, "stress.labels is varied, but scores under another"),
    ],
)
def test_refuses_what_is_no_space(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_space(table)


def test_a_range_makes_no_grid() -> None:
    with pytest.raises(ValueError, match="say with --trials how many"):
        grid(read_space({"training.lr": {"low": 0.1, "high": 1.0}}))


def test_validation_chooses_and_the_first_of_equals() -> None:
    trials = [trial(0, [0.5, 0.7], test=0.1), trial(1, [0.6, 0.6], test=0.9), trial(2, [0.1, 0.1])]
    assert choose(trials) is trials[0]
    errors = [trial(0, [0.5], "mae"), trial(1, [0.4], "mae"), trial(2, [math.nan], "mae")]
    assert choose(errors) is errors[1]
    with pytest.raises(ValueError, match="none of 1 settings has a validation score: out of"):
        choose([Trial({}, broken="out of memory")])


def test_every_split_may_choose_for_itself() -> None:
    trials = [trial(0, [0.9, 0.1], test=0.3), trial(1, [0.2, 0.8], test=0.5)]
    rows = sweep_page.chosen_by_split(trials, (0, 1))
    assert [row["test"] for row in rows] == [0.3, 0.5]
    assert sweep_page.chosen_by_split(trials, (0, 1, 0)) == rows


def test_all_settings_are_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(SETTINGS, read_space(SPACE))
    trials = list(run_sweep(sweep, tmp_path / "out"))
    assert [len(t.rows) for t in trials] == [2] * 6 and len(folders(tmp_path / "out")) == 6
    for t in trials:
        assert t.config is not None and t.config.training["lr"] == t.values["training.lr"]
        assert t.config.model["dropout"] == t.values["model.dropout"]
        assert t.valid == statistics.fmean(row["valid"] for row in t.rows)
    module = sys.modules["gnnlab.runner.runs.run"]
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained again"))
    again = list(run_sweep(sweep, tmp_path / "out"))
    assert [t.rows for t in again] == [t.rows for t in trials]


def test_other_splits_than_those_that_choose_are_trained_for_the_chosen_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sweep = Sweep(SETTINGS, read_space({"training.lr": [0.1, 0.01]}), tune_splits=(1,))
    trials = list(run_sweep(sweep, out))
    assert {row["split"] for t in trials for row in t.rows} == {1}
    best = choose(trials)
    text = sweep_page.outcome(sweep, trials, out)
    assert best.config is not None
    counts = {folder.name: len(read_results(folder)) for folder in folders(out)}
    assert counts.pop(best.config.label()) == 2 and list(counts.values()) == [1]
    assert "2 runs" in text and "by split" not in text


def test_the_report_shows_the_test_score_of_the_chosen_one_alone(tmp_path: Path) -> None:
    sweep = Sweep(SETTINGS, read_space({"training.lr": [0.1, 1e-9]}))
    trials = list(run_sweep(sweep, tmp_path))
    text = sweep_page.outcome(sweep, trials, tmp_path)
    table = sweep_page.table(trials)
    assert "test" not in table + sweep_page.line(trials[0]) and table.count("\n") == 3
    best = choose(trials)
    mean = statistics.fmean(row["test"] for row in best.rows)
    assert f"test      {100 * mean:.2f}" in text and "each split's own choice" in text


def test_a_setting_that_breaks_is_told_and_the_others_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "--data", "csbm", "--model", "gat", "--set", "data.nodes=60"]
    words += ["--set", "training.epochs=1", "--over", "model.hidden_channels=[9,8]"]
    assert cli.main([*words, "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "model.hidden_channels = 9: broken: hidden_channels is 9, which 8 heads" in out
    assert "chosen on validation: model.hidden_channels = 8" in out and "1 run\n" in out


def test_a_mistyped_key_is_told_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "--data", "csbm", "--model", "gcn", "--out", str(tmp_path / "out")]
    assert cli.main([*words, "--over", "training.lrr=[0.1]"]) == 2
    assert "did you mean 'lr'?" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert cli.main([*words, "--over", "training.lr"]) == 2
    assert "not of the form dotted.key=" in capsys.readouterr().err


FILE = """
[data]
name = "csbm"
nodes = 60
[model]
name = "gcn"
hidden_channels = 4
[training]
epochs = 1
[sweep]
"model.num_layers" = [1, 2]
training.lr = [0.1]
"""


def words_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "sweep.toml"
    path.write_text(text)
    return ["sweep", "--file", str(path), "--out", str(tmp_path / "out")]


def test_a_file_says_settings_and_what_is_varied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = words_of(tmp_path, FILE)
    assert cli.main([*words, "--model", "sage", "--set", "training.epochs=2"]) == 0
    found = [tomllib.loads((f / "run.toml").read_text()) for f in folders(tmp_path / "out")]
    assert sorted(each["model"]["num_layers"] for each in found) == [1, 2]
    for each in found:  # options change what they name and nothing else
        assert each["model"]["name"] == "SAGE" and each["model"]["hidden_channels"] == 4
        assert each["training"]["epochs"] == 2 and each["data"]["nodes"] == 60
    assert "model.num_layers | training.lr" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words", "sentence"),
    [
        (FILE, ["platonov/minesweeper-gcn"], "both hold settings: give one"),
        (FILE, ["--over", "model.dropout=[0.1]", "--over", "model.dropout=[0.2]"], "given twice"),
        (FILE, ["--search-seed", "3"], "--search-seed is for the draws of --trials"),
        (FILE, ["--jobs", "0"], "jobs is 0"),
        (FILE, ["--device", "tpu"], "tpu"),
        (FILE, ["--set", "training=3"], "training.lr is varied: training is a value and holds no"),
        (FILE, ["--over", "model.name.foo=[1]"], "model.name.foo is varied: name is a value"),
        ("sweep = 3", [], "sweep is 3, but it must be a table"),
        ("[data", [], "sweep.toml is no TOML"),
        (FILE, ["--over", "run.seeds=[[0], [1]]"], "run.seeds is varied, but"),
    ],
)
def test_what_cannot_be_swept_is_said_in_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    words: list[str],
    sentence: str,
) -> None:
    assert cli.main([*words_of(tmp_path, text), *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told and "Error" not in told and not (tmp_path / "out").exists()


@needs_optuna
def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*words_of(tmp_path, FILE), "--trials", "3", "--search-seed", "5"]
    words += ["--over", "training.lr={low=0.01,high=0.1}", "--splits", "0,1", "--tune-splits", "1"]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert out.count(": valid ") == 3 and "2 runs" in out
    assert sorted(len(read_results(f)) for f in folders(tmp_path / "out")) == [1, 1, 2]
