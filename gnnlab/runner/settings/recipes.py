"""Recipes: published results with the settings that reproduce them, and known flaws."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from gnnlab.core.names import find_by_name

TABLES = ("task", "data", "model", "training", "rewiring", "run")


@dataclass(frozen=True)
class Paper:
    """Where numbers come from, and how they were made.

    Args:
        ddof: of the published std: 1 divides by the number of runs less one.
        flaws: known faults of the protocol or the release, a sentence each.
    """

    name: str
    title: str
    venue: str
    link: str
    source: str
    ddof: int
    protocol: str
    flaws: tuple[str, ...]
    bibtex: str


@dataclass(frozen=True)
class Recipe:
    """One published result, or one setting of ours, and how to run it.

    Args:
        name: ``paper/dataset-model``, with ``-small`` where the budget is not the paper's; a model
            of the paper's own name is left out.
        settings: nested tables for :func:`gnnlab.runner.configure`.
        mean: the published test score, in percent if it is a fraction and in its own units if
            not; None where there is none to compare with.
        std: its standard deviation, in the same.
        note: how the setting differs from the paper's.
    """

    name: str
    paper: Paper
    settings: dict[str, Any]
    mean: float | None
    std: float | None
    note: str


def recipe(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        ValueError: there is none; the nearest names are offered.
    """
    known = _all()
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `gnnlab list recipes`"
        raise ValueError(f"unknown recipe {name!r}; {hint}")
    return known[name]


def recipe_names(prefix: str = "") -> list[str]:
    """List the recipes of a paper (``platonov``), or those whose names begin alike."""
    return sorted(name for name in _all() if name.startswith(prefix))


@cache
def _all() -> dict[str, Recipe]:
    found = {}
    for folder in files("gnnlab.recipes").iterdir():
        if folder.joinpath("paper.toml").is_file():
            for made in _folder(folder):
                found[made.name] = made
    return found


def _folder(folder: Traversable) -> list[Recipe]:
    about = read_toml(folder.joinpath("paper.toml"))
    paper = Paper(name=folder.name, **{**about, "flaws": tuple(about["flaws"])})
    sets = [path for path in folder.iterdir() if path.name.endswith(".toml")]
    return [made for path in sets if path.name != "paper.toml" for made in _dataset(paper, path)]


def _dataset(paper: Paper, path: Traversable) -> list[Recipe]:
    content = read_toml(path)
    stem, suffix = path.name.removesuffix(".toml"), content.get("suffix", "")
    made = []
    for model, result in content["results"].items():
        settings = {
            key: {**content.get(key, {}), **result.get(key, {})}
            for key in TABLES
            if key in content or key in result
        }
        settings["model"] = {"name": model, **settings["model"]}
        # The model that a paper's folder is named by goes without saying.
        words = [stem, "" if model == paper.name else model, suffix]
        name = f"{paper.name}/{'-'.join(word for word in words if word)}"
        made.append(
            Recipe(
                name,
                paper,
                settings,
                result.get("mean"),
                result.get("std"),
                result.get("note", content.get("note", "")),
            )
        )
    return made


def folder_with(file: str, kind: str, name: str) -> Traversable:
    """The folder of recipes of that name that holds such a file, or a user's own by its path.

    Args:
        kind: what folders with the file are, for the message.

    Raises:
        ValueError: there is none; the nearest is offered.
    """
    known = {f.name: f for f in files("gnnlab.recipes").iterdir() if f.joinpath(file).is_file()}
    if name not in known and (Path(name) / file).is_file():
        return Path(name)
    return find_by_name(kind, name, known)


def digest(contents: Iterable[bytes]) -> str:
    """What files are known by: the beginning of their sha256."""
    return hashlib.sha256(b"\n".join(contents)).hexdigest()[:16]


def read_toml(path: Traversable) -> dict[str, Any]:
    """Read a TOML file of the package."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
