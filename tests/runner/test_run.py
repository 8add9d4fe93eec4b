"""Runs land on disk once, resume, and give the same numbers alone or side by side."""

from __future__ import annotations

import json
import statistics
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gnnlab import tasks
from gnnlab.runner import Config, configure, read_results, recipe, run, summarise
from gnnlab.runner.page import page
from gnnlab.runner.report import layout, table
from gnnlab.runner.reproduce import comparison, deviations

SETTINGS = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "sage", "hidden_channels": 8, "num_layers": 1},
    "training": {"lr": 0.01, "epochs": 4},
    "run": {"splits": [0, 1, 2]},
}
TIMED = ("seconds", "peak_memory_bytes")


@pytest.fixture
def config() -> Config:
    return configure(SETTINGS)


def numbers(folder: Path) -> list[dict[str, Any]]:
    rows = read_results(folder)
    return [{key: value for key, value in row.items() if key not in TIMED} for row in rows]


def test_writes_a_line_a_split_and_what_it_ran_on(config: Config, tmp_path: Path) -> None:
    folder = run(config, tmp_path, name="a/recipe")
    rows = read_results(folder)
    assert [row["split"] for row in rows] == [0, 1, 2]
    assert set(rows[0]) == set(
        "task data model rewiring split seed metric valid test epoch seconds parameters "
        "peak_memory_bytes".split()
    )
    assert all(0 <= row["test"] <= 1 for row in rows)
    about = tomllib.loads((folder / "run.toml").read_text())
    assert about["recipe"]["name"] == "a/recipe"
    assert about["model"] == SETTINGS["model"]
    assert {"torch", "gnnlab", "python"} <= set(about["versions"])
    rebuilt = {key: about[key] for key in ("task", "data", "model", "training", "rewiring")}
    assert configure(rebuilt).key() == config.key()


def test_resumes_and_repeats_nothing(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = numbers(run(config, tmp_path / "whole"))
    folder = run(configure(SETTINGS, ["run.splits=[1]"]), tmp_path)
    path = folder / "results.jsonl"
    path.write_text(path.read_text() + path.read_text()[:40])  # as a killed run leaves it
    calls = []
    fit = tasks.fit
    monkeypatch.setattr(tasks, "fit", lambda *a, **k: calls.append(k["split"]) or fit(*a, **k))
    assert run(config, tmp_path) == folder
    assert calls == [0, 2]
    assert numbers(folder) == whole
    run(config, tmp_path)
    assert calls == [0, 2]


def test_parallel_processes_give_the_same_numbers(config: Config, tmp_path: Path) -> None:
    side_by_side = run(config, tmp_path / "two", jobs=2)
    assert numbers(side_by_side) == numbers(run(config, tmp_path / "one"))


def test_a_damaged_line_in_the_middle_is_refused(config: Config, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"split": 0\n{"split": 1, "seed": 0}\n')
    with pytest.raises(ValueError, match=r"line 1 of .*results.jsonl is not JSON: delete"):
        read_results(tmp_path)


def rows(tests: list[float]) -> list[dict[str, Any]]:
    fixed = {"task": "node", "data": "d", "model": "m", "rewiring": "none", "metric": "accuracy"}
    fixed |= {"seed": 0, "valid": 0.5, "seconds": 2.0, "parameters": 7, "peak_memory_bytes": 3}
    return [{**fixed, "split": i, "test": test} for i, test in enumerate(tests)]


def test_summary_has_the_sample_standard_deviation() -> None:
    summary = summarise(rows([0.5, 0.6, 0.9]))
    assert summary.mean == pytest.approx(2 / 3)
    assert summary.std == pytest.approx(statistics.stdev([0.5, 0.6, 0.9]))
    assert (summary.runs, summary.splits) == (3, (0, 1, 2))
    assert summarise(rows([0.5])).std == 0
    with pytest.raises(ValueError, match="one setting is summarised at a time, not 2"):
        summarise([*rows([0.5]), {**rows([0.5])[0], "model": "other"}])


def test_tables_in_three_styles() -> None:
    made = [summarise(rows([0.5, 0.6]))]
    assert "| d    | m     | none     | accuracy | 55.00 ± 7.07 | 2    |" in table(made)
    assert "d,m,none,accuracy,55.00 ± 7.07,2,2.0,7" in table(made, "csv")
    assert r"55.00 $\pm$ 7.07 & 2" in table(made, "latex")
    assert layout(("a",), [("1,000",)], "csv") == 'a\n"1,000"'
    with pytest.raises(ValueError, match="unknown format 'html'"):
        table(made, "html")


def test_comparison_says_how_far_apart_and_what_differs() -> None:
    made = recipe("platonov/minesweeper-gcn")
    config = configure(made.settings, ['training.autocast="bf16"', "run.splits=[0, 1]"])
    summary = summarise([{**row, "metric": "roc_auc"} for row in rows([0.8923, 0.8923])])
    text = comparison(made, summary, deviations(made, config))
    assert "paper     89.75 ± 0.52" in text
    assert "apart     -1.00 of the paper's standard deviations" in text
    assert "training: autocast 'bf16' (the recipe says nothing)" in text
    assert "2 runs (splits [0, 1]) of the recipe's 10" in text
    assert "flaw      The depth is chosen" in text
    small = recipe("platonov/actor-gcn-small")
    assert "apart" not in comparison(small, summary, [])


def test_page_of_results_is_made_from_the_runs_kept() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    folders = sorted(path for path in (docs / "results").iterdir() if path.is_dir())
    assert (docs / "results.md").read_text() == page(folders)
    kept = json.loads((folders[0] / "results.jsonl").read_text().splitlines()[0])
    assert kept["data"] in (docs / "results.md").read_text()
