"""The settings of a run as one frozen, typed value."""

from __future__ import annotations

import hashlib
import inspect
import json
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from .resolve import FROM_THE_GRAPH, resolved_data, resolved_model, resolved_training


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is predicted and how it is scored."""

    name: str = "node"
    metric: Literal[
        "accuracy", "auto", "average_precision", "balanced_accuracy", "f1", "roc_auc"
    ] = "auto"


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which splits and seeds are trained; each pair is one line of results."""

    splits: tuple[int, ...] = (0,)
    seeds: tuple[int, ...] = (0,)
    device: str = "cpu"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run: task, data, model, training and rewiring.

    ``data``, ``model`` and ``training`` are handed on as keyword arguments to ``datasets.load``,
    the encoder and ``tasks.Training``, whose signatures say which keys there are; ``configure``
    fills in their defaults.
    """

    data: dict[str, Any]
    model: dict[str, Any]
    task: Task = Task()
    training: dict[str, Any] = {}
    rewiring: dict[str, Any] = msgspec.field(default_factory=lambda: {"name": "none"})
    run: Run = Run()

    def key(self) -> str:
        """Return a name for the settings: equal for equal ones, whatever splits are run."""
        settings = msgspec.to_builtins(self)
        settings["run"] = {"device": self.run.device}
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def label(self) -> str:
        """Return a readable name for the run's folder."""
        return f"{self.data['name']}-{self.model['name']}-{self.key()}".lower()


def configure(settings: Mapping[str, Any], overrides: Sequence[str] = ()) -> Config:
    """Check settings, with ``dotted.key=VALUE`` overrides applied, and return them as a Config.

    Args:
        settings: nested tables as a TOML file has them.
        overrides: VALUE is TOML; a word that is no TOML value counts as a string.

    Raises:
        ValueError: a key that nothing reads (the nearest is named), a value of the wrong type, an
            unknown model or rewiring.
    """
    tables = json.loads(json.dumps(settings))
    for override in overrides:
        _override(tables, override)
    _check_tables(tables)
    _check_constructors(tables)
    try:
        config = msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        raise ValueError(f"the settings do not fit: {error}") from error
    if not config.run.splits or not config.run.seeds:
        raise ValueError("run.splits and run.seeds name what is trained: give at least one of each")
    return msgspec.structs.replace(
        config,
        data=resolved_data(config.data),
        model=resolved_model(config.model),
        training=resolved_training(config.training),
    )


def _check_tables(tables: dict[str, Any]) -> None:
    """Refuse keys that nothing reads, and sections and names of the wrong kind."""
    check_keys("", tables, Config.__struct_fields__)
    for section in tables:
        if not isinstance(tables[section], dict):
            raise ValueError(
                f"{section} is {tables[section]!r}, but it must be a table: set {section}.name or "
                "another key of it"
            )
        name = tables[section].get("name", "")
        if not isinstance(name, str):
            raise ValueError(f"{section}.name is {name!r}, but a name is a string")
    for section in ("data", "model"):
        if not tables.get(section, {}).get("name"):
            raise ValueError(f"{section}.name is missing: say which with --{section} NAME")
    for section, kind in (("task", Task), ("run", Run)):
        check_keys(section, tables.get(section, {}), kind.__struct_fields__)
    check_keys("rewiring", tables.get("rewiring", {}), {"name"})


def _override(tables: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    if not equals or not dotted.strip():
        raise ValueError(f"--set {override!r} is not of the form dotted.key=VALUE")
    *path, key = dotted.strip().split(".")
    table = tables
    for name in path:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ValueError(f"--set {override!r}: {name} is a value and holds no keys")
    table[key] = toml_value(text.strip())


def toml_value(text: str) -> Any:
    """Read a TOML value; a word that is none counts as a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _check_constructors(tables: dict[str, Any]) -> None:
    """Hold the free tables against the signatures that will receive them."""
    from dataclasses import fields

    from gnnlab import layers, tasks

    encoder = layers.find(tables["model"]["name"])
    known = {"name", *inspect.signature(encoder).parameters} - set(FROM_THE_GRAPH)
    check_keys("model", tables["model"], known)
    check_keys("training", tables.get("training", {}), {f.name for f in fields(tasks.Training)})
    _check_rewiring(tables.get("rewiring", {}).get("name", "none"))
    _check_task(tables.get("task", {}).get("name", "node"))


def _check_rewiring(name: str) -> None:
    known = ("none",)  # the runner does not rewire yet
    if name not in known:
        raise ValueError(f"unknown rewiring {name!r}; there are {', '.join(known)}")


def _check_task(name: str) -> None:
    if name != "node":
        raise ValueError(f"unknown task {name!r}; there is node")


def check_keys(section: str, table: dict[str, Any], known: Any) -> None:
    """Refuse keys that nothing reads; the nearest known one is named."""
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.4)
            place = f"{section}.{key}" if section else key
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
            raise ValueError(f"unknown key {place!r}; {hint}")
