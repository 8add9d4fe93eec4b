"""Rewirings of a run, built from its settings by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from gnnlab.core.names import plain
from gnnlab.core.own_parts import is_ours, path_of
from gnnlab.core.plugins import plugins
from gnnlab.runner.settings.keys import check_keys
from gnnlab.runner.settings.transforms import OwnTransform, make_transform

if TYPE_CHECKING:
    from gnnlab.structure.transforms import GraphTransform

NONE = "none"


def make_rewiring(
    name: str, settings: Mapping[str, Any], section: str = ""
) -> GraphTransform[Any] | OwnTransform:
    """Build a rewiring by name; a setting that is a rewiring is a table with a ``name``.

    An import path may name a class of transforms as PyG has them, or a function of a graph.

    Args:
        section: what settings are called in messages, if not by their names alone.

    Raises:
        ValueError: an unknown name or setting (the nearest is offered), a bad or a missing value.
    """
    from gnnlab import rewiring

    cls = rewiring.find(name)
    if not is_graph_transform(cls):
        return make_transform(cls, name, settings, section)
    check_keys(section, settings, [field.name for field in fields(cls)])
    dot = f"{section}." if section else ""
    given = {}
    for field in fields(cls):
        if field.name in settings:
            value = settings[field.name]
            nested = isinstance(value, Mapping)
            given[field.name] = _nested(value, dot + field.name) if nested else value
        elif _required(field):
            raise ValueError(
                f"{dot}{field.name} is missing, and {cls.__name__} cannot do without it: set "
                f"{dot}{field.name}=VALUE"
            )
    return cls(**given)


def is_graph_transform(cls: Any) -> bool:
    """Whether a class is one of our transforms, whose fields are its settings."""
    from gnnlab.structure.transforms import GraphTransform

    return isinstance(cls, type) and issubclass(cls, GraphTransform)


def _nested(table: Mapping[str, Any], section: str) -> GraphTransform[Any] | OwnTransform:
    if not isinstance(table.get("name"), str):
        raise ValueError(f"{section}.name is missing: say which rewiring {section} is")
    return make_rewiring(table["name"], without_name(table), section)


def find_rewiring(table: Mapping[str, Any]) -> GraphTransform[Any] | OwnTransform | None:
    """The rewiring of a ``[rewiring]`` table; None for ``none``.

    Raises:
        ValueError: as :func:`make_rewiring`.
    """
    name = table.get("name", NONE)
    if plain(name) != NONE:
        return make_rewiring(name, without_name(table), "rewiring")
    if given := without_name(table):
        key = next(iter(given))
        raise ValueError(
            f"rewiring.{key} is {given[key]!r}, but rewiring.name is none, which has no settings: "
            "name a rewiring, or leave it out"
        )
    return None


def resolved_rewiring(table: Mapping[str, Any]) -> dict[str, Any]:
    """The rewiring's name as it is listed, and all its settings that are set."""
    method = find_rewiring(table)
    return {"name": NONE} if method is None else table_of(method, str(table["name"]))


def table_of(method: GraphTransform[Any] | OwnTransform, name: str = "") -> dict[str, Any]:
    """The name of a rewiring and its settings, as a run keeps them.

    Args:
        name: by which it was found, if by one.
    """
    from gnnlab.rewiring.listing import label, rewirings

    if isinstance(method, OwnTransform):
        return dict(method.table)
    cls = type(method)
    own = name if name in plugins(rewirings.group) else path_of(cls) or name
    found: dict[str, Any] = {"name": label(cls) if is_ours(cls) else own}
    for field in fields(method):
        value = getattr(method, field.name)
        if hasattr(value, "results") or isinstance(value, OwnTransform):
            found[field.name] = table_of(value)
        elif value is not None:
            # Annotations are strings here: 1 where 1.0 is meant is 1.0.
            floating = str(field.type).startswith("float") and isinstance(value, int)
            found[field.name] = float(value) if floating else value
    return found


def without_name(table: Mapping[str, Any]) -> dict[str, Any]:
    """The settings alone."""
    return {key: value for key, value in table.items() if key != "name"}


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
