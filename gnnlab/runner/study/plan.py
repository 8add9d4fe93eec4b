"""Plan of a study: every method in the same cells, with the same budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.core.names import select
from gnnlab.core.own_parts import is_path
from gnnlab.runner.runs.run import Pair
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.settings.models import find_model, parameters_of
from gnnlab.runner.settings.recipes import digest, folder_with, read_toml

FILE = "study.toml"


@dataclass(frozen=True)
class Cell:
    """A dataset, a model and a method, with the settings that are tried.

    Args:
        tune: pairs of split and seed that choose the setting.
        final: those that are reported.
        twin: train the chosen setting with its rewiring's random twin as well.
    """

    data: str
    model: str
    method: str
    configs: tuple[Config, ...]
    tune: tuple[Pair, ...]
    final: tuple[Pair, ...]
    twin: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.data}-{self.model}-{self.method}"

    @property
    def group(self) -> tuple[str, str]:
        """What is compared within."""
        return self.data, self.model


@dataclass(frozen=True)
class Study:
    """What is in a study's folder of TOML files, and which that is."""

    name: str
    title: str
    protocol: str
    baseline: str
    digest: str
    cells: tuple[Cell, ...]
    place: str = ""


def read_study(
    name: str,
    overrides: Sequence[str] = (),
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
) -> Study:
    """Read a study and configure every setting of every cell.

    Args:
        name: of a study, or the path of a folder of such files.
        overrides: of every setting; results are then kept apart from the study's own.
        models: in the place of the study's, by name or import path.
        methods: rewirings in the place of the study's, by name or import path, beside its baseline;
            those that it knows have their strengths, any other is tried with its defaults.

    Raises:
        ValueError: no such study (the nearest is offered), or settings that do not fit.
    """
    folder = folder_with(FILE, "study", name)
    tables = {
        path.name.removesuffix(".toml"): path
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }
    content = digest(path.read_bytes() for path in tables.values())
    shared = _with_own(read_toml(tables.pop("study")), models, methods)
    cells = [
        cell
        for data, path in tables.items()
        for cell in _cells(data, read_toml(path), shared, overrides)
    ]
    return Study(
        name=folder.name,
        title=shared["title"],
        protocol=" ".join(shared["protocol"].split()),
        baseline=shared["baseline"],
        digest=content,
        cells=tuple(cells),
        place=folder.as_posix() if isinstance(folder, Path) and folder == Path(name) else "",
    )


def _with_own(
    shared: dict[str, Any], models: Sequence[str], methods: Sequence[str]
) -> dict[str, Any]:
    """What all cells share, with a user's models and methods in the place of the study's."""
    found = dict(shared)
    if models:
        own = {_label(name): {"name": name} for name in models}
        found["models"] = {key: shared["models"].get(key, table) for key, table in own.items()}
    if methods:
        known = [shared["baseline"], *(name for name in methods if name in shared["methods"])]
        found["own"] = {_label(name): name for name in methods if name not in known}
        found["methods"] = list(dict.fromkeys([*known, *found["own"]]))
    return found


def _label(name: str) -> str:
    """A name in a cell's name, whose words ``-`` parts."""
    return name.rpartition(":")[2].lower().replace("-", "_")


def _cells(
    data: str, table: dict[str, Any], shared: dict[str, Any], overrides: Sequence[str]
) -> Iterator[Cell]:
    final = tuple((seed % table["splits"], seed) for seed in shared["seeds"])
    tune = tuple((split, seed) for split, seed in shared["tune"])
    own = {label: [{"name": name}] for label, name in shared.get("own", {}).items()}
    tables = {**table, "methods": {**table["methods"], **own}}
    for model, chosen in shared["models"].items():
        for method in shared["methods"]:
            configs = tuple(
                configure(_settings(tables, chosen, method, row), overrides)
                for row in shared["settings"]
            )
            yield Cell(data, model, method, configs, tune, final, method in shared.get("twins", ()))


def _settings(
    table: dict[str, Any], model: dict[str, Any], method: str, row: dict[str, Any]
) -> dict[str, Any]:
    """One setting of a cell, as ``configure`` takes it."""
    depth: dict[str, Any] = {key: row[key] for key in ("dropout", "num_layers") if key in row}
    of_strength, taken = table["methods"][method], partial(_taken, model["name"])
    return {
        "task": table.get("task", {}),
        "data": table["data"],
        "model": {**taken(table.get("model", {})), **model, **taken(depth)},
        "training": {**table.get("training", {}), "lr": row["lr"]},
        "rewiring": of_strength[min(row.get("strength", 0), len(of_strength) - 1)],
    }


def _taken(model: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What all models are told, of a user's own as far as it takes it."""
    if not is_path(model):
        return dict(settings)
    known = parameters_of(find_model(model))
    return {key: value for key, value in settings.items() if key in known}


def select_cells(study: Study, only: Sequence[str]) -> list[Cell]:
    """The cells whose names hold every word of one of the given names; all of them for none.

    Raises:
        ValueError: a name that fits no cell.
    """
    return select(study.cells, only, f"cell of {study.name}: cells are DATA-MODEL-METHOD")
