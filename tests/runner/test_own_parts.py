"""Own models, data, rewirings and metrics on the command line: by import path, kept and resumed."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import own_parts_module
import pytest

from gnnlab.cli import main

ROOT = Path(__file__).resolve().parents[2]
FEW = ["--set", "training.epochs=2"]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a user's module in the current folder, new to this process."""
    name = f"mine_{uuid.uuid4().hex}"
    own_parts_module.write(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # which a second's edits would outrun
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    yield name
    sys.modules.pop(name, None)


def own(module: str, *more: str) -> list[str]:
    return ["--data", f"{module}:ring", "--model", f"{module}:Net", *FEW, *more]


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_of_own_parts_is_kept_and_resumed(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = own(module, "--rewiring", f"{module}:Chord", "--set", "rewiring.count=3")
    words += ["--set", f"task.metric={module}:share_wrong", "--set", f"task.loss={module}:smooth"]
    words += ["--set", 'task.also=["accuracy"]', "--seeds", "2", "--json"]
    before = list(sys.path)
    assert main(["run", *words]) == 0
    first = rows(capsys.readouterr().out)
    assert sys.path == before
    assert [row["seed"] for row in first] == [0, 1]
    for row in first:
        assert row["metric"] == f"{module}:share_wrong" and row["model"] == f"{module}:Net"
        others = row["others"]
        assert isinstance(others, dict) and list(others) == ["valid accuracy", "test accuracy"]
        assert row["test"] == pytest.approx(1 - others["test accuracy"])
    assert main(["run", *words]) == 0  # to the last digit of its seconds: nothing was trained
    assert rows(capsys.readouterr().out) == first
    (folder,) = Path("runs").iterdir()
    assert folder.name.startswith("ring-net-chord-")
    assert main(["run", str(folder / "run.toml"), "--json"]) == 0
    assert rows(capsys.readouterr().out) == first


def test_a_changed_source_is_another_run(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", *own(module, "--quiet")]
    assert main(words) == 0
    own_parts_module.write(tmp_path, module, mark=1)
    assert main(words) == 2  # what this process has imported is the old one
    assert f"{module}.py was changed after it was imported" in capsys.readouterr().err
    one = str(next(Path("runs").iterdir()))
    del sys.modules[module]
    assert main(words) == 0
    (other,) = capsys.readouterr().out.split()
    assert one != other and len(list(Path("runs").iterdir())) == 2
    assert main(["run", f"{one}/run.toml", "--json"]) == 0
    told = capsys.readouterr()
    assert "changed since these settings were written, so this is another run" in told.err
    assert rows(told.out)[0]["run"] == other


def test_helpers_beside_a_module_are_of_its_source(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    helper = f"help_{module}"
    (tmp_path / f"{helper}.py").write_text("WIDTH = 4\ndef width():\n    return WIDTH\n")
    text = (tmp_path / f"{module}.py").read_text()
    (tmp_path / f"{module}.py").write_text(f"from {helper} import width\n{text}")
    assert main(["run", *own(module, "--quiet")]) == 0
    (tmp_path / f"{helper}.py").write_text("WIDTH = 5\ndef width():\n    return WIDTH\n")
    del sys.modules[module], sys.modules[helper]
    assert main(["run", *own(module, "--quiet")]) == 0
    one, other = capsys.readouterr().out.split()
    assert one != other


def test_an_own_rewiring_is_computed_anew_when_its_source_changes(
    module: str, tmp_path: Path
) -> None:
    """What it found is kept on disk, by its source."""
    from gnnlab import datasets, rewiring

    data = datasets.load(f"{module}:ring")
    find = rewiring.find
    (before,) = rewiring.apply(find(f"{module}:Chord")(), [data])  # type: ignore[list-item]
    text = (tmp_path / f"{module}.py").read_text()
    (tmp_path / f"{module}.py").write_text(text.replace("np.arange(2, 2 +", "np.arange(9, 9 +"))
    del sys.modules[module]
    (after,) = rewiring.apply(find(f"{module}:Chord")(), [data])  # type: ignore[list-item]
    assert before.edge_index.shape == after.edge_index.shape
    assert int(before.edge_index[0, -1]) == 3 and int(after.edge_index[0, -1]) == 10


@pytest.mark.slow
def test_processes_side_by_side_import_own_parts(module: str) -> None:
    """In a process of its own, as on a command line; its workers see the same folder."""
    words = [sys.executable, "-m", "gnnlab", "run", *own(module, "--splits", "all")]
    words += ["--seeds", "3", "--jobs", "2", "--json"]
    done = subprocess.run(
        words, capture_output=True, text=True, env={**_environment(), "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert [row["seed"] for row in rows(done.stdout)] == [0, 1, 2]


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_sweep_chooses_by_an_own_metric_in_its_direction(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = own(module, "--set", f"task.metric={module}:share_wrong")
    words += ["--over", "model.hidden_channels=[2,16]", "--over", "model.dropout=[0.0,0.9]"]
    assert main(["sweep", *words, "--json"]) == 0
    found = rows(capsys.readouterr().out)
    assert len(found) == 4
    (chosen,) = [row for row in found if "chosen" in row]
    assert chosen["valid"] == min(row["valid"] for row in found)  # type: ignore[type-var]
    assert sum("test" in row for row in found) == 1
    assert main(["sweep", *words, "--quiet"]) == 0
    assert capsys.readouterr().out == "runs/sweep\n"
    assert main(["report", "runs/sweep"]) == 0
    assert f"{module}:share_wrong" in capsys.readouterr().out


STUDY = """
title = "Chords"
protocol = "Two settings."
baseline = "none"
methods = ["none", "chord"]
tune = [[0, 7]]
seeds = [0, 1]
settings = [{{ lr = 0.01, dropout = 0.0 }}, {{ lr = 0.1, dropout = 0.5 }}]
[models]
net = {{ name = "{module}:Net" }}
"""
DATA = """
splits = 1
[data]
name = "{module}:ring"
[training]
epochs = 2
[methods]
none = [{{ name = "none" }}]
chord = [{{ name = "{module}:Chord" }}]
"""


def test_a_study_of_own_parts_resumes(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "chords"
    home.mkdir()
    (home / "study.toml").write_text(STUDY.format(module=module))
    (home / "ring.toml").write_text(DATA.format(module=module))
    words = ["study", str(home), "--rewiring", "chord"]
    words += ["--rewiring", f"{module}:without_edges", "--json"]
    assert main(words) == 0
    found = rows(capsys.readouterr().out)
    assert [row["method"] for row in found] == ["none", "chord", "without_edges"]
    assert all(row["model"] == "net" and row["runs"] == 2 for row in found)
    times = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("results.jsonl")}
    assert len(times) == 6
    assert main(words) == 0
    assert rows(capsys.readouterr().out) == found
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert main(["report", "runs/study"]) == 0
    assert f"{module}:Chord" in capsys.readouterr().out


def test_a_folder_of_data_is_known_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring").mkdir()
    rows = [f"{node},{node % 3},{'ab'[node % 2]}" for node in range(24)]
    (tmp_path / "ring" / "nodes.csv").write_text("\n".join(["id,size,team", *rows]))
    words = ["run", "--data", "./ring", "--model", "gcn", "--set", "data.label=team", *FEW]
    found = []
    for step in (1, 1, 5):
        ends = [f"{node},{(node + step) % 24}" for node in range(24)]
        (tmp_path / "ring" / "edges.csv").write_text("\n".join(["source,target", *ends]))
        assert main([*words, "--quiet"]) == 0
        found += capsys.readouterr().out.split()
    assert found[0] == found[1] != found[2] and "/ring-gcn-" in found[0]
    assert main(["run", f"{found[2]}/run.toml", "--quiet"]) == 0
    assert capsys.readouterr().out.split() == [found[2]]


@pytest.mark.parametrize("name", ["torch_geometric.nn:GCN", "own"])
def test_a_saved_model_of_another_library_is_asked(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    model, more = f"{module}:Net", []
    if name != "own":
        model, more = name, ["--set", "model.num_layers=2"]
    words = ["run", "--data", "karate", "--model", model, *more, *FEW, "--save", "--quiet"]
    assert main(words) == 0
    folder = capsys.readouterr().out.split()[0]
    assert main(["predict", f"{folder}/models/0-0", "karate", "--out", "labels.csv"]) == 0
    assert len((tmp_path / "labels.csv").read_text().splitlines()) == 35


def test_a_file_of_settings_is_run_and_swept(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'[data]\nname = "{module}:ring"\n[model]\nname = "{module}:Net"\n'
    text += "[training]\nepochs = 2\n"
    (tmp_path / "mine.toml").write_text(text)
    assert main(["run", "mine.toml", "--json", "--set", "model.dropout=0.25"]) == 0
    (row,) = rows(capsys.readouterr().out)
    (tmp_path / "swept.toml").write_text(text + '[sweep]\n"model.dropout" = [0.0, 0.25]\n')
    assert main(["sweep", "swept.toml", "--json"]) == 0
    found = rows(capsys.readouterr().out)
    assert [one["setting"] for one in found] == [{"model.dropout": 0.0}, {"model.dropout": 0.25}]
    assert found[1]["valid"] == row["valid"]
    assert main(["run", "none.toml"]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err


def test_an_own_task_is_trained(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *own(module, "--task", f"{module}:Wrong", "--json")]) == 0
    (row,) = rows(capsys.readouterr().out)
    assert row["task"] == f"{module}:Wrong" and row["metric"] == "accuracy"


def test_a_bench_takes_own_models_and_sets(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "graph", "--models", f"{module}:Net hidden_channels=4", "gin"]
    words += ["--data", f"{module}:rings", "--settings", "clean", "--splits", "0", "--seeds", "1"]
    assert main([*words, *FEW, "--json"]) == 0
    found = rows(capsys.readouterr().out)
    assert [row["model"] for row in found] == ["net hidden_channels=4", "gin"]
    assert all(row["data"] == "rings" and row["runs"] == 1 for row in found)


@pytest.mark.parametrize(
    ("function", "model", "task", "parameters"),
    [
        ("ring", "Net", "node", 5 * 8 + 8 + 8 + 1),
        ("rings", "Net", "graph", 5 * 8 + 8 + 8 + 1),
        ("ring", "Ours", "node", 5 * 8 + 8 + 24 + 8 + 1),  # states, and a head
        (
            "bare",
            "Net",
            "link",
            5 * 8 + 8 + 8 * 8 + 8,
        ),  # as wide as its states, for the dot product
    ],
)
def test_the_task_and_the_widths_are_those_of_the_data(
    function: str,
    model: str,
    task: str,
    parameters: int,
    module: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--data", f"{module}:{function}", "--model", f"{module}:{model}", *FEW]
    assert main(["run", *words, "--set", "model.hidden_channels=8", "--json"]) == 0
    (row,) = rows(capsys.readouterr().out)
    assert row["task"] == task and row["parameters"] == parameters


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--model", "MINE:Nit"],
            "MINE:Nit names Nit, which MINE does not have; did you mean Net?",
        ),
        (["--model", "nowhere_at_all:Net"], "which is neither installed nor in the current folder"),
        (["--model", "MINE:NUMBER"], "MINE:NUMBER is 3, which is no model"),
        (["--set", "model.hiden=3"], "unknown key 'model.hiden'; did you mean 'hidden_channels'?"),
        (["--set", "model.dropout=much"], "model.dropout is 'much', but it must be a finite"),
        (["--data", "MINE:NUMBER"], "MINE:NUMBER is an int, but data are what a function returns"),
        (["--data", "MINE:Net"], "data.in_channels is missing, and MINE:Net cannot do without it"),
        (
            ["--data", "MINE:ring", "--set", "data.node=3"],
            "unknown setting of MINE:ring 'node'; did",
        ),
        (["--data", "./none.csv"], "./none.csv is not there: name a file or a folder that is"),
        (["--rewiring", "MINE:Chord", "--set", "rewiring.cont=2"], "did you mean 'count'?"),
        (["--rewiring", "MINE:without_edges", "--set", "rewiring.kep=2"], "did you mean 'keep'?"),
        (["--rewiring", "MINE:share_wrong"], "rewiring.truth is missing, and MINE:share_wrong"),
        (["--set", "task.metric=MINE:NUMBER"], "a metric is a function of predictions and truth"),
        (["--set", "task.loss=MINE:NUMBER"], "name a function of predictions and truth"),
        (["--model", "torch_geometric.nn:GAT"], "model.num_layers is missing, and torch_geometric"),
        (["--budget", "50", "--model", "MINE:small"], "model.budget decides hidden_channels"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    words: list[str], sentence: str, module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("MINE", module) for word in words]
    assert main(["run", *own(module), *given]) == 2
    error = capsys.readouterr().err
    assert sentence.replace("MINE", module) in error and error.count("\n") == 1
    assert not Path("runs").exists()
