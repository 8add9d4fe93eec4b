"""Resolution of settings: every default filled in, every name in its listed spelling.

What a run's folder is named by and what its ``run.toml`` holds: two spellings of one setting are
one run, and a default that changes later makes another.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, cast

from gnnlab.core.arguments import check_count
from gnnlab.core.own_parts import is_ours
from gnnlab.runner.settings.encoders import resolved_encoding, resolved_features
from gnnlab.runner.settings.link_splits import resolved_links
from gnnlab.runner.settings.models import GIVEN_WIDTHS, OwnModel, parameters_of

if TYPE_CHECKING:
    from gnnlab.contracts.encoder import Encoder
    from gnnlab.tasks.shared.listed import ListedTask

WIDTH = 64
"""Hidden channels of a model that is given none."""


def find_task(name: str) -> type[ListedTask]:
    """The task's class.

    Raises:
        ValueError: there is none of that name.
    """
    from gnnlab.tasks.shared.listed import listed_tasks

    return listed_tasks.find(name)


def resolved_task(table: Mapping[str, Any], data: Mapping[str, Any], many: bool) -> dict[str, Any]:
    """The task's name as listed and all its settings.

    Args:
        data: resolved: a set of graphs may name a metric.
        many: whether they are a set of graphs, in which links are not split.

    Raises:
        ValueError: what the task refuses, or settings of a split that is not drawn.
    """
    given = {key: value for key, value in table.items() if key not in ("name", "links")}
    cls = find_task(table["name"])
    defaults = {field.name: field.default for field in fields(cast(Any, cls))}
    built = asdict(cls(**given))  # type: ignore[call-overload]
    found = {key: _like(value, defaults[key]) for key, value in built.items()}
    found = cls.settled(_with_metric(cls, found, data), many)
    found = {key: value for key, value in found.items() if not _is_before(cls.later, key, value)}
    name = cls.listed if is_ours(cls) else table["name"]
    return {"name": name, **found, **_links(cls, table.get("links"), data["name"], many)}


def _with_metric(
    cls: type[ListedTask], found: dict[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings, with the metric that the data's record names."""
    if found.get("metric") != "auto":
        return found
    return {**found, "metric": _named_metric(cls, data, found.get("kind", "auto"))}


def _links(
    cls: type[ListedTask], links: Mapping[str, Any] | None, data: str, many: bool
) -> dict[str, Any]:
    """How links are split, where they are."""
    if not cls.splits_links:
        return {}
    if not many:
        return {"links": resolved_links({} if links is None else links)}
    if links is not None:
        raise ValueError(
            f"task.links is {dict(links)}, but it splits the links of one graph, and {data} is a "
            "set of graphs that come with their pairs: leave it out"
        )
    return {}


def _is_before(later: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether a setting that came later has the value that earlier runs had."""
    return key in later and bool(value == later[key])


def _named_metric(task: type[ListedTask], data: Mapping[str, Any], kind: Any) -> str:
    """The metric that the data's record names where a task would take another, else ``auto``.

    Runs by the task's own metric are named by ``auto``, and would be resumed with another.
    """
    from gnnlab.datasets.catalogue.records import find
    from gnnlab.datasets.loading import is_listed
    from gnnlab.tasks.metrics.by_name import BY_KIND

    if "source" not in data or not is_listed(data["name"]):
        return "auto"
    options = find(data["name"], data["source"]).options
    named = str(options.get("metric", "auto"))
    other = not str(options.get("serves", task.listed)).startswith(task.listed)
    if other or named in task.unasked or (kind != "auto" and named not in BY_KIND[kind]):
        return "auto"
    return named


def resolved_data(table: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset's name as listed, its source and split, or all arguments of a generator."""
    from gnnlab import datasets

    return datasets.resolve(**table)


def resolved_model(cls: type[Encoder] | OwnModel, table: Mapping[str, Any]) -> dict[str, Any]:
    """The encoder's class name and its arguments; what the graph decides is left out."""
    own = isinstance(cls, OwnModel)
    if isinstance(cls, OwnModel):
        cls.check(table)
    later, left_out = cls.later, from_graph(cls)
    found: dict[str, Any] = {"name": cls.__name__}
    for name, parameter in parameters_of(cls).items():
        if name in left_out and name not in table:
            continue
        value = table.get(name, _default(name, parameter, own))
        if _is_before(later, name, value):
            continue
        if value is not None and value is not inspect.Parameter.empty:
            found[name] = _like(value, parameter.default)
    if isinstance(cls, OwnModel) and cls.open:
        found |= {key: value for key, value in table.items() if key not in (*found, *INPUTS)}
    if "budget" in table:
        found["budget"] = _budget(table)
        found.pop("hidden_channels", None)
    if "encoding" in table:
        found["encoding"] = resolved_encoding(table["encoding"])
    if "features" in table:
        found |= resolved_features(table["features"])
    return found


def _default(name: str, parameter: inspect.Parameter, own: bool) -> Any:
    """What a setting is where it is not given; of another's class only what TOML has a word for."""
    value = parameter.default
    if name == "hidden_channels" and (not own or value in (None, inspect.Parameter.empty)):
        return WIDTH
    plain = isinstance(value, (str, bool, int, float, list, tuple, dict))
    return value if plain or not own else None


def method_as_model(task: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the model's place of a task that trains no encoder: the name of its method.

    Raises:
        ValueError: a model is named.
    """
    own = {"name": task["method"]["name"]}
    if table not in ({}, own):
        raise ValueError(
            f"model is {dict(table)}, but task {task['name']} trains no encoder: leave it out, and "
            "name a method with task.method"
        )
    return own


def _budget(table: Mapping[str, Any]) -> int:
    """The number of parameters that a model may have.

    Raises:
        ValueError: no whole number of at least 1, or a width beside it.
    """
    check_count("model.budget", table["budget"])
    if "hidden_channels" in table:
        raise ValueError(
            f"model.hidden_channels is {table['hidden_channels']} and model.budget is "
            f"{table['budget']}, but the budget decides the width: leave one out"
        )
    return int(table["budget"])


def resolved_training(table: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of training that are set."""
    from gnnlab import tasks

    defaults = {field.name: field.default for field in fields(tasks.Training)}
    found = asdict(tasks.Training(**table))
    kept = {
        key: value
        for key, value in found.items()
        if value is not None and value != {} and (key, value) not in ADDED
    }
    return {key: _like(value, defaults[key]) for key, value in kept.items()}


def resolved_stress(table: Any) -> dict[str, Any]:
    """What makes the data harder, as far as it does; the seed where anything is drawn."""
    from gnnlab import datasets

    defaults = asdict(datasets.Stress())
    given = asdict(datasets.Stress(**table)) if table else defaults
    found = {key: value for key, value in given.items() if value != defaults[key]}
    if not found.keys() - {"seed"}:
        return {}
    kept = {**found, "seed": given["seed"]}
    return {key: _like(value, defaults[key]) for key, value in kept.items()}


def from_graph(cls: type[Encoder] | OwnModel) -> set[str]:
    """Arguments that no setting gives, but for the width of states that links end in."""
    return {*GIVEN_WIDTHS, *cls.from_graph}


INPUTS = ("name", "encoding", "budget", "features")
"""Keys of ``[model]`` that are no arguments of the encoder's."""

ADDED = (("stop", "patience"),)
"""Settings that came later are left out at their defaults: runs from before keep their names."""


def _like(value: Any, default: Any) -> Any:
    """1 where 1.0 is meant is 1.0."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(default, float) else value
