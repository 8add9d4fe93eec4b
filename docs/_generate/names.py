"""Exported names: every public object of the package, by the face that exports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from .docstrings import first_line

FACES = {
    "gnnlab": "One check of a graph, before anything else.",
    "gnnlab.layers": "Encoders, convolutions, and steps before an encoder.",
    "gnnlab.rewiring": "Changes of a graph before training, and measures of a graph.",
    "gnnlab.tasks": "What is predicted, how it is trained, and heads that score pairs of nodes.",
    "gnnlab.explain": "Which edges and features a prediction comes from, and how good that is.",
    "gnnlab.conformal": "Sets of classes that hold the right one as often as asked for.",
    "gnnlab.datasets": "Graphs by name, generated graphs, splits, and cards.",
    "gnnlab.ops": "Message-passing operations, fast and deterministic.",
    "gnnlab.structure": "Graph algorithms: paths, neighbourhoods, colours.",
    "gnnlab.structure.transforms": "Structures and encodings that are stored with a graph.",
    "gnnlab.analysis": "What depth does to hidden states.",
    "gnnlab.runner": "Recipes, runs and results from Python.",
}
"""Packages whose ``__all__`` is public, and what each holds, in a sentence."""


@dataclass(frozen=True)
class Entry:
    """An exported name.

    Args:
        face: the package that exports it, such as ``gnnlab.layers``.
        thing: the object itself.
    """

    face: str
    name: str
    thing: Any

    @property
    def path(self) -> str:
        """The full name by which it is imported."""
        return f"{self.face}.{self.name}"

    @property
    def page(self) -> str:
        """Its page in the API reference, without a suffix."""
        return f"reference/{self.face.removeprefix('gnnlab.').replace('.', '-')}/{self.name}"

    @cached_property
    def first_line(self) -> str:
        """What it is, in its docstring's first line."""
        return first_line(self.thing)

    @property
    def family(self) -> str:
        """The sub-package of the face that defines it; empty where the face has no sub-packages."""
        module = str(getattr(self.thing, "__module__", ""))
        if not module.startswith(self.face + "."):
            return ""
        return module.removeprefix(self.face + ".").rpartition(".")[0]

    @property
    def nearness(self) -> bool:
        """Whether the object is defined below the face."""
        return str(getattr(self.thing, "__module__", "")).startswith(self.face + ".")

    @property
    def kind(self) -> str:
        """How Sphinx documents it: ``class``, ``function`` or ``data``."""
        if isinstance(self.thing, type):
            return "class"
        named = callable(self.thing) and hasattr(self.thing, "__name__")
        return "function" if named and self.first_line else "data"


def entries(face: str) -> Iterator[Entry]:
    """Every name that a face exports, less modules and dunders, in the order of the alphabet."""
    package = import_module(face)
    for name in sorted(package.__all__, key=str.lower):
        thing = getattr(package, name)
        if not isinstance(thing, ModuleType) and not name.startswith("__"):
            yield Entry(face, name, thing)


def every_entry() -> list[Entry]:
    """All exported names of all faces."""
    return [entry for face in FACES for entry in entries(face)]


def homes(found: list[Entry]) -> dict[int, Entry]:
    """For every object the entry that documents it, by ``id``: that of the nearest face."""
    made: dict[int, Entry] = {}
    for entry in sorted(found, key=lambda entry: (entry.nearness, len(entry.face))):
        made[id(entry.thing)] = entry
    return made


def family_title(face: str, family: str) -> str:
    """The heading of a sub-package: its name in words."""
    return family.replace(".", ", ").replace("_", " ").capitalize() if family else ""


def family_text(face: str, family: str) -> str:
    """The first line of a sub-package's docstring."""
    text = import_module(f"{face}.{family}").__doc__ if family else ""
    return next(iter((text or "").splitlines()), "")
