"""The command line answers, and errs in one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from gnnlab.cli import main

ROOT = Path(__file__).resolve().parents[2]
KARATE = ["run", "--data", "karate", "--model", "gcn"]
TINY = ["--set", "model.hidden_channels=8", "--set", "training.epochs=3"]


def test_runs_a_line_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--task", "node", "--data", "karate", "--model", "gat-sep", "--out", str(tmp_path)]
    assert main(["run", *words, *TINY, "--splits", "0,1"]) == 0
    (folder,) = tmp_path.iterdir()
    assert len((folder / "results.jsonl").read_text().splitlines()) == 2
    assert "GATSep" in capsys.readouterr().out
    assert main(["report", str(tmp_path), "--format", "csv"]) == 0
    assert f",{folder.name}" in capsys.readouterr().out
    assert main(["run", *words, *TINY, "--splits", "1"]) == 0
    assert "| 1    |" in capsys.readouterr().out  # the run of split 0 is not asked for


def test_reproduces_a_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = [*TINY, "--set", "data.rows=12", "--set", "data.columns=12", "--splits", "0"]
    name = "main/minesweeper-resnet-small"
    assert main(["reproduce", name, *tiny, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "ours" in out and "1 runs (splits [0])" in out and "apart" not in out


def test_recipes_that_break_do_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the first recipes one has an option that its model lacks."""
    tiny = [*TINY, "--set", "data.rows=12", "--set", "data.columns=12", "--splits", "0"]
    words = ["reproduce", "main/minesweeper-g", *tiny, "--set", "model.heads=2"]
    assert main([*words, "--out", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "gnnlab: main/minesweeper-gcn-small: " in told.err and "heads" in told.err
    assert "main/minesweeper-gat-sep-small\n" in told.out and "ours" in told.out


@pytest.mark.parametrize("command", ["reproduce", "bench"])
def test_nothing_is_trained_that_was_not_named(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command])
    assert "required: name" in capsys.readouterr().err


def test_choices_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--task", "graph", "--data", "csl", "--model", "gin"]
    assert main([*words, "--set", "task.readout=foo"]) == 2
    assert (
        "which is none of attention, max, mean, root, set2set, sort, sum" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["list", "models"], "GATSep"),
        (["list", "datasets"], "roman-empire"),
        (["list", "recipes"], "platonov/minesweeper-gt-sep"),
        (["list", "models"], "  attention\n    GAT\n    GATSep\n"),
        (["list", "tasks"], "  selfsupervised\n    pretraining\n"),
        (["list", "methods"], "  embedding\n    FeatureEmbedding\n    SpectralEmbedding\n"),
        (["list"], "rewirings:\n  none"),
        (["data", "karate"], "homophily"),
        (["cite", "platonov/tolokers-gat"], "@inproceedings{platonov2023critical"),
        (["cite", "main/minesweeper-gcn-small"], "@inproceedings{platonov2023critical"),
        (["cite", "platonov/actor-gcn-small"], "@inproceedings{pei2020geom"),
        (["cite", "platonov/cornell-sage-small"], "% SAGE: Platonov et al."),
    ],
)
def test_lists_and_cites(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "platonov/minesweeper-gnc"], "unknown recipe 'platonov/minesweeper-gnc'; did you"),
        (
            ["run", "--data", "minesweper", "--model", "gcn"],
            "unknown dataset 'minesweper'; did you",
        ),
        (
            ["run", "--data", "karate", "--model", "gcm"],
            "unknown model 'gcm'; did you mean SGC",
        ),
        (["run", "--data", "karate"], "model.name is missing"),
        (["run", "--data", "karate", "--model", "gcn", "--rewiring", "borg"], "unknown rewiring"),
        (["run", "--data", "karate", "--model", "gcn", "--set", "training.lrr=1"], "did you mean"),
        (["run", "--data", "karate", "--model", "gcn", "--splits", "77"], "split is 77"),
        (["run", "--data", "karate", "--model", "gcn", "--jobs", "0"], "jobs is 0"),
        ([*KARATE, "--set", "rewiring=borf"], "rewiring is 'borf', but it must be a table"),
        ([*KARATE, "--set", "rewiring.add=3"], "rewiring.add is 3, but rewiring.name is none"),
        ([*KARATE, "--set", "model=3"], "model is 3, but it must be a table"),
        ([*KARATE, "--set", "model.name=[1]"], "model.name is [1], but a name is a string"),
        ([*KARATE, "--set", "data.name=3"], "data.name is 3, but a name is a string"),
        ([*KARATE, "--set", "data.seed=abc"], "seed is 'abc', but it must be a whole number"),
        ([*KARATE, "--set", "data.seed=-3"], "seed is -3, but it must be a whole number"),
        ([*KARATE, "--set", "data.splits=0"], "splits is 0, but it must be a whole number"),
        ([*KARATE, "--set", "run.splits=[]"], "give at least one of each"),
        ([*KARATE, "--device", "cuda:99"], "device is 'cuda:99', but torch sees"),
        ([*KARATE, "--device", "meta"], "device is 'meta', but gnnlab runs on"),
        ([*KARATE, "--device", "cudaa"], "device is 'cudaa', which torch does not know"),
        (["data", "cornel"], "unknown dataset 'cornel'; did you mean 'cornell'"),
        (["report", "nowhere"], "no results.jsonl with a line in nowhere"),
    ],
)
def test_errs_in_one_sentence(
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.startswith("gnnlab: ") and "Traceback" not in error
    assert error.count("\n") == 1
    assert not list(tmp_path.rglob("run.toml"))  # a mistake leaves no run behind


@pytest.mark.parametrize("splits", ["", "a,b", "1,,2", "-1"])
def test_refuses_odd_lists(splits: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*KARATE, f"--splits={splits}"])
    assert f"{splits!r} is not a list of numbers such as 0,1,2" in capsys.readouterr().err


@pytest.mark.parametrize("line", ['{"a": 1}', "[1, 2]"])
def test_report_refuses_lines_of_something_else(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.jsonl").write_text(line + "\n")
    assert main(["report", str(tmp_path)]) == 2
    assert "line 1 of" in (error := capsys.readouterr().err)
    assert "is no result of gnnlab run: it has no 'task'" in error


def test_a_page_shows_runs_without_a_recipe(tmp_path: Path) -> None:
    assert main([*KARATE, *TINY, "--out", str(tmp_path / "runs")]) == 0
    assert main(["report", str(tmp_path / "runs"), "--page", str(tmp_path / "page.md")]) == 0
    text = (tmp_path / "page.md").read_text()
    assert "| karate-gcn-" in text and "no recipe" in text


def test_warnings_are_a_line_without_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gnnlab import datasets

    monkeypatch.setattr(datasets, "names", lambda: warnings.warn("look out", stacklevel=1) or [])
    assert main(["list", "datasets"]) == 0
    assert capsys.readouterr().err == "gnnlab: warning: look out\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("gnnlab 0.")


def test_output_that_cannot_be_encoded_is_no_error(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "gnnlab", *KARATE, *TINY, "--splits", "0,1"]
    words += ["--out", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_ctrl_c_stops_processes_side_by_side(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "gnnlab", *KARATE, "--out", str(tmp_path), "--jobs", "2"]
    words += ["--splits", "0,1,2,3,4,5", "--set", "training.epochs=1500"]
    started = subprocess.Popen(
        words,
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.PIPE,
        # Where the tests themselves run in the background, a shell has them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 300  # a busy machine takes its time to start three processes
        while not list(tmp_path.rglob("results.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.2)
        os.killpg(started.pid, signal.SIGINT)
        assert started.wait(timeout=60) == 130
    finally:
        with suppress(ProcessLookupError):  # nothing trains on behind the other tests
            os.killpg(started.pid, signal.SIGKILL)
    assert started.stderr is not None and b"the same command resumes" in started.stderr.read()
    (lines,) = tmp_path.rglob("results.jsonl")
    assert 1 <= len(lines.read_text().splitlines()) < 6


@pytest.mark.slow
def test_without_network_or_mirror_says_what_to_fetch_and_where_to_put_it(tmp_path: Path) -> None:
    environment = {**os.environ, "GNNLAB_HOME": str(tmp_path), "GNNLAB_MIRROR": ""}
    environment |= {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    words = [sys.executable, "-m", "gnnlab", "run", "platonov/questions-gcn"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "questions.npz" in done.stderr and "GNNLAB_MIRROR" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_cheap() -> None:
    code = (
        "import sys; from gnnlab.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    )
    code += "print([name for name in ('torch', 'torch_geometric') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("model", ["gin", "gat", "gcn"])
def test_a_budget_decides_the_width(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    words = ["--task", "graph", "--data", "csl-generated", "--model", model, "--budget", "5000"]
    few = ["--set", "training.epochs=1", "--set", "data.copies=5", "--set", "task.readout=set2set"]
    assert main(["run", *words, *few, "--out", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    row = json.loads((folder / "results.jsonl").read_text())
    assert 2500 < row["parameters"] <= 5000  # heads make a width of GAT a multiple of 8
    told = (folder / "run.toml").read_text()
    assert "budget = 5000" in told and "hidden_channels" not in told
    capsys.readouterr()
    assert main(["run", *words, *few, "--out", str(tmp_path)]) == 0
    assert len((folder / "results.jsonl").read_text().splitlines()) == 1
    assert main(["run", *words, "--set", "model.hidden_channels=8", "--out", str(tmp_path)]) == 2
    assert "but the budget decides the width: leave one out" in capsys.readouterr().err
    assert main(["run", *words[:-1], "0", "--out", str(tmp_path)]) == 2
    assert "model.budget is 0" in capsys.readouterr().err
    assert main(["run", *words[:-1], "20", *few, "--out", str(tmp_path)]) == 2
    assert "parameters already" in capsys.readouterr().err
