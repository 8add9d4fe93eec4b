"""Settings that are kept in a dataclass: each is held against the type that its field states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .arguments import check_choice, check_flag, check_number, check_text, check_whole

Check = Callable[[str, Any], None]


def check_settings(settings: object) -> None:
    """Refuse a dataclass whose values are not what its fields say.

    ``bool``, ``int``, ``float``, ``str`` and ``Literal`` are looked at, also where None may stand
    instead; a number is finite, and a truth value is no number. Fields of other types are left to
    the class, and so are the ranges of numbers.

    Raises:
        ValueError: with the first such field's name and value.
    """
    cls: Any = type(settings)  # a class hashes, which mypy does not see
    for name, check, optional in _checks(cls):
        value = getattr(settings, name)
        if not (optional and value is None):
            check(name, value)


@cache
def _checks(cls: type) -> tuple[tuple[str, Check, bool], ...]:
    """Each field that can be checked, how, and whether None may stand in its place."""
    hints, found = get_type_hints(cls), []
    for field in fields(cls):
        kinds = _alternatives(hints[field.name])
        own = [kind for kind in kinds if kind is not NoneType]
        if len(own) == 1 and (check := _check_of(own[0])) is not None:
            found.append((field.name, check, len(own) < len(kinds)))
    return tuple(found)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _check_of(kind: Any) -> Check | None:
    if get_origin(kind) is Literal:
        return partial(check_choice, choices=get_args(kind))
    return KINDS.get(kind)


KINDS: Mapping[Any, Check] = {
    bool: check_flag,
    int: check_whole,
    float: check_number,
    str: check_text,
}
