"""From a recipe or a line of settings to results on disk and tables made of them."""

from __future__ import annotations

from gnnlab.runner.runs.results import Summary, read_results, run_folders, summarise
from gnnlab.runner.runs.run import run, wanted_results
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.settings.recipes import Recipe, recipe, recipe_names

__all__ = [
    "Config",
    "Recipe",
    "Summary",
    "configure",
    "read_results",
    "recipe",
    "recipe_names",
    "run",
    "run_folders",
    "summarise",
    "wanted_results",
]
