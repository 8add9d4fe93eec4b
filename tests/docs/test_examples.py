"""Code on the site's hand-written pages runs as it stands, one block after the other."""

from __future__ import annotations

import re
import sys
import types
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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_are_known(path: Path) -> None:
    from gnnlab.cli import _parser

    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^\$ gnnlab (.*)$", text, re.M):
        _parser().parse_args(_words(line))


def _words(line: str) -> list[str]:
    import shlex

    return shlex.split(line)
