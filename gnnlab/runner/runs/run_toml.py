"""``run.toml``: a run's settings, and the machine and versions that it ran on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gnnlab.core.arguments import shown
from gnnlab.core.writing import write_text
from gnnlab.runner.runs.environment import environment
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.settings.keys import toml_file

FILE = "run.toml"
PLACES = ("versions", "machine", "source")
CONTEXT = (*PLACES, "recipe", "resumed")
"""Tables that are no settings."""


def describe(config: Config, folder: Path, name: str) -> None:
    """Write ``run.toml``; where the run began elsewhere, add on what it is resumed."""
    path, now = folder / FILE, environment(config.run.device)
    if not path.is_file():
        settings = msgspec.to_builtins(config)
        device = settings.pop("run")["device"]
        settings |= {"run": {"device": device}} if device != "cpu" else {}
        write_text(path, to_toml({"recipe": {"name": name}, **settings, **now}))
    elif now not in places(read_about(folder)):
        tables = [f"{key} = {_value(table)}" for key, table in now.items()]
        text = path.read_text(encoding="utf-8").rstrip("\n")
        write_text(path, "\n".join([text, "", "[[resumed]]", *tables, ""]))


def read_about(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.toml``.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    about = toml_file(folder / FILE, "delete it and run again")
    for key, value in about.items():
        tables = value if key == "resumed" and isinstance(value, list) else [value]
        if not all(isinstance(table, dict) for table in tables):
            raise _damaged(folder, key, value, "a table")
    name = about.get("recipe", {}).get("name", "")
    if not isinstance(name, str):
        raise _damaged(folder, "recipe.name", name, "a name")
    return about


def _damaged(folder: Path, key: str, value: Any, needed: str) -> ValueError:
    return ValueError(
        f"{folder / FILE} is damaged ({key} is {shown(value)}, but {needed} is needed): delete it "
        "and run again"
    )


def places(about: Mapping[str, Any]) -> list[dict[str, dict[str, str]]]:
    """Versions, machine and source that a run began with, and those it was resumed on."""
    tables = [about, *about.get("resumed", ())]
    return [{key: table.get(key, {}) for key in PLACES} for table in tables]


def settings_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """The settings alone, as ``configure`` takes them."""
    return {key: value for key, value in about.items() if key not in CONTEXT}


def config_of(about: Mapping[str, Any], splits: Sequence[int], seeds: Sequence[int]) -> Config:
    """The settings as they were when the run was made; own parts are not looked for again."""
    run = {"splits": list(splits), "seeds": list(seeds)}
    tables = {**settings_of(about), "run": run}
    return msgspec.convert(tables, Config) if "own" in tables else configure(tables)


def to_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Write tables of plain values as TOML; keys without a value (None) are left out.

    Raises:
        ValueError: a value that TOML has no word for.
    """
    lines = []
    for title, table in tables.items():
        lines += [f"[{title}]", *_lines(table), ""]
    return "\n".join(lines)


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items() if value is not None]


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(_lines(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf and nan are words of TOML
    if isinstance(value, (str, bool, int, float)):
        return _text(value)
    raise ValueError(f"{value!r} ({type(value).__name__}) cannot be kept in {FILE}")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
