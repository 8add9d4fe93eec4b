"""Runs of tasks beyond supervised ones: pretraining, embedding, clustering."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gnnlab import tasks
from gnnlab.cli import main
from gnnlab.datasets import load
from gnnlab.runner import configure, read_results, run, summarise
from gnnlab.runner.runs.run_toml import read_about, settings_of


def config(task: str, *overrides: str, **tables: Any) -> Any:
    return configure({"data": {"name": "karate"}, "task": {"name": task}, **tables}, overrides)


@pytest.mark.parametrize("task", ["embedding", "clustering"])
def test_a_method_runs_in_the_place_of_a_model(task: str, tmp_path: Path) -> None:
    told = config(task, "run.seeds=[0, 1]")
    folder = run(told, tmp_path)
    rows = read_results(folder)
    kinds: dict[str, Any] = {"embedding": tasks.EmbeddingProbe, "clustering": tasks.NodeClustering}
    own = kinds[task]().solve(load("karate"), 0, 0)
    assert (rows[0]["valid"], rows[0]["test"]) == (own.valid, own.test)
    assert rows[0]["model"] == told.model["name"] == told.task["method"]["name"]
    assert [row["seed"] for row in rows] == [0, 1] and rows[0]["parameters"] == 0
    assert configure(settings_of(read_about(folder))).label() == folder.name
    assert summarise(rows).runs == 2


def test_settings_of_a_method_make_another_run() -> None:
    one, other = config("embedding"), config("embedding", "task.method={name='spectral', k=3}")
    assert one.key() != other.key() and other.task["method"]["k"] == 3
    assert config("embedding", "task.method=Spectral-Embedding") == one


def test_pretraining_runs_with_a_control_and_without_a_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--task", "pretraining", "--data", "karate", "--model", "gcn", "--out"]
    tiny = ["--set", "model.hidden_channels=8", "--set", "training.epochs=2"]
    assert main([*words, str(tmp_path / "probe"), *tiny]) == 0
    (line,) = (tmp_path / "probe").glob("*/results.jsonl")
    row = json.loads(line.read_text())
    assert 0 <= row["test"] <= 1 and set(row["others"]) == {"valid untrained", "test untrained"}
    assert main([*words, str(tmp_path / "none"), *tiny, "--set", "task.probe=none"]) == 0
    assert "| loss   | -    |" in capsys.readouterr().out
    (line,) = (tmp_path / "none").glob("*/results.jsonl")
    row = json.loads(line.read_text())
    assert row["valid"] is None and row["test"] is None and row["metric"] == "loss"
    assert main(["report", str(line.parent), "--format", "csv"]) == 0
    assert ",loss,,,,1,," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("task", "tables", "sentence"),
    [
        ("clustering", {"model": {"name": "gcn"}}, "task clustering trains no encoder: leave it"),
        ("embedding", {"training": {"lr": 0.1}}, "task embedding trains nothing: leave it out"),
        ("pretraining", {}, "model.name is missing"),
        ("embeding", {}, "unknown task 'embeding'; did you mean embedding"),
    ],
)
def test_what_does_not_fit_is_named(task: str, tables: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        config(task, **tables)


def test_a_sweep_says_that_nothing_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "--task", "clustering", "--data", "karate", "--out", str(tmp_path)]
    main([*words, "--over", "task.clusters=[2, 3]"])
    told = capsys.readouterr()
    assert "none of 2 settings has a validation score" in told.out + told.err
