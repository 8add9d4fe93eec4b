"""Options that several commands share, and the settings that they give."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Tables = dict[str, Any]
"""Settings by section, as TOML has them."""


def add_names(command: argparse.ArgumentParser) -> None:
    """Add a recipe, and what takes its place."""
    command.add_argument(
        "recipe", nargs="?", help="such as platonov/minesweeper-gcn, or FILE.toml, a run.toml too"
    )
    command.add_argument("--task", metavar="NAME", help="that which the data are for, if not given")
    for name, what in OWN.items():
        command.add_argument(f"--{name}", metavar="NAME", help=f"as listed, or {what}")
    command.add_argument("--budget", type=int, metavar="N", help="as wide as N parameters allow")


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add how and where something is trained."""
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    command.add_argument("--splits", type=splits, help="such as 0,2,5 or 0-9, or all")
    command.add_argument("--seeds", type=seeds, help="such as 5, which is 0-4, or 0,1,2")
    command.add_argument("--device", help="cpu or cuda")
    command.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    command.add_argument("--out", type=Path, default=Path("runs"))


OWN = {
    "data": "a FILE, a folder or package.module:function",
    "model": "package.module:Class",
    "rewiring": "package.module:Class",
}
"""What options name, and what a user's own is given by."""
PART = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def numbers(text: str) -> list[int]:
    """Read whole numbers with commas between them, and spans of them.

    Example:
        >>> numbers("0,2,5-7")
        [0, 2, 5, 6, 7]
    """
    parts = [PART.fullmatch(part.strip()) for part in text.split(",")]
    spans = [(int(part[1]), int(part[2] or part[1])) for part in parts if part]
    if len(spans) < len(parts) or any(first > last for first, last in spans):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of numbers such as 0,1,2 or a span such as 0-9"
        )
    return [number for first, last in spans for number in range(first, last + 1)]


def splits(text: str) -> list[int] | str:
    """Read the numbers of splits, or ``all``."""
    return "all" if text.strip() == "all" else numbers(text)


def seeds(text: str) -> list[int]:
    """Read seeds; a number alone is how many, from 0 on.

    Example:
        >>> seeds("3"), seeds("3,"), seeds("1,3")
        ([0, 1, 2], [3], [1, 3])
    """
    if text.endswith(","):
        return numbers(text.removesuffix(","))
    found = numbers(text)
    return list(range(max(found[0], 1))) if text.strip().isdigit() else found


def overrides(arguments: argparse.Namespace) -> list[str]:
    """What options say of a run, as ``dotted.key=VALUE``."""
    given = {key: getattr(arguments, key) for key in ("splits", "seeds")}
    added = [f"run.{key}={_toml(value)}" for key, value in given.items() if value is not None]
    added += [f'run.device="{arguments.device}"'] if arguments.device else []
    return [*arguments.settings, *added]


def _toml(value: list[int] | str) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def settings_of(arguments: argparse.Namespace, table: Mapping[str, Any] | None = None) -> Tables:
    """A recipe's or a file's settings, or none, with what options name in their places."""
    from gnnlab.runner.calls import read_settings

    settings: Tables = dict(table or {})
    if arguments.recipe and not settings:
        settings, _ = read_settings(arguments.recipe)
    for name in ("task", "data", "model"):
        if getattr(arguments, name):
            settings[name] = {**settings.get(name, {}), "name": getattr(arguments, name)}
    if arguments.rewiring:  # a recipe's settings are those of its own rewiring
        settings["rewiring"] = {"name": arguments.rewiring}
    if "own" in settings:  # what a run.toml says of objects in Python that options stand in for
        named = {name for name in OWN if getattr(arguments, name)}
        settings["own"] = {key: one for key, one in settings["own"].items() if key not in named}
    if arguments.budget is not None:  # in the place of a recipe's width
        model = {k: v for k, v in settings.get("model", {}).items() if k != "hidden_channels"}
        settings["model"] = {**model, "budget": arguments.budget}
    return settings
