"""Options that several commands share, and the settings that they give."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Tables = dict[str, Any]
"""Settings by section, as TOML has them."""


def add_names(command: argparse.ArgumentParser) -> None:
    """Add a recipe, and what takes its place."""
    command.add_argument("recipe", nargs="?", help="such as platonov/minesweeper-gcn")
    for name in ("task", "data", "model", "rewiring"):
        command.add_argument(f"--{name}", metavar="NAME")
    command.add_argument("--budget", type=int, metavar="N", help="as wide as N parameters allow")


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add how and where something is trained."""
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    command.add_argument("--splits", type=numbers, help="such as 0,1,2")
    command.add_argument("--seeds", type=numbers, help="such as 0,1,2")
    command.add_argument("--device", help="cpu or cuda")
    command.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    command.add_argument("--out", type=Path, default=Path("runs"))


def numbers(text: str) -> list[int]:
    """Read whole numbers with commas between them."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 0,1,2")
    return [int(part) for part in parts]


def overrides(arguments: argparse.Namespace) -> list[str]:
    """What options say of a run, as ``dotted.key=VALUE``."""
    given = {key: getattr(arguments, key) for key in ("splits", "seeds")}
    added = [f"run.{key}={values}" for key, values in given.items() if values is not None]
    added += [f'run.device="{arguments.device}"'] if arguments.device else []
    return [*arguments.settings, *added]


def settings_of(arguments: argparse.Namespace, table: Mapping[str, Any] | None = None) -> Tables:
    """A recipe's settings, or a file's, or none, with what options name in their places."""
    from gnnlab.runner import recipe

    settings: Tables = dict(table or {})
    if arguments.recipe:
        settings = dict(recipe(arguments.recipe).settings)
    for name in ("task", "data", "model"):
        if getattr(arguments, name):
            settings[name] = {**settings.get(name, {}), "name": getattr(arguments, name)}
    if arguments.rewiring:  # a recipe's settings are those of its own rewiring
        settings["rewiring"] = {"name": arguments.rewiring}
    if arguments.budget is not None:  # in the place of a recipe's width
        model = {k: v for k, v in settings.get("model", {}).items() if k != "hidden_channels"}
        settings["model"] = {**model, "budget": arguments.budget}
    return settings
