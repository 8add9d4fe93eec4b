"""Showing of one thing: what it is, what came out, and a command that a shell can run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from written_runs import write_run

from gnnlab import cli
from gnnlab.cli import _parser
from gnnlab.cli.options import overrides, settings_of
from gnnlab.runner import configure, recipe, run
from gnnlab.runner.overview.show import show
from gnnlab.runner.runs.run_toml import read_about
from gnnlab.runner.runs.run_toml import settings_of as kept_settings


def commands(text: str) -> list[list[str]]:
    """The commands that are told, as words."""
    lines = [line.strip() for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("gnnlab ")]


def test_a_run_is_shown_with_its_settings_results_and_the_way_to_go_on(tmp_path: Path) -> None:
    settings = {"data": {"name": "csbm", "nodes": 60}, "model": {"name": "gcn", "num_layers": 1}}
    config = configure({**settings, "run": {"splits": [0, 2], "seeds": [4]}}, ["training.epochs=2"])
    folder = run(config, tmp_path)
    text = show(str(folder))
    assert show(str(folder / "run.toml")) == show(str(folder / "results.jsonl")) == text
    assert "epochs = 2" in text and "| 2     | 4    |" in text and "2 runs" in text
    (words,) = commands(text)
    assert words[:5] == ["gnnlab", "run", str(folder / "run.toml"), "--out", str(tmp_path)]
    arguments = _parser().parse_args(words[1:])
    again = configure(kept_settings(read_about(folder)), overrides(arguments))
    assert again == config  # the same settings, splits and seeds


def test_a_run_of_a_recipe_stands_beside_its_paper(tmp_path: Path) -> None:
    from gnnlab.runner.runs.run_toml import describe

    made = recipe("platonov/minesweeper-gcn")
    folder = write_run(tmp_path / "a", [0.9, 0.91], metric="roc_auc", data="minesweeper")
    (folder / "run.toml").unlink()
    describe(configure(made.settings), folder, made.name)
    text = show(str(folder))
    assert "paper     89.75 ± 0.52 roc_auc" in text and "ours      90.50 ± 0.71" in text


def test_a_run_without_results_or_that_was_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write_run(tmp_path / "a", [0.123456])
    (folder / "results.jsonl").unlink()
    assert "no result yet" in show("a") and commands(show("a"))
    words = ["sweep", "--data", "csbm", "--model", "gcn", "--set", "data.nodes=60"]
    words += ["--set", "training.epochs=2", "--set", "model.hidden_channels=4"]
    assert cli.main([*words, "--over", "training.lr=[0.1,1e-9]", "--out", "sweep"]) == 0
    record = next(Path("sweep").glob("sweep-*.json"))
    record.write_text(json.dumps({**json.loads(record.read_text()), "finished": False}))
    other = next(Path("sweep").glob("csbm*"))
    (line,) = (other / "results.jsonl").read_text().splitlines()
    assert f"{100 * json.loads(line)['test']:.2f}" not in show(str(other)).split("| split")[1]
    assert "not chosen" in show(str(other))


@pytest.mark.parametrize("name", ["platonov/minesweeper-gcn", "karate", "gat-sep", "gin", "gcn"])
def test_a_told_command_is_one_that_can_be_run(name: str) -> None:
    found = commands(show(name))
    assert found
    for words in found:
        arguments = _parser().parse_args(words[1:])
        if words[1] == "run":
            configure(settings_of(arguments), overrides(arguments))
    assert ":math:" not in show(name) and ":class:" not in show(name)


def test_what_each_kind_is_told_by() -> None:
    assert "89.75 ± 0.52" in show("platonov/minesweeper-gcn")
    assert "nodes          34" in show("KARATE")
    model = show("gatsep")
    assert "model GATSep" in model and "dropout" in model and "platonov/" in model


def test_a_saved_model_is_shown_by_its_card(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    (tmp_path / "README.md").write_text("# A card\n\nGCN on karate\n")
    text = show(str(tmp_path))
    assert "GCN on karate" in text and f"gnnlab predict {tmp_path} DATA --out FILE" in text
    (tmp_path / "README.md").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="README.md cannot be read .*: save the model again"):
        show(str(tmp_path))


def test_what_is_nothing_is_told_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_run(tmp_path / "runs" / name, [0.5])
    with pytest.raises(ValueError, match="holds 2 runs: name one of them, such as .*a, or see"):
        show(str(tmp_path / "runs"))
    with pytest.raises(ValueError, match="no run's folder, .*: did you mean minesweeper"):
        show("minesweper")
    assert cli.main(["show", "platonov/minesweeper-gcm"]) == 2
    assert "did you mean platonov/minesweeper-gcn" in capsys.readouterr().err
