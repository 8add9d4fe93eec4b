"""The ``data`` command: a dataset's card, or that of a file or folder of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

NAME = "data"
HELP = "a dataset's card, or that of your own file or folder, with its flaws"
EXAMPLES = (
    "gnnlab data karate",
    "gnnlab data cornell --split random:0",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="of a dataset, or the path of a file or folder")
    parser.add_argument("--source")
    parser.add_argument("--split")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="options",
        help="how a file is read, such as directed=true or label=club",
    )  # fmt: skip


def command(arguments: argparse.Namespace) -> None:
    """Print the dataset's card."""
    from gnnlab import datasets

    path = Path(arguments.name).expanduser()
    if _is_path(arguments.name, path):
        print(datasets.card(datasets.read(path, **_options(arguments))))
        return
    given = _read(arguments.options)
    print(datasets.card(arguments.name, source=arguments.source, split=arguments.split, **given))


def _is_path(name: str, path: Path) -> bool:
    """Whether a file or folder is meant: it is there and no set is called so, or it looks so."""
    from gnnlab import datasets

    looks = path.suffix != "" or any(mark in name for mark in "/\\~")
    return looks or (path.exists() and name not in datasets.names())


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """How a file is read; empty cells are kept where that is a choice, to be told of."""
    from gnnlab.datasets.own.reading import kind_of

    given = _read(arguments.options)
    for name in ("source", "split"):
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    path = Path(arguments.name).expanduser()
    keeps = path.exists() and "missing" in kind_of(path).options
    return {"missing": "keep", **given} if keeps else given


def _read(settings: list[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` words, a value as TOML has it or as text."""
    from gnnlab.runner.settings.keys import toml_value

    found: dict[str, Any] = {}
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign or not key:
            raise ValueError(f"--set {setting} is no KEY=VALUE: write it so")
        found[key] = toml_value(text)
    return found
