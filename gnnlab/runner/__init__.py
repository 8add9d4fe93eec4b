"""From a recipe or a line of settings to results on disk and tables made of them."""

from __future__ import annotations

from .config import Config, configure
from .recipes import Recipe, recipe, recipe_names
from .results import Summary, read_results, run_folders, summarise
from .run import run, wanted_results

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
