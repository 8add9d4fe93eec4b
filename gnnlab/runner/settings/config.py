"""Config: the settings of a run as one frozen, typed value."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from gnnlab.core.own_parts import is_path
from gnnlab.runner.settings.given import NOTHING, Given, takes_settings
from gnnlab.runner.settings.keys import assignment, check_keys, place
from gnnlab.runner.settings.models import OwnModel, find_model, parameters_of
from gnnlab.runner.settings.own import (
    TASK,
    all_splits,
    check_given,
    is_many,
    own_digests,
    task_of,
    warn_of_changes,
)
from gnnlab.runner.settings.resolve import (
    INPUTS,
    find_task,
    from_graph,
    method_as_model,
    resolved_data,
    resolved_model,
    resolved_stress,
    resolved_task,
    resolved_training,
)
from gnnlab.runner.settings.rewirings import NONE, find_rewiring, resolved_rewiring

if TYPE_CHECKING:
    from gnnlab.contracts.encoder import Encoder
    from gnnlab.tasks.shared.listed import ListedTask


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which splits and seeds are trained; each pair is one line of results."""

    splits: tuple[int, ...] = (0,)
    seeds: tuple[int, ...] = (0,)
    device: str = "cpu"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run: task, data, model, training, rewiring, and what makes the data harder.

    ``task``, ``data``, ``model``, ``training`` and ``rewiring`` are handed on as keyword arguments
    to the task, ``datasets.load``, the encoder, ``tasks.Training`` and the rewiring, which say what
    keys there are; ``configure`` fills in their defaults. ``model.budget`` stands in the place of
    ``hidden_channels``: the largest number of parameters. ``model.encoding`` is a table of its own:
    a positional encoding and how it is embedded beside the features, and ``model.features`` stands
    in for features: ``embedding``, a learned vector a node, or ``constant``. ``task.links`` says
    how links are split, see :mod:`gnnlab.runner.settings.link_splits`. ``stress`` goes to
    ``datasets.Stress``, and is unset where the data stay as they are. ``own`` holds a digest of the
    source of each part that is not gnnlab's, by its import path, so that a change of it is another
    run; it is unset where there is none.
    """

    data: dict[str, Any]
    model: dict[str, Any] = {}
    task: dict[str, Any] = {}
    training: dict[str, Any] = {}
    rewiring: dict[str, Any] = msgspec.field(default_factory=lambda: {"name": "none"})
    stress: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    own: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    run: Run = Run()

    def key(self) -> str:
        """Return a name for the settings: equal for equal ones, whatever splits are run."""
        settings = msgspec.to_builtins(self)
        settings["run"] = {"device": self.run.device}
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def label(self) -> str:
        """Return a readable name for the run's folder."""
        names = [self.data["name"], self.model["name"], self.rewiring["name"], self.key()]
        return "-".join(map(_short, (name for name in names if name != NONE))).lower()


def _short(name: str) -> str:
    """A name that folders can have: of an import path what stands in the module, of a file its
    stem."""
    if is_path(name):
        return name.partition(":")[2]
    path = PurePath(name)
    return path.stem if "/" in name or path.suffix else name


def configure(
    settings: Mapping[str, Any], overrides: Sequence[str] = (), given: Given = NOTHING
) -> Config:
    """Check settings, with ``dotted.key=VALUE`` overrides applied, and return them as a Config.

    A run that names no task has that which its data are for.

    Args:
        settings: nested tables as a TOML file has them.
        overrides: VALUE is TOML; a word that is no TOML value counts as a string.
        given: objects that stand in the place of names.

    Raises:
        ValueError: a key that nothing reads (the nearest is named), a value of the wrong type, an
            unknown model or rewiring.
    """
    tables = json.loads(json.dumps(settings))
    for override in overrides:
        change(tables, override)
    _check_sections(tables)
    tables = given.tables(tables)
    wanted, task_table = tables.pop("own", {}), tables.get("task", {})
    check_given(wanted, given)
    if not task_table.get("name"):
        tables["task"] = {**task_table, "name": task_of(tables.get("data"), given)}
    _check_tables(tables)
    model = _model(tables, given)
    _check_constructors(tables, model, given)
    if tables.get("run", {}).get("splits") == "all":
        own = resolved_data(tables["data"]) if given.data is None else tables["data"]
        tables["run"]["splits"] = all_splits(own, given)
    try:
        config = msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        raise ValueError(f"the settings do not fit: {error}") from error
    if not config.run.splits or not config.run.seeds:
        raise ValueError("run.splits and run.seeds name what is trained: give at least one of each")
    data = resolved_data(config.data) if given.data is None else config.data
    task = resolved_task(config.task, data, is_many(data, given))
    trains = _task(tables).trains
    resolved = method_as_model(task, config.model) if not trains else config.model
    found = msgspec.structs.replace(
        config,
        task=task,
        data=data,
        model=resolved if model is None else resolved_model(model, config.model),
        training=resolved_training(config.training) if trains else {},
        rewiring=resolved_rewiring(config.rewiring) if given.rewiring is None else config.rewiring,
        stress=resolved_stress(config.stress) or msgspec.UNSET,
    )
    digests = own_digests(msgspec.to_builtins(found), given)
    warn_of_changes(wanted, digests)
    return msgspec.structs.replace(found, own=digests or msgspec.UNSET)


def _model(tables: Mapping[str, Any], given: Given) -> type[Encoder] | OwnModel | None:
    """What the model's settings go to: nothing where none is trained, or it is built already."""
    name = tables.get("model", {}).get("name", "")
    if not _task(tables).trains:
        return None
    if given.model is None:
        return find_model(name)
    return OwnModel(given.model, name) if takes_settings(given.model) else None


def _check_sections(tables: dict[str, Any]) -> None:
    """Refuse sections that nothing reads, and sections and names of the wrong kind."""
    check_keys("", tables, Config.__struct_fields__, everywhere())
    for section in tables:
        if not isinstance(tables[section], dict):
            raise ValueError(
                f"{section} is {tables[section]!r}, but it must be a table: set {section}.name or "
                "another key of it"
            )
        name = tables[section].get("name", "")
        if not isinstance(name, str):
            raise ValueError(f"{section}.name is {name!r}, but a name is a string")


def _check_tables(tables: dict[str, Any]) -> None:
    """Refuse settings without a name of what they are for."""
    for section in ("data", "model") if _task(tables).trains else ("data",):
        if not tables.get(section, {}).get("name"):
            raise ValueError(f"{section}.name is missing: say which with --{section} NAME")
    check_keys("run", tables.get("run", {}), Run.__struct_fields__)


def _task(tables: Mapping[str, Any]) -> type[ListedTask]:
    return find_task(tables.get("task", {}).get("name", TASK))


@cache
def everywhere() -> tuple[str, ...]:
    """Every key that some section has, dotted; of two of one name the likelier first."""
    from dataclasses import fields

    from gnnlab import datasets, layers, rewiring, tasks
    from gnnlab.tasks.shared.listed import listed_tasks

    own: dict[str, Any] = {"training": [tasks.Training], "task": listed_tasks().values()}
    found = [f"{part}.{f.name}" for part, all_of in own.items() for c in all_of for f in fields(c)]
    for cls in layers.encoders().values():
        arguments = inspect.signature(cls).parameters
        found += [f"model.{key}" for key in arguments if key not in from_graph(cls)]
    found += [f"data.{key}" for key in inspect.signature(datasets.load).parameters]
    found += [f"run.{key}" for key in Run.__struct_fields__]
    found += [f"stress.{f.name}" for f in fields(datasets.Stress)]
    for method in rewiring.rewirings().values():
        found += [f"rewiring.{f.name}" for f in fields(method)]
    # Who says seed alone means run.seeds.
    return tuple(path for path in found if path.partition(".")[2] != "seed")


def change(tables: dict[str, Any], override: str, option: str = "--set") -> None:
    """Set what ``dotted.key=VALUE`` says, in place.

    Args:
        option: which gave it, for the message.

    Raises:
        ValueError: another form, or a key within a value.
    """
    path, value = assignment(override, option)
    place(tables, path, value, f"{option} {override!r}")


def _check_constructors(
    tables: dict[str, Any], model: type[Encoder] | OwnModel | None, given: Given
) -> None:
    """Hold the free tables against the signatures that will receive them."""
    from dataclasses import fields

    from gnnlab import datasets, tasks

    task = tables.get("task", {})
    cls: Any = _task(tables)
    links, others = cls.splits_links, everywhere()
    check_keys("task", task, ["name", *["links"] * links, *(f.name for f in fields(cls))], others)
    check_keys(
        "stress", tables.get("stress", {}), (f.name for f in fields(datasets.Stress)), others
    )
    if given.rewiring is None:
        find_rewiring(tables.get("rewiring", {}))
    if not cls.trains:
        if tables.get("training"):
            raise ValueError(
                f"training is {tables['training']}, but task {cls.listed} trains nothing: leave it "
                "out"
            )
        return
    if model is not None:
        check_keys("model", tables["model"], _known(model, tables["model"], links), others)
    check_keys(
        "training", tables.get("training", {}), (f.name for f in fields(tasks.Training)), others
    )


def _known(model: type[Encoder] | OwnModel, table: Mapping[str, Any], links: bool) -> set[str]:
    """The keys of ``[model]`` that something reads."""
    arguments = set(parameters_of(model))
    if isinstance(model, OwnModel):
        return {*INPUTS, *arguments, *(table if model.open else ())}
    # A head stands on an encoder's last Linear where links are told; elsewhere it would predict.
    own = arguments & {"out_channels"} if links else set()
    return {*INPUTS} | (arguments - from_graph(model)) | own
