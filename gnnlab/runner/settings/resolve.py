"""Settings with every default filled in and every name spelled one way.

What a run's folder is named by and what its ``run.toml`` holds: two spellings of one setting are
one run, and a default that changes later makes another.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from gnnlab.core.arguments import check_count
from gnnlab.core.names import find_by_name, plain
from gnnlab.runner.settings.encoders import resolved_encoding, resolved_features
from gnnlab.runner.settings.link_splits import resolved_links

if TYPE_CHECKING:
    from gnnlab.contracts.encoder import Encoder

WIDTH = 64
"""Hidden channels of a model that is given none."""


def find_task(name: str) -> Any:
    """The task's class.

    Raises:
        ValueError: there is none of that name.
    """
    from gnnlab import tasks

    return find_by_name(
        "task",
        name,
        {
            "node": tasks.NodeClassification,
            "link": tasks.LinkPrediction,
            "graph": tasks.GraphPrediction,
        },
    )


def resolved_task(table: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The task's name as listed and all its settings.

    Args:
        data: resolved: in sets of graphs, links are not split, and a set may name a metric.

    Raises:
        ValueError: what the task refuses, or settings of a split that is not drawn.
    """
    given = {key: value for key, value in table.items() if key not in ("name", "links")}
    name = plain(table["name"])
    task = find_task(name)(**given)
    found = asdict(task)
    if found["metric"] == "auto":
        found["metric"] = _named_metric(name, data, found.get("kind", "auto"))
    if name == "link":
        found = _resolved_links(task, found, table.get("links"), data["name"])
    later = ADDED_TO_TASKS[name]
    kept = {key: value for key, value in found.items() if (key, value) not in later}
    return {"name": name, **kept}


def _named_metric(task: str, data: Mapping[str, Any], kind: Any) -> str:
    """The metric that the data's record names where a task would take another, else ``auto``.

    Runs by the task's own metric are named by ``auto``, and would be resumed with another.
    """
    from gnnlab.datasets.catalogue.records import find
    from gnnlab.tasks.metrics.by_name import BY_KIND

    if "source" not in data:
        return "auto"
    options = find(data["name"], data["source"]).options
    named = str(options.get("metric", "auto"))
    other = not str(options.get("serves", task)).startswith(task)
    if other or named in TASKS_OWN[task] or (kind != "auto" and named not in BY_KIND[kind]):
        return "auto"
    return named


TASKS_OWN = {
    "node": ("accuracy",),
    "link": ("filtered_mrr",),
    "graph": ("accuracy", "average_precision", "mae"),
}
"""The metrics that records name and that tasks take unasked of data such as theirs."""


def _resolved_links(
    task: Any, found: Mapping[str, Any], links: Mapping[str, Any] | None, data: str
) -> dict[str, Any]:
    """The settings of link prediction in one graph, whose links are split, or within many."""
    from gnnlab import datasets
    from gnnlab.tasks.link.many_graphs import GRAPHS_A_STEP, OF_ONE_GRAPH, check_settings
    from gnnlab.tasks.link.steps import SHARE_A_STEP

    if data not in datasets.names("graph"):
        size = found["batch_size"] or SHARE_A_STEP
        return {**found, "batch_size": size, "links": resolved_links(links or {})}
    check_settings(task)
    if links is not None:
        raise ValueError(
            f"task.links is {dict(links)}, but it splits the links of one graph, and {data} is a "
            "set of graphs that come with their pairs: leave it out"
        )
    own = {key: value for key, value in found.items() if key not in OF_ONE_GRAPH}
    return {**own, "batch_size": found["batch_size"] or GRAPHS_A_STEP}


def resolved_data(table: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset's name as listed, its source and split, or all arguments of a generator."""
    from gnnlab import datasets

    return datasets.resolve(**table)


def resolved_model(table: Mapping[str, Any]) -> dict[str, Any]:
    """The encoder's class name and its arguments; what the graph decides is left out."""
    from gnnlab import layers

    cls = layers.find(table["name"])
    later, left_out = cls.later, from_graph(cls)
    found: dict[str, Any] = {"name": cls.__name__}
    for name, parameter in inspect.signature(cls).parameters.items():
        if name in left_out and name not in table:
            continue
        value = table.get(name, WIDTH if name == "hidden_channels" else parameter.default)
        if name in later and value == later[name]:
            continue
        if value is not None and value is not inspect.Parameter.empty:
            found[name] = _like(value, parameter.default)
    if "budget" in table:
        found["budget"] = _budget(table)
        found.pop("hidden_channels", None)
    if "encoding" in table:
        found["encoding"] = resolved_encoding(table["encoding"])
    if "features" in table:
        found |= resolved_features(table["features"])
    return found


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


def from_graph(cls: type[Encoder]) -> set[str]:
    """Arguments that no setting gives, but for the width of states that links end in."""
    return {"in_channels", "out_channels", *cls.from_graph}


ADDED = (("stop", "patience"),)
"""Settings that came later are left out at their defaults: runs from before keep their names."""
HEAD = (
    *(("head_layers", 1), ("head_dropout", 0.0), ("head_activation", "relu")),
    *(("head_drops_states", True), ("head_narrows", False)),
)
ADDED_TO_TASKS = {
    "node": (("batch_size", 64), ("class_weights", False), *HEAD),
    "link": (),
    "graph": (
        *(("kind", "auto"), ("loss", "auto"), ("standardise", False)),
        *(("missing", "refuse"), ("class_weights", False), *HEAD),
    ),
}
"""The same of each task's settings."""


def _like(value: Any, default: Any) -> Any:
    """1 where 1.0 is meant is 1.0."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and isinstance(default, float) else value
