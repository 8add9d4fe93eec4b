"""Frames of results: a row a split and seed, the settings that differ, no test score that chose."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import gnnlab
from gnnlab import cli
from gnnlab.runner import configure, read_results, run, summary
from gnnlab.runner.settings.keys import flat
from gnnlab.runner.study.page import run_study
from gnnlab.runner.study.plan import Cell, Study

SETTINGS = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 2},
    "run": {"splits": [0, 1]},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: two that differ in the learning rate, one of another model."""
    out = tmp_path_factory.mktemp("runs")
    for changes in (["training.lr=0.1"], ["training.lr=0.01"], ["model.name=sage"]):
        run(configure(SETTINGS, changes), out, name="")
    return out


def test_a_row_is_a_run_a_split_and_a_seed_with_what_differs(home: Path) -> None:
    frame = gnnlab.results(home)
    assert len(frame) == 6 and frame.run.nunique() == 3
    assert set(frame["model.name"]) == {"GCN", "SAGE"} and set(frame["data.name"]) == {"csbm"}
    assert {"training.lr"} <= set(frame.columns)
    assert "training.epochs" not in frame.columns and "data.nodes" not in frame.columns
    for folder, rows in frame.groupby("folder"):
        written = read_results(str(folder))
        assert list(rows.split) == [row["split"] for row in written]
        for name in ("test", "valid", "seconds", "epoch", "parameters", "peak_memory_bytes"):
            assert list(rows[name]) == [row[name] for row in written]
    assert frame.chosen.all() and frame.test.notna().all()


def test_a_summary_is_the_mean_of_each_run_whatever_rows_are_left(home: Path) -> None:
    frame = gnnlab.results([home])
    table = summary(frame)
    assert list(table.n) == [2, 2, 2] and list(table.splits) == ["0 1"] * 3
    for _, row in table.iterrows():
        tests = [line["test"] for line in read_results(row.folder)]
        assert row["mean"] == pytest.approx(sum(tests) / 2)
        assert row["std"] == pytest.approx(abs(tests[0] - tests[1]) / math.sqrt(2))
    one = summary(frame[(frame.split == 0) & (frame["model.name"] == "GCN")])
    assert list(one.n) == [1, 1] and one["std"].isna().all()
    with pytest.raises(ValueError, match="no column 'run': give one that gnnlab.results made"):
        summary(frame.drop(columns="run"))


def test_a_run_can_be_named_alone_twice_and_without_its_settings(
    home: Path, tmp_path: Path
) -> None:
    one = sorted(home.iterdir())[0]
    assert len(gnnlab.results([one, one, home])) == 6 and len(gnnlab.results(one)) == 2
    bare = tmp_path / one.name
    bare.mkdir()
    (bare / "results.jsonl").write_bytes((one / "results.jsonl").read_bytes())
    frame = gnnlab.results([one, bare])
    assert frame.folder.nunique() == 2 and list(frame["model.name"].unique()) == ["GCN"]
    with pytest.raises(ValueError, match="no results.jsonl with a line in .*nowhere"):
        gnnlab.results(tmp_path / "nowhere")
    for wrong in (3, None, [one, 3]):
        with pytest.raises(ValueError, match="folders is .*, but the path of a folder"):
            gnnlab.results(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no column 'run'"):
        summary("runs")  # type: ignore[arg-type]


def test_what_a_sweep_did_not_choose_has_no_test_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["sweep", "--data", "csbm", "--model", "gcn", "--set", "data.nodes=60"]
    words += ["--set", "training.epochs=2", "--set", "model.hidden_channels=4"]
    assert cli.main([*words, "--over", "training.lr=[0.1,1e-9]", "--out", "sweep"]) == 0
    chosen = Path(capsys.readouterr().out.splitlines()[-1]).parent.name
    frame = gnnlab.results("sweep")
    assert set(frame[frame.chosen].run) == {chosen} and frame.run.nunique() == 2
    assert frame[frame.chosen].test.notna().all() and frame[~frame.chosen].test.isna().all()
    assert frame.valid.notna().all()
    (record,) = Path("sweep").glob("sweep-*.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "finished": False}))
    assert gnnlab.results("sweep").test.isna().all()


def test_what_a_study_tried_has_no_test_score_but_for_the_chosen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configs = [configure(SETTINGS, [f"training.lr={lr}"]) for lr in (0.1, 0.01)]
    cell = Cell("csbm", "gcn", "none", tuple(configs), ((0, 9),), ((0, 0), (1, 1)))
    whole = Study("small", "A title", "A protocol.", "none", "0" * 16, (cell,))
    (outcome,) = run_study(whole, whole.cells, "study")
    frame = gnnlab.results("study")
    assert set(frame.run) == {config.label() for config in configs}
    assert set(frame[frame.test.notna()].run) == {outcome.folder.name}


def test_what_else_was_measured_has_columns_of_its_own(tmp_path: Path) -> None:
    words = dict.fromkeys(("task", "data", "model", "rewiring", "metric"), "accuracy")
    row = {**words, "valid": None, "test": None, "seconds": 1.0, "seed": 0, "epoch": 1}
    row |= {"parameters": 3, "peak_memory_bytes": 4, "split": 0}
    for number, others in enumerate(({"valid hits@20": 0.5}, {"test hits@20": 0.25})):
        (tmp_path / str(number)).mkdir()
        line = json.dumps({**row, "others": others})
        (tmp_path / str(number) / "results.jsonl").write_text(line + "\n")
    frame = gnnlab.results(tmp_path)
    assert frame["others.valid hits@20"].sum() == 0.5 and frame["others.test hits@20"].sum() == 0.25
    assert frame.test.isna().all() and summary(frame)["others.valid hits@20"].sum() == 0.5


def test_nested_settings_have_dotted_names() -> None:
    tables = {"model": {"encoding": {"k": 2}, "sizes": [1, 2]}, "stress": {}}
    assert flat(tables) == {"model.encoding.k": 2, "model.sizes": "[1, 2]"}
