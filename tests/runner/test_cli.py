"""The command line answers, and errs in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gnnlab.cli import main

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--set", "model.hidden_channels=8", "--set", "training.epochs=3"]


def test_runs_a_line_of_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--task", "node", "--data", "karate", "--model", "gat-sep", "--out", str(tmp_path)]
    assert main(["run", *words, *TINY, "--splits", "0,1"]) == 0
    (folder,) = tmp_path.iterdir()
    assert len((folder / "results.jsonl").read_text().splitlines()) == 2
    assert "gat-sep" in capsys.readouterr().out
    assert main(["report", str(folder), "--format", "csv"]) == 0
    assert "karate,gat-sep,none" in capsys.readouterr().out


def test_reproduces_a_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = [*TINY, "--set", "data.rows=12", "--set", "data.columns=12", "--splits", "0"]
    name = "main/minesweeper-resnet-small"
    assert main(["reproduce", name, *tiny, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "ours" in out and "1 runs (splits [0])" in out and "apart" not in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["list", "models"], "GATSep"),
        (["list", "datasets"], "roman-empire"),
        (["list", "recipes"], "platonov/minesweeper-gt-sep"),
        (["list"], "rewirings:\n  none"),
        (["data", "karate"], "homophily"),
        (["cite", "platonov/tolokers-gat"], "@inproceedings{platonov2023critical"),
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
        (["run", "--data", "karate", "--model", "gcm"], "unknown model 'gcm'; did you mean GCN"),
        (["run", "--data", "karate"], "model.name is missing"),
        (["run", "--data", "karate", "--model", "gcn", "--rewiring", "borf"], "unknown rewiring"),
        (["run", "--data", "karate", "--model", "gcn", "--set", "training.lrr=1"], "did you mean"),
        (["run", "--data", "karate", "--model", "gcn", "--splits", "77"], "split is 77"),
        (["run", "--data", "karate", "--model", "gcn", "--jobs", "0"], "jobs is 0"),
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
