"""Manners of the command line: lines for machines, quiet, columns, completion, examples."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gnnlab.cli import COMMANDS, _parser, main
from gnnlab.cli.options import numbers, seeds, splits

KARATE = ["run", "--data", "karate", "--model", "gcn", "--set", "training.epochs=2"]
KARATE += ["--set", "model.hidden_channels=4"]
EXAMPLES = [(module.NAME, example) for module in COMMANDS for example in module.EXAMPLES]


def words_of(example: str) -> list[str]:
    """What a shell hands over of an example: what is written to a file goes there."""
    return shlex.split(example.partition(" > ")[0])[1:]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_is_a_command(name: str, example: str) -> None:
    arguments = _parser().parse_args(words_of(example))
    assert example.startswith(f"gnnlab {name} ") or example == f"gnnlab {name}"
    assert callable(arguments.command)


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.NAME)
def test_every_help_ends_in_its_examples(
    module: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([module.NAME, "--help"])  # type: ignore[attr-defined]
    text = capsys.readouterr().out
    lines = [f"  {example}" for example in module.EXAMPLES]  # type: ignore[attr-defined]
    assert 2 <= len(lines) <= 4
    assert text.rstrip("\n").endswith("\n".join(["examples:", *lines]))


CHEAP = {"data", "cite", "list"}


@pytest.mark.parametrize(("name", "example"), [(n, e) for n, e in EXAMPLES if n in CHEAP])
def test_cheap_examples_run(
    name: str, example: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "cornell" in example:
        pytest.skip("reads files")
    assert main(words_of(example)) == 0
    assert capsys.readouterr().out.strip()


def test_lines_for_machines_and_the_place_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*KARATE, "--splits", "0-2", "--seeds", "2"]
    assert main([*words, "--json"]) == 0
    told = capsys.readouterr()
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [(row["split"], row["seed"]) for row in rows] == [
        (s, i) for s in range(3) for i in (0, 1)
    ]
    assert main([*words, "--quiet"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"{rows[0]['run']}\n", "")
    assert Path(rows[0]["run"]).is_dir()
    assert main([*KARATE, "--quiet", "--set", "training.lrr=1"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "did you mean" in told.err
    with pytest.raises(SystemExit):
        main([*words, "--json", "--quiet"])


def test_a_recipe_is_reproduced_for_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = ["--set", "data.rows=12", "--set", "data.columns=12", "--set", "training.epochs=2"]
    words = ["reproduce", "main/minesweeper-gcn-small", *tiny, "--splits", "0", "--json"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["recipe"] == "main/minesweeper-gcn-small" and row["apart"] is None
    assert Path(row["run"]).is_dir()


@pytest.mark.parametrize(
    ("read", "text", "found"),
    [
        (numbers, "0,2,5", [0, 2, 5]),
        (numbers, "0-3", [0, 1, 2, 3]),
        (numbers, "7, 1-2", [7, 1, 2]),
        (splits, "all", "all"),
        (splits, "3", [3]),
        (seeds, "5", [0, 1, 2, 3, 4]),
        (seeds, "5,", [5]),
        (seeds, "0", [0]),
        (seeds, "3-4", [3, 4]),
        (seeds, "4,1", [4, 1]),
    ],
)
def test_numbers_of_splits_and_seeds(read: object, text: str, found: object) -> None:
    assert read(text) == found  # type: ignore[operator]


@pytest.mark.parametrize("text", ["3-1", "0-", "-", "a-b", "0-9-12", "0-99999999", "one", ","])
@pytest.mark.parametrize("option", ["--splits", "--seeds"])
def test_odd_numbers_are_refused(
    option: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*KARATE, f"{option}={text}"])
    assert "is not a list of numbers such as 0,1,2 or a span such as 0-9" in capsys.readouterr().err


def test_columns_and_filters_of_listings(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["list", "datasets", "--filter", "task=link", "--filter", "name=ogbl-*"]
    assert main([*words, "--columns", "name,nodes,licence"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in table[0].strip("|").split("|")] == ["name", "nodes", "licence"]
    assert len(table) == 2 + 4 and "235,868" in table[3]
    assert main([*words, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows][1] == "ogbl-collab" and rows[1]["nodes"] == 235868
    assert main(["list", "models", "--filter", "group=attention"]) == 0
    assert capsys.readouterr().out == "  attention\n    GAT\n    GATSep\n    GT\n    GTSep\n"
    assert main(["list", "--filter", "model=gcn", "--json"]) == 0
    kinds = {json.loads(line)["listing"] for line in capsys.readouterr().out.splitlines()}
    assert kinds == {"recipes"}  # others have no such column
    assert main(["list", "models", "--filter", "colour=red"]) == 2
    assert "there is no column 'colour': take some of name, group" in capsys.readouterr().err
    assert main(["list", "models", "--filter", "colour"]) == 2
    assert "is not of the form COLUMN=TEXT" in capsys.readouterr().err


def test_every_row_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("models", "rewirings", "tasks", "methods"):
        assert main(["list", what, "--json"]) == 0
        for line in capsys.readouterr().out.splitlines():
            row = json.loads(line)
            assert len(row["about"]) > 10 and "\n" not in row["about"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_is_a_script_of_the_shell(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert "GATSep" in text or shell == "tcsh"
    if shell == "bash":
        ask = (
            f"{text}\nCOMP_WORDS=(gnnlab run --model GATS)\nCOMP_CWORD=3\n_shtab_gnnlab\n"
            'echo "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, cwd="/")
        assert done.stdout == "GATSep\n", done.stderr


def test_without_shtab_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install gnnlab[completion]" in capsys.readouterr().err


def test_the_task_is_that_of_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--set", "training.epochs=1", "--set", "model.hidden_channels=4", "--json"]
    words = ["run", "--data", "csl-generated", "--model", "gin", "--set", "data.copies=5", *few]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["task"] == "graph"
