"""Rows of the listings, with what is known of each model, data set, rewiring, task and recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gnnlab.core.plugins import package_of, plugins
from gnnlab.core.registry import Family

Rows = list[dict[str, Any]]
COUNTED = ("graphs", "nodes", "undirected", "features", "classes")
"""Statistics of a data set that have a column."""


def rows_of(what: str) -> Rows:
    """The rows of a listing, in its order; every row has a name."""
    return _listings()[what]()


def _listings() -> Mapping[str, Callable[[], Rows]]:
    from gnnlab import layers, rewiring
    from gnnlab.structure.transforms.listing import encodings
    from gnnlab.tasks.clustering.method import clusterings
    from gnnlab.tasks.embedding.method import embeddings
    from gnnlab.tasks.link.heads.by_name import heads
    from gnnlab.tasks.selfsupervised.objective import objectives
    from gnnlab.tasks.shared.listed import listed_tasks

    methods: list[Family[Any]] = [clusterings, embeddings, encodings, heads, objectives]
    methods.sort(key=lambda family: family.kind)
    none = {"name": "none", "group": None, "about": "The graph as it is."}
    return {
        "models": lambda: _family(layers.encoders),
        "datasets": _datasets,
        "rewirings": lambda: [none, *_family(rewiring.rewirings)],
        "tasks": lambda: _family(listed_tasks),
        "methods": lambda: [
            {**row, "group": family.kind} for family in methods for row in _by_name(family)
        ],
        "recipes": _recipes,
    }


def _family(family: Family[Any]) -> Rows:
    """By sub-package."""
    rows = {row["name"]: row for row in _by_name(family)}
    return [
        {**rows[name], "group": group} for group, names in family.groups().items() for name in names
    ]


def _by_name(family: Family[Any]) -> Rows:
    own, more = family(), plugins(family.group)
    rows = []
    for name in family.names():
        ours = name in own
        package = "gnnlab" if ours else package_of(more[name])
        # A plugin is not imported for its line: the path says what it is.
        about = _first_sentence(own[name]) if ours else more[name].value
        rows.append({"name": name, "group": None, "about": about, "package": package})
    return rows


def _first_sentence(cls: Any) -> str:
    text = " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
    return text.partition(". ")[0].rstrip(".")


def _datasets() -> Rows:
    """A row a name, with what is known of its default source before a file is opened."""
    from gnnlab import datasets
    from gnnlab.datasets.catalogue.records import records
    from gnnlab.datasets.loading import is_listed
    from gnnlab.datasets.usual_task import usual_task

    known: dict[str, Any] = {}
    for record in reversed(records()):  # the first listed one is a name's default
        known[record.name] = record
    rows = []
    for name in datasets.names():
        row: dict[str, Any] = {"name": name}
        row["task"] = usual_task(name) if is_listed(name) else None
        if name in known:
            one = known[name]
            row |= {"source": one.source, "split": one.default_split, "licence": one.licence}
            row |= {key: one.statistics.get(key) for key in COUNTED}
        rows.append(row)
    return rows


def _recipes() -> Rows:
    from gnnlab.runner import recipe, recipe_names

    rows = []
    for name in recipe_names():
        made = recipe(name)
        settings = made.settings
        rows.append(
            {
                "name": name,
                "paper": made.paper.name,
                **{part: settings.get(part, {}).get("name") for part in ("task", "data", "model")},
                "mean": made.mean,
                "std": made.std,
            }
        )
    return rows
