"""Rewirings of a run, built from its settings by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from gnnlab.core.names import find_by_name, plain
from gnnlab.runner.settings.keys import check_keys

if TYPE_CHECKING:
    from gnnlab.structure.transforms import GraphTransform

NONE = "none"


def make_rewiring(name: str, settings: Mapping[str, Any], section: str = "") -> GraphTransform[Any]:
    """Build a rewiring by name; a setting that is a rewiring is a table with a ``name``.

    Args:
        section: what settings are called in messages, if not by their names alone.

    Raises:
        ValueError: an unknown name or setting (the nearest is offered), a bad or a missing value.
    """
    from gnnlab import rewiring

    cls = rewiring.find(name)
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


def _nested(table: Mapping[str, Any], section: str) -> GraphTransform[Any]:
    if not isinstance(table.get("name"), str):
        raise ValueError(f"{section}.name is missing: say which rewiring {section} is")
    return make_rewiring(table["name"], without_name(table), section)


def find_rewiring(table: Mapping[str, Any]) -> GraphTransform[Any] | None:
    """The rewiring of a ``[rewiring]`` table; None for ``none``.

    Raises:
        ValueError: as :func:`make_rewiring`.
    """
    from gnnlab import rewiring

    name = table.get("name", NONE)
    find_by_name("rewiring", name, {NONE: None, **rewiring.rewirings()})
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
    return {"name": NONE} if method is None else _table(method)


def _table(method: GraphTransform[Any]) -> dict[str, Any]:
    from gnnlab.rewiring.listing import label

    found: dict[str, Any] = {"name": label(type(method))}
    for field in fields(method):
        value = getattr(method, field.name)
        if hasattr(value, "results"):
            found[field.name] = _table(value)
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
