"""Plan of a bench: encoders, sets and settings, with one budget and one protocol for all."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gnnlab.core.names import find_by_name, plain, select
from gnnlab.core.own_parts import is_path
from gnnlab.runner.settings.config import Config, change, configure
from gnnlab.runner.settings.models import find_model, parameters_of
from gnnlab.runner.settings.recipes import digest, folder_with, read_toml

FILE = "bench.toml"
Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Cell:
    """An encoder on a set under a setting."""

    data: str
    model: str
    setting: str
    config: Config

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return "-".join((self.data, self.model, self.setting)).replace(" ", "-")


@dataclass(frozen=True)
class Bench:
    """The grid of a bench's TOML file, or a part of it with what a user adds.

    Args:
        digest: of the file.
        shared: what all cells have in common: splits, seeds, and tables of task, model and
            training.
        models, data, settings: tables of settings by what the page calls them.
        changes: ``dotted.key=VALUE`` for every cell, on top of the file.
    """

    name: str
    title: str
    protocol: str
    digest: str
    shared: Mapping[str, Any]
    models: Tables
    data: Tables
    settings: Tables
    changes: tuple[str, ...] = ()

    def cells(self) -> list[Cell]:
        """Every encoder on every set under every setting.

        Raises:
            ValueError: settings that do not fit.
        """
        return [
            Cell(data, model, setting, configure(self._settings(*tables), self.changes))
            for data, on in self.data.items()
            for model, own in self.models.items()
            for setting, stress in self.settings.items()
            for tables in [(on, own, stress)]
        ]

    def _settings(self, *tables: Mapping[str, Any]) -> dict[str, Any]:
        """One cell's settings, as ``configure`` takes them."""
        data, model, stress = tables
        run = {"splits": list(range(self.shared["splits"])), "seeds": self.shared["seeds"]}
        same = {key: self.shared[key] for key in ("task", "training")}
        common = _common(self.shared["model"], model)
        return {**same, "data": data, "model": {**common, **model}, "stress": stress, "run": run}


def _common(shared: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that all encoders share, as far as this one has them.

    A width of its own takes the place of the budget.
    """
    cls = find_model(model["name"])
    known = {*parameters_of(cls), "budget"}
    known -= {"budget"} if "hidden_channels" in model else set()
    return {key: value for key, value in shared.items() if key in known}


def read_bench(name: str) -> Bench:
    """Read a bench's grid.

    Raises:
        ValueError: no such bench; the nearest is offered.
    """
    folder = folder_with(FILE, "bench", name)
    path = folder.joinpath(FILE)
    table = read_toml(path)
    return Bench(
        name=folder.name,
        title=table.pop("title"),
        protocol=" ".join(table.pop("protocol").split()),
        digest=digest([path.read_bytes()]),
        models=table.pop("models"),
        data=table.pop("data"),
        settings=table.pop("settings"),
        shared=table,
    )


def choose(
    bench: Bench,
    models: Sequence[str] = (),
    data: Sequence[str] = (),
    settings: Sequence[str] = (),
    changes: Sequence[str] = (),
) -> Bench:
    """Take some of a bench's encoders, sets and settings, or others; all of them for none.

    Args:
        models, data, settings: a name, and ``key=VALUE`` after it for what is changed:
            ``"path-nn kind=all length=2"``. Names that the bench lacks are those of encoders and
            sets as they are listed, or import paths, ``package.module:Name``; a setting needs no
            name: ``"edges=0.4 labels=0.1"``.
        changes: ``dotted.key=VALUE`` for every cell.

    Raises:
        ValueError: an unknown name; words that are no ``key=VALUE``.
    """
    from gnnlab import datasets, layers

    encoders = {name: {"name": name} for name in layers.encoders.names()}
    sets = {name: {"name": name} for name in datasets.names("graph")}
    return replace(
        bench,
        models=_chosen("encoder", "--models", bench.models, encoders, models),
        data=_chosen("set of graphs", "--data", bench.data, sets, data),
        settings=_chosen("setting", "--settings", bench.settings, {}, settings),
        changes=tuple(changes),
    )


def _chosen(kind: str, option: str, own: Tables, others: Tables, given: Sequence[str]) -> Tables:
    found: dict[str, Mapping[str, Any]] = {}
    listed = {plain(name): name for name in own}
    for text in given:
        name, *words = shlex.split(text) or [""]
        if "=" in name and not others:  # a setting without a name
            name, words = "", [name, *words]
        known = {name: {"name": name}} if is_path(name) else {**others, **own}
        table = find_by_name(kind, name, known) if name or others else {}
        label = listed.get(plain(name), name.rpartition(":")[2].lower())
        found[" ".join([label, *words]).strip()] = _changed(table, words, option)
    return found or own


def _changed(table: Mapping[str, Any], words: Sequence[str], option: str) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(table))
    for word in words:
        change(copied, word, option)
    return copied


def select_cells(bench: Bench, cells: Sequence[Cell], only: Sequence[str]) -> list[Cell]:
    """The cells whose names hold every word of one of the given names; all of them for none.

    Raises:
        ValueError: a name that fits no cell.
    """
    return select(cells, only, f"cell of {bench.name}: cells are DATA-MODEL-SETTING")
