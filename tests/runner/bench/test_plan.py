"""The bench: one budget and protocol for all cells, resumed, reported, stopped by none of them."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab import cli, datasets, tasks
from gnnlab.datasets import FlawWarning, Stress
from gnnlab.layers.parts.budget import count_parameters
from gnnlab.runner import read_results
from gnnlab.runner.bench.cells import Outcome
from gnnlab.runner.bench.data_facts import look_at_sets
from gnnlab.runner.bench.page import Found, run_bench, table
from gnnlab.runner.bench.plan import Bench, choose, read_bench, select_cells
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.encoder import make_encoder, make_task

SMALL = ("model.budget=4000", "training.epochs=2", "run.splits=[0]", "run.seeds=[0, 1]")
CSL = "csl copies=5"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))


def small(*models: str, settings: tuple[str, ...] = ("clean", "labels")) -> Bench:
    return choose(read_bench("graph"), models or ("gin", "resnet"), (CSL,), settings, SMALL)


def words(out: Path, *more: str) -> list[str]:
    changes = [word for change in SMALL for word in ("--set", change)]
    axes = ["--models", "gin", "resnet", "--data", CSL, "--settings", "clean", "labels"]
    return ["bench", "graph", *axes, *changes, "--out", str(out), *more]


def numbers(found: Found) -> list[tuple[str, list[float]]]:
    return [(one.cell.name, [row["test"] for row in one.rows]) for one in found.outcomes]


def test_all_cells_differ_in_what_they_are_named_by_alone() -> None:
    bench = read_bench("graph")
    cells = bench.cells()
    assert len(cells) == len(bench.models) * len(bench.data) * len(bench.settings)
    assert len({cell.name for cell in cells}) == len({cell.config.key() for cell in cells})
    for cell in cells:
        config = cell.config
        assert config.model["budget"] == 100_000 and "hidden_channels" not in config.model
        assert (config.run.splits, config.run.seeds) == (tuple(range(10)), (0, 1, 2, 3))
        assert (config.task, config.training) == (cells[0].config.task, cells[0].config.training)
        assert config.model["dropout"] == 0.2
        assert config.model["num_layers"] == (1 if cell.model == "path-nn" else 4)
        assert config.data.get("split", "folds:0") == "folds:0"
    asked = {"clean", "edges", "labels", "imbalance", "shots"}
    assert set(bench.settings) == asked
    stress = {cell.setting: cell.config.stress for cell in cells if cell.setting != "clean"}
    assert stress == {
        "edges": {"edges": 0.2, "seed": 0},
        "labels": {"labels": 0.2, "seed": 0},
        "imbalance": {"imbalance": 10.0, "seed": 0},
        "shots": {"shots": 5, "seed": 0},
    }


@pytest.mark.parametrize("model", sorted(read_bench("graph").models))
def test_every_encoder_uses_its_budget(model: str) -> None:
    (cell,) = choose(read_bench("graph"), (model,), (CSL,), ("clean",)).cells()
    data = load_data(cell.config)
    problem = make_task(cell.config).setup(data, 0)
    count = count_parameters(lambda: problem.model(make_encoder(cell.config, data)()))
    assert 80_000 < count <= 100_000


def test_resumes_and_trains_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = small()
    first = run_bench(bench, bench.cells(), tmp_path)
    text, data = (tmp_path / "page.md").read_text(), (tmp_path / "page.json").read_text()
    assert "4 of 4 cells" in text and "`model.budget=4000`" in text
    assert sum(len(read_results(folder)) for folder in tmp_path.glob("csl*")) == 8
    monkeypatch.setattr(tasks, "fit", None)  # whoever trains now, fails
    again = run_bench(bench, bench.cells(), tmp_path)
    assert numbers(again) == numbers(first) and not again.broken
    assert (tmp_path / "page.md").read_text() == text
    assert (tmp_path / "page.json").read_text() == data


def test_a_page_and_its_json_say_what_was_trained(tmp_path: Path) -> None:
    bench = small()
    found = run_bench(bench, bench.cells(), tmp_path)
    whole = json.loads((tmp_path / "page.json").read_text())
    assert [cell["cell"] for cell in whole["cells"]] == [cell.name for cell in bench.cells()]
    for entry, outcome in zip(whole["cells"], found.outcomes, strict=True):
        rows = read_results(tmp_path / entry["folder"])
        assert entry["test"] == [[row["split"], row["seed"], row["test"]] for row in rows]
        assert entry["summary"]["mean"] == pytest.approx(sum(r["test"] for r in rows) / 2)
        assert entry["settings"]["model"]["budget"] == 4000 and entry["error"] == ""
        each = sorted(row["seconds"] / row["epochs"] for row in rows)
        assert rows[0]["epochs"] == 2 and entry["cost"]["seconds"] == pytest.approx(sum(each) / 2)
        assert 2000 < entry["cost"]["parameters"] <= 4000
        assert outcome.folder.name == entry["folder"] and list(outcome.rows) == rows
    lines = table(found).splitlines()
    titles = [title.strip() for title in lines[0].split("|")]
    assert titles[1:-1] == [
        "data", "model", "clean", "labels", "s an epoch", "peak MB", "parameters",
    ]  # fmt: skip
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["majority", "gin", "resnet"]
    page = (tmp_path / "page.md").read_text()
    for title in ("Scores", "Sets", "Settings", "Protocol", "Machines and versions"):
        assert f"\n## {title}\n" in page
    assert "\n\n\n" not in page and "## Broken" not in page
    assert whole["sets"][CSL]["repeats"] == 49
    row = ["csl copies=5", "50", "10", "10.00", "5", "49", "45"]
    assert row in [[word.strip() for word in line.split("|")[1:-1]] for line in page.splitlines()]


def test_goes_on_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit, calls = tasks.fit, []

    def counted(*given: Any, **more: Any) -> Any:
        calls.append((more["split"], more["seed"]))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return fit(*given, **more)

    monkeypatch.setattr(tasks, "fit", counted)
    assert cli.main(words(tmp_path)) == 130
    kept = {path: path.read_bytes() for path in tmp_path.rglob("results.jsonl")}
    assert sum(len(text.splitlines()) for text in kept.values()) == 3
    torn = max(kept, key=lambda path: path.stat().st_mtime)
    with open(torn, "ab") as file:
        file.write(b'{"task": "graph", "da')  # what a kill leaves of the line it was writing
    assert cli.main(words(tmp_path)) == 0
    assert len(calls) == 4 + 5
    for path, text in kept.items():
        assert path.read_bytes().startswith(text)
        assert [(r["split"], r["seed"]) for r in read_results(path.parent)] == [(0, 0), (0, 1)]


def test_a_broken_cell_stops_no_other_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = tasks.fit

    def breaks(task: Any, encoder: Any, data: Any, *given: Any, **more: Any) -> Any:
        if more["seed"] == 1 and type(encoder()).__name__ == "GIN":
            raise RuntimeError("there is no\n  memory left")
        return fit(task, encoder, data, *given, **more)

    monkeypatch.setattr(tasks, "fit", breaks)
    assert cli.main(words(tmp_path)) == 1
    out = capsys.readouterr().out
    assert "[1/4] csl-copies=5-gin-clean: broken: there is no memory left\n" in out
    assert "[4/4] csl-copies=5-resnet-labels: " in out
    text = (tmp_path / "page.md").read_text()
    assert "- `csl-copies=5-gin-clean`, 1 of 2 runs there: there is no memory left\n" in text
    assert text.count("| broken") == 2
    errors = [cell["error"] for cell in json.loads((tmp_path / "page.json").read_text())["cells"]]
    assert errors == ["there is no memory left"] * 2 + [""] * 2
    monkeypatch.setattr(tasks, "fit", fit)
    assert cli.main(words(tmp_path)) == 0
    assert "broken" not in (tmp_path / "page.md").read_text().lower()


def test_an_error_is_shown_whole_to_who_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_DEBUG", "1")
    monkeypatch.setattr(tasks, "fit", None)
    with pytest.raises(TypeError):
        run_bench(small(), small().cells(), tmp_path)


def flawed(load: Callable[..., Any]) -> Callable[..., Any]:
    def loaded(name: str, **settings: Any) -> Any:
        if name == "MUTAG":
            raise FileNotFoundError("MUTAG_A.txt is not at hand: fetch it")
        warnings.warn("its folds leak", FlawWarning, stacklevel=2)
        return load(name, **settings)

    return loaded


def test_leaks_are_told_once_and_a_set_that_is_not_there_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "load", flawed(datasets.load))
    axes = words(tmp_path)
    axes.insert(axes.index("--data") + 1, "mutag")
    assert cli.main(axes) == 1
    told = capsys.readouterr()
    assert told.err == "gnnlab: warning: its folds leak\n"
    assert told.out.count("broken: MUTAG_A.txt is not at hand") == 4
    text = (tmp_path / "page.md").read_text()
    assert text.count("- its folds leak.") == 1
    assert text.count("- all of `mutag`: MUTAG_A.txt is not at hand: fetch it\n") == 1
    assert "| csl copies=5 | gin " in text and "8 of 8 cells" in text


@pytest.mark.slow
def test_side_by_side_gives_the_same(tmp_path: Path) -> None:
    bench = small("gt-random-walk", settings=("clean", "edges"))
    bench = replace(bench, changes=(*bench.changes, "training.lr=0.03", "training.epochs=6"))
    one = run_bench(bench, bench.cells(), tmp_path / "one")
    two = run_bench(bench, bench.cells(), tmp_path / "two", jobs=2)
    assert numbers(one) == numbers(two)
    assert len({score for _, scores in numbers(one) for score in scores}) > 1


def test_majority_is_of_the_training_graphs_under_each_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All graphs of class 3, half of the others; where that is evened out, the first one counts."""
    whole = datasets.load("csl-generated", copies=20)
    data = whole.only([n for n in range(len(whole)) if n % 2 or int(whole[n].y) == 3])
    monkeypatch.setattr(datasets, "load", lambda **_: data)
    settings = ("clean", "imbalance", "labels=0.6", "shots")
    bench = choose(read_bench("graph"), ("gin",), ("csl copies=20",), settings, SMALL[:1])
    facts, cells = look_at_sets(bench.cells(), bench.changes)
    constant = facts["csl copies=20"].constant
    assert constant["clean"].mean > 0.15 > constant["imbalance"].mean
    for cell in cells:
        stress = cell.config.stress
        hard = Stress(**stress) if isinstance(stress, dict) else Stress()
        found = constant[cell.setting].scores
        assert cell.config.run.splits == (0, 1, 2, 3, 4) and len(found) == 5
        for split, score in enumerate(found):
            own = hard.training(data, split)
            common = torch.bincount(own.y[own.train_mask[:, split]]).argmax()
            test = own.y[own.test_mask[:, split]]
            assert score == pytest.approx(float((test == common).double().mean()))


def test_no_more_splits_than_there_are_unless_they_are_named(tmp_path: Path) -> None:
    bench = choose(read_bench("graph"), ("gin",), (CSL,), ("clean", "labels"), ["run.splits=[7]"])
    found = run_bench(bench, bench.cells(), tmp_path)
    for outcome in found.outcomes:
        assert outcome.error.startswith("split is 7, but ") and not outcome.rows


def test_names_of_a_user_s_own() -> None:
    bench = read_bench("Graph")
    models = ("PathNN kind=all length=2", "path-nn", "GCNII", "gin hidden_channels=8")
    settings = ("edges=0.4 labels=0.1", "Shots shots=2")
    found = choose(bench, models, ("nci1", "IMDB_Binary"), settings)
    assert list(found.models) == [
        "path-nn kind=all length=2", "path-nn", "gcnii", "gin hidden_channels=8",
    ]  # fmt: skip
    assert list(found.data) == ["nci1", "imdb-binary"]
    assert found.settings == {
        "edges=0.4 labels=0.1": {"edges": 0.4, "labels": 0.1}, "shots shots=2": {"shots": 2},
    }  # fmt: skip
    cells = {cell.name: cell.config for cell in found.cells()}
    first = cells["nci1-path-nn-kind=all-length=2-edges=0.4-labels=0.1"]
    assert first.model | {"kind": "all", "length": 2, "num_layers": 1} == first.model
    assert first.data["name"] == "NCI1" and first.data["split"] == "folds:0"
    narrow = cells["imdb-binary-gin-hidden_channels=8-shots-shots=2"]
    assert narrow.model["hidden_channels"] == 8 and "budget" not in narrow.model
    assert narrow.data["features"] == "constant"
    assert bench.models["path-nn"]["kind"] == "shortest"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--models", "ginn"], "unknown encoder 'ginn'; did you mean"),
        (["--models", "gin kind"], "--models 'kind' is not of the form dotted.key=VALUE"),
        (["--models", "gin kind=3"], "unknown key 'model.kind'"),
        (["--data", "mutagg"], "unknown set of graphs 'mutagg'; did you mean mutag"),
        (["--data", "cora"], "unknown set of graphs 'cora'"),
        (["--settings", "shot"], "unknown setting 'shot'; did you mean shots"),
        (["--settings", "shot=3"], "unknown key 'stress.shot'"),
        (["--only", "csl-gine"], "'csl-gine' names no cell of graph: cells are DATA-MODEL-SETTING"),
        (["--jobs", "0"], "jobs is 0, but at least one"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    more: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words(tmp_path / "out", *more)) == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert cli.main(["bench", "grap"]) == 2
    assert "unknown bench 'grap'; did you mean graph" in capsys.readouterr().err


def test_cells_are_listed_and_picked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "graph", "--list", "--only", "mutag-gin", "csl-gated-shots"]) == 0
    names = capsys.readouterr().out.split()
    assert len(names) == 5 + 1 and names[-1] == "csl-gated-gcn-shots"
    bench = read_bench("graph")
    assert len(select_cells(bench, bench.cells(), [])) == len(bench.cells())


def test_lines_of_early_versions_have_no_time_an_epoch(tmp_path: Path) -> None:
    cell = small().cells()[0]
    row = {"split": 0, "seconds": 3.0, "peak_memory_bytes": 2**20, "parameters": 7}
    assert Outcome(cell, tmp_path, (row,)).efficiency.seconds is None
    # The first run of a process compiles too: it is not what an epoch costs.
    rows = [{**row, "epochs": 2, "seconds": time} for time in (90.0, 4.0, 6.0)]
    cost = Outcome(cell, tmp_path, tuple(rows)).efficiency
    assert (cost.seconds, cost.bytes, cost.parameters) == (3.0, 2**20, 7)


def test_on_mutag_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not os.environ.get("GNNLAB_MIRROR"):
        pytest.skip("MUTAG is in no mirror")
    axes = ["--models", "gin", "path-nn", "--data", "mutag", "--settings", "clean", "edges"]
    runs = ["--splits", "0", "--seeds", "0", "--set", "training.epochs=2", "--out", str(tmp_path)]
    status = cli.main(["bench", "graph", *axes, *runs])
    told = capsys.readouterr().out
    if "MUTAG_A.txt" in told:
        pytest.skip("MUTAG is not in the mirror")
    assert status == 0
    assert "| mutag | majority | 63.16 | 63.16 |" in told and "[4/4] mutag-path-nn-edges: " in told
    page = (tmp_path / "page.md").read_text()
    monkeypatch.setattr(tasks, "fit", None)
    assert cli.main(["bench", "graph", *axes, *runs]) == 0
    assert (tmp_path / "page.md").read_text() == page
