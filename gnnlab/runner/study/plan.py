"""Plan of a study: every method in the same cells, with the same budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gnnlab.core.names import select
from gnnlab.runner.runs.run import Pair
from gnnlab.runner.settings.config import Config, configure
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
    """What is in a study's folder of TOML files."""

    name: str
    title: str
    protocol: str
    baseline: str
    digest: str
    cells: tuple[Cell, ...]


def read_study(name: str, overrides: Sequence[str] = ()) -> Study:
    """Read a study and configure every setting of every cell.

    Args:
        overrides: of every setting; results are then kept apart from the study's own.

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
    shared = read_toml(tables.pop("study"))
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
    )


def _cells(
    data: str, table: dict[str, Any], shared: dict[str, Any], overrides: Sequence[str]
) -> Iterator[Cell]:
    final = tuple((seed % table["splits"], seed) for seed in shared["seeds"])
    tune = tuple((split, seed) for split, seed in shared["tune"])
    for model, chosen in shared["models"].items():
        for method in shared["methods"]:
            configs = tuple(
                configure(_settings(table, chosen, method, row), overrides)
                for row in shared["settings"]
            )
            yield Cell(data, model, method, configs, tune, final, method in shared["twins"])


def _settings(
    table: dict[str, Any], model: dict[str, Any], method: str, row: dict[str, Any]
) -> dict[str, Any]:
    """One setting of a cell, as ``configure`` takes it."""
    depth = {key: row[key] for key in ("dropout", "num_layers")}
    return {
        "task": table["task"],
        "data": table["data"],
        "model": {**table["model"], **model, **depth},
        "training": {**table["training"], "lr": row["lr"]},
        "rewiring": table["methods"][method][row["strength"]],
    }


def select_cells(study: Study, only: Sequence[str]) -> list[Cell]:
    """The cells whose names hold every word of one of the given names; all of them for none.

    Raises:
        ValueError: a name that fits no cell.
    """
    return select(study.cells, only, f"cell of {study.name}: cells are DATA-MODEL-METHOD")
