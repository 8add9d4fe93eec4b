"""Runs land on disk once, resume, and give the same numbers alone or side by side."""

from __future__ import annotations

import csv
import json
import statistics
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gnnlab import tasks
from gnnlab.runner import Config, Recipe, configure, read_results, recipe, run, summarise
from gnnlab.runner.reports.reproduce import comparison, distance
from gnnlab.runner.reports.results_page import page, spans
from gnnlab.runner.reports.tables import layout, table
from gnnlab.runner.runs.results import append_result
from gnnlab.runner.runs.run_toml import read_about, settings_of, to_toml

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
        "task data model rewiring split seed metric valid test epoch epochs seconds parameters "
        "peak_memory_bytes".split()
    )
    assert all(0 <= row["test"] <= 1 for row in rows)
    about = tomllib.loads((folder / "run.toml").read_text())
    assert about["recipe"]["name"] == "a/recipe"
    assert SETTINGS["model"].items() <= {**about["model"], "name": "sage"}.items()
    assert about["training"]["optimizer"] == "adamw" and about["model"]["dropout"] == 0.2
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


def test_a_trained_model_can_be_looked_at_before_its_line_is_written(
    config: Config, tmp_path: Path
) -> None:
    seen = []

    def inspect(pair: tuple[int, int], result: Any, data: Any) -> None:
        folder = tmp_path / config.label()
        written = [(row["split"], row["seed"]) for row in read_results(folder)]
        assert pair not in written and len(written) == len(seen)
        logits = result.model(data)[data.test_mask[:, pair[0]]].flatten() > 0
        share = (logits == data.y[data.test_mask[:, pair[0]]]).float().mean()
        assert float(share) == pytest.approx(result.test)
        seen.append(pair)

    looked_at = run(config, tmp_path, inspect=inspect)
    assert seen == [(0, 0), (1, 0), (2, 0)]
    run(config, tmp_path, inspect=inspect)
    assert len(seen) == 3, "what is finished is not trained, nor looked at"
    assert numbers(looked_at) == numbers(run(config, tmp_path / "unseen"))


def test_a_last_line_without_its_newline_is_kept(config: Config, tmp_path: Path) -> None:
    folder = run(configure(SETTINGS, ["run.splits=[0, 1]"]), tmp_path)
    path = folder / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    run(config, tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["split"] for line in lines] == [0, 1, 2]


def test_no_pair_is_trained_or_counted_twice(tmp_path: Path) -> None:
    folder = run(configure(SETTINGS, ["run.splits=[0, 0, 1]"]), tmp_path)
    path = folder / "results.jsonl"
    assert [row["split"] for row in read_results(folder)] == [0, 1]
    path.write_text(path.read_text() * 2)
    assert [row["split"] for row in read_results(folder)] == [0, 1]
    append_result(folder, {**read_results(folder)[0], "test": 0.0})
    assert len(path.read_text().splitlines()) == 4


def test_many_writers_at_once_lose_no_line(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda row: append_result(tmp_path, row), rows([0.5] * 40)))
    assert [row["split"] for row in read_results(tmp_path)] == list(range(40))


def test_where_a_run_is_resumed_is_added(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(configure(SETTINGS, ["run.splits=[0]"]), tmp_path)
    run(configure(SETTINGS, ["run.splits=[1]"]), tmp_path)
    assert "resumed" not in tomllib.loads((folder / "run.toml").read_text())
    later = {"versions": {"torch": "9"}, "machine": {"cores": "1", "processor": "p"}, "source": {}}
    monkeypatch.setattr("gnnlab.runner.runs.run_toml.environment", lambda device: later)
    run(config, tmp_path)
    about = tomllib.loads((folder / "run.toml").read_text())
    assert about["resumed"] == [later]
    assert configure(settings_of(about)).key() == config.key()
    assert "1 cores of p; torch 9" in page([folder], "gnnlab report", "[runs/](runs)")


def test_toml_has_no_word_for_none_and_keeps_the_rest() -> None:
    table = {"a": None, "b": float("inf"), "c": [1, 2.5], "d": {"e-f": 'g"h', "i j": True}}
    read = tomllib.loads(to_toml({"t": table}))
    assert read == {"t": {"b": float("inf"), "c": [1, 2.5], "d": {"e-f": 'g"h', "i j": True}}}
    with pytest.raises(ValueError, match="cannot be kept in run.toml"):
        to_toml({"t": {"a": object()}})


def test_a_damaged_line_in_the_middle_is_refused(config: Config, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"split": 0\n{"split": 1, "seed": 0}\n')
    with pytest.raises(ValueError, match=r"line 1 of .*results.jsonl is not JSON: delete"):
        read_results(tmp_path)


def rows(tests: list[float]) -> list[dict[str, Any]]:
    fixed = {"task": "node", "data": "d", "model": "m", "rewiring": "none", "metric": "accuracy"}
    fixed |= {"seed": 0, "valid": 0.5, "seconds": 2.0, "parameters": 7, "epoch": 1}
    fixed |= {"peak_memory_bytes": 3}
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
    head, line = csv.reader(table(made, "csv").splitlines())
    cells = dict(zip(head, line, strict=True))
    assert [cells[key] for key in ("data", "model", "metric", "unit", "n")] == [
        "d", "m", "accuracy", "percent", "2",
    ]  # fmt: skip
    assert float(cells["mean"]) == pytest.approx(55)
    assert float(cells["std"]) == 100 * statistics.stdev([0.5, 0.6])
    assert float(cells["seconds"]) == 2 and int(cells["parameters"]) == 7
    assert next(csv.DictReader(table([summarise(rows([0.5]))], "csv").splitlines()))["std"] == ""
    assert r"55.00 $\pm$ 7.07 & 2" in table(made, "latex")
    assert layout(("a",), [("1,000",)], "csv") == 'a\n"1,000"'
    with pytest.raises(ValueError, match="unknown format 'html'"):
        table(made, "html")


def test_comparison_says_how_far_apart_and_what_differs() -> None:
    made = recipe("platonov/minesweeper-gcn")
    config = configure(made.settings, ['training.autocast="bf16"', "run.splits=[0, 1]"])
    summary = summarise([{**row, "metric": "roc_auc"} for row in rows([0.8923, 0.8923])])
    text = comparison(made, summary, config)
    assert "paper     89.75 ± 0.52 roc_auc" in text
    assert "source    " + made.paper.source in text
    assert "apart     -1.00 of the paper's standard deviations" in text
    assert "training: autocast 'bf16' (the recipe says nothing)" in text
    assert "2 runs (splits [0, 1]) of the recipe's 10" in text
    assert "flaw      The depth is chosen" in text
    small = recipe("platonov/actor-gcn-small")
    assert "apart" not in comparison(small, summary, configure(small.settings))


@pytest.mark.parametrize(
    "override",
    ["task.metric='accuracy'", "data.name='cornell'", "model.name='sage'", "training.epochs=999"]
    + ["model.hidden_channels=511", "model.num_layers=4", "data.split='random:1'"]
    + ["stress.labels=0.1"],
)
def test_another_task_or_a_smaller_budget_is_not_compared(override: str) -> None:
    made = recipe("platonov/minesweeper-gcn")
    extra = ["data.split='geom-gcn'"] if "cornell" in override else []
    config = configure(made.settings, [override, *extra])
    summary = summarise(rows([0.8923, 0.8923]))
    text = comparison(made, summary, config)
    assert "apart     not comparable" in text and "Task(" not in text
    assert distance(made, summary, config) is None
    assert "paper     89.75 ± 0.52 roc_auc" in text


def test_a_number_without_a_deviation_is_told_and_not_compared() -> None:
    made = recipe("lrgb/pcqm-contact-gine")
    summary = summarise([{**row, "metric": "raw_mrr"} for row in rows([0.35, 0.35])])
    text = comparison(made, summary, configure(made.settings))
    assert "paper     35.09 raw_mrr\n" in text and "apart     not known: the paper's" in text
    known = recipe("lrgb/pcqm-contact-gcn")
    text = comparison(known, summary, configure(known.settings))
    assert "paper     34.24 ± 0.07 raw_mrr (ddof 0)\n" in text and "apart     +10.86" in text


def errors(tests: list[float]) -> list[dict[str, Any]]:
    return [{**row, "metric": "mae"} for row in rows(tests)]


def test_errors_are_written_in_their_own_units() -> None:
    text = table([summarise(errors([0.2453, 0.2467])), summarise(rows([0.5, 0.6]))])
    assert "| mae      | 0.2460 ± 0.0010 |" in text and "| 55.00 ± 7.07 " in text
    assert "| 12.5000 " in table([summarise(errors([12.5]))])


def test_the_difference_of_an_error_has_a_sign_and_says_which_way_is_better() -> None:
    paper = recipe("platonov/minesweeper-gcn").paper
    settings = {
        "task": {"name": "graph", "metric": "mae", "kind": "regression"},
        "data": {"name": "MUTAG"},
        "model": {"name": "gin"},
    }
    made = Recipe("a/b", paper, settings, mean=0.25, std=0.004, note="")
    config = configure(settings)
    below, above = (summarise(errors([mean, mean])) for mean in (0.244, 0.26))
    assert distance(made, below, config) == pytest.approx(-1.5)
    text = comparison(made, above, config)
    assert "apart     +2.50 of the paper's standard deviations (lower is better)\n" in text
    assert "paper     0.2500 ± 0.0040 mae" in text and "ours      0.2600 ± 0.0000 mae" in text


def test_a_page_says_which_metrics_are_in_their_own_units(config: Config, tmp_path: Path) -> None:
    folder = run(config, tmp_path)
    assert "units of their own" not in page([folder], "gnnlab report", "[runs/](runs)")
    path = folder / "results.jsonl"
    path.write_text(path.read_text().replace('"accuracy"', '"mae"'))
    assert "In units of their own: mae." in page([folder], "gnnlab report", "[runs/](runs)")


def test_numbers_in_a_row_are_written_as_a_span() -> None:
    assert spans(range(100)) == "0-99" and spans([3]) == "3" and spans([]) == ""
    assert spans([0, 1, 2, 5, 7, 8, 10, 11, 12, 13]) == "0-2, 5, 7, 8, 10-13"


def test_page_of_results_is_made_from_the_runs_kept() -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    folders = sorted(path for path in (docs / "results").iterdir() if path.is_dir())
    typed = "gnnlab report --page docs/results.md docs/results/*"
    assert (docs / "results.md").read_text() == page(folders, typed, "[results/](results)")
    for folder in folders:
        assert folder.name == configure(settings_of(read_about(folder))).label()
    kept = json.loads((folders[0] / "results.jsonl").read_text().splitlines()[0])
    assert kept["data"] in (docs / "results.md").read_text()
