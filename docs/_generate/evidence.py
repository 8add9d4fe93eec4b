"""Evidence for a method: recipes with the paper's figure and ours, and the tests that name it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gnnlab.runner import Recipe, recipe, recipe_names

from .kinds import Kind, names_of, plain
from .names import Entry

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results.md"


@dataclass(frozen=True)
class Row:
    """A recipe in a card: the paper's figure, ours where it was run, and how many runs."""

    recipe: str
    metric: str
    paper: str
    ours: str


def recipes_of(kind: Kind, entry: Entry) -> list[Row]:
    """The recipes that use a method, those that were run first."""
    names = names_of(entry)
    rows = [_row(made) for made in _recipes() if _uses(kind, made, names)]
    return sorted(rows, key=lambda row: (not row.ours, row.recipe))


def _uses(kind: Kind, made: Recipe, names: set[str]) -> bool:
    named = kind.setting(made.settings)
    if named is None:
        return False
    # A task is named by its first word in settings: node, link, graph.
    return plain(named) in names or (
        kind.name == "task" and any(name.startswith(plain(named)) for name in names)
    )


@cache
def _recipes() -> tuple[Recipe, ...]:
    return tuple(recipe(name) for name in recipe_names())


def _row(made: Recipe) -> Row:
    paper = "" if made.mean is None else f"{made.mean:g}"
    paper += f" ± {made.std:g}" if made.std is not None and paper else ""
    asked = str(made.settings.get("task", {}).get("metric", ""))
    metric, ours = ours_by_recipe().get(made.name, (asked, ""))
    return Row(made.name, metric, paper, ours)


@cache
def ours_by_recipe() -> dict[str, tuple[str, str]]:
    """Metric and score of every recipe that was run, read off the table of the page of results."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
    heads = table[0]
    rows = [dict(zip(heads, row, strict=True)) for row in table[2:] if len(row) == len(heads)]
    return {row["recipe"]: (row["metric"], row["ours"]) for row in rows}


def tests_of(kind: Kind, entry: Entry) -> tuple[list[str], list[str]]:
    """Test files that name a method, and those that run over all methods of its kind."""
    word = re.compile(rf"\b{re.escape(entry.name)}\b")
    named = [path for path, text in _tests().items() if word.search(text)]
    module = str(entry.thing.__module__).rpartition(".")[2]
    named.sort(key=lambda path: (f"test_{module}.py" not in path, path))
    everyone = [path for path, text in _tests().items() if kind.listing and kind.listing in text]
    return named, sorted(set(everyone) - set(named))


@cache
def _tests() -> dict[str, str]:
    found = (ROOT / "tests").rglob("test_*.py")
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(found)}
