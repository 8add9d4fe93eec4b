"""Code on the site's hand-written pages runs as it stands, one block after the other."""

from __future__ import annotations

import re
import shlex
import sys
import types
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "index.md", *sorted((DOCS / "start").glob("*.md"))]
PAGES += sorted((DOCS / "develop").glob("*.md"))


def blocks(path: Path) -> list[str]:
    """The Python code of a page."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


WITH_CODE = [path for path in PAGES if blocks(path)]


def test_pages_have_code() -> None:
    assert {"own_graph.md", "rewiring.md", "layer.md"} <= {path.name for path in WITH_CODE}


@pytest.mark.parametrize("path", WITH_CODE, ids=lambda path: path.stem)
def test_python_runs_as_it_stands(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = types.ModuleType("page")  # dataclasses look their module up by name
    monkeypatch.setitem(sys.modules, "page", page)
    for block in blocks(path):
        exec(compile(block, path.name, "exec"), page.__dict__)


@pytest.fixture(scope="module")
def commands() -> dict[str, str]:
    """The help of every command."""
    sys.path.insert(0, str(DOCS))
    try:
        found = import_module("_generate.commands").commands()
    finally:
        sys.path.remove(str(DOCS))
    return {command.name: command.help for command in found}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_and_their_options_exist(path: Path, commands: dict[str, str]) -> None:
    for line in re.findall(r"^\$ gnnlab (.*)$", path.read_text(encoding="utf-8"), re.M):
        name, *words = shlex.split(line)
        options = [word for word in words if word.startswith("--")]
        assert [o for o in options if not re.search(rf"{o}\b", commands[name])] == []


@pytest.mark.slow
def test_commands_of_cards_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gnnlab.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(DOCS)
    ran = []
    for kind in import_module("_generate.kinds").KINDS:
        for entry in kind.methods():
            _, *words = shlex.split(kind.command(entry)) or [""]
            if words[:1] == ["run"] and "karate" in words:
                if "--model" in words:  # an embedding trains nothing
                    words += ["--set", "training.epochs=1"]
            elif words[:1] != ["rewire"]:
                continue  # needs files, or hours
            ran.append(entry.name)
            assert main(words) == 0, words
    assert {"GATSep", "FoSR", "LASER"} <= set(ran)
