"""Methods in a task's settings: given by name, by a table of settings, or already built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from difflib import get_close_matches
from typing import Any

from gnnlab.core.registry import Family


def resolved_method(family: Family[Any], given: Any, key: str) -> dict[str, Any]:
    """Return a method's table: its class's name and every setting that is not None.

    Args:
        family: of methods that are frozen dataclasses of their settings.
        given: a name, a table with a name, or a method.
        key: what it is called in settings, for messages.

    Raises:
        ValueError: none of these, an unknown name or setting, or what the method refuses.
    """
    made = make_method(family, given, key)
    own = {name: value for name, value in asdict(made).items() if value is not None}
    return {"name": type(made).__name__, **own}


def make_method(family: Family[Any], given: Any, key: str) -> Any:
    """Build the method that settings name; one that is built already is returned.

    Raises:
        ValueError: as :func:`resolved_method`.
    """
    if isinstance(given, tuple(family().values())):
        return given
    table = {"name": given} if isinstance(given, str) else given
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise ValueError(
            f"{key} is {given!r}, but it is a name, a table with a name, or a {family.kind}: there "
            f"are {', '.join(family.names())}"
        )
    cls = family.find(table["name"])
    known = [field.name for field in fields(cls)]
    settings = {name: value for name, value in table.items() if name != "name"}
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise ValueError(f"{cls.__name__} has no setting {name!r}; {hint}")
    return cls(**settings)
