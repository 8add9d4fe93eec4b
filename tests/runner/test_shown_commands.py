"""What README, notebooks, pages and the tests that kill runs show as a command has all it needs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from killing import COMMANDS

from gnnlab import cli
from gnnlab.cli import commands
from gnnlab.runner import configure

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/*.md", "benchmarks/*.md", "benchmarks/*.py", "notebooks/*.ipynb")


def shown() -> list[str]:
    """Every ``gnnlab run …`` up to what ends a command in a text."""
    found = set()
    for pattern in PAGES:
        for path in ROOT.glob(pattern):
            text = path.read_text()
            if path.suffix == ".ipynb":
                cells = json.loads(text)["cells"]
                text = "\n".join("".join(cell["source"]) for cell in cells)
            found.update(re.findall(r"gnnlab (run -?[^`\"\n]+?)(?=`|\"|\n| {3})", text))
    return sorted(found)


def test_pages_show_commands() -> None:
    assert len(shown()) > 5 and any("--rewiring" in command for command in shown())


@pytest.mark.parametrize(
    "words",
    [*map(shlex.split, shown()), *(words for words in COMMANDS.values() if words[:1] == ["run"])],
    ids=" ".join,
)
def test_their_settings_are_complete(words: list[str]) -> None:
    given = cli._parser().parse_args(words)
    assert configure(commands._settings(given), commands._overrides(given))
