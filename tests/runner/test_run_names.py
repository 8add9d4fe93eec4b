"""Names of runs: a recipe's folder, by which its results are found again, never changes."""

from __future__ import annotations

import json
from pathlib import Path

from gnnlab.runner import configure, recipe, recipe_names

PINNED = Path(__file__).with_name("run_names.json")
"""The folder of every recipe; a new recipe is added, an old line is never changed."""


def test_every_recipe_keeps_the_name_of_its_run() -> None:
    found = {name: configure(recipe(name).settings).label() for name in recipe_names()}
    assert found == json.loads(PINNED.read_text(encoding="utf-8"))
