"""Argument checks: numbers, choices and flags, refused in one sentence."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any


def shown(value: Any) -> str:
    """The value as one short line: a message is one sentence, whatever it was given."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def plain(value: Any) -> Any:
    """A whole number of another library's as Python's, anything else as it is: numpy's wrap around,
    100 * 100 in int8 to 16."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, int) else value


def check_number(name: str, value: Any) -> None:
    """Refuse what is not a finite number.

    Raises:
        ValueError: with the argument's name and value.
    """
    if type(value) is float and math.isfinite(value):
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not _finite(value):
        raise ValueError(f"{name} is {shown(value)}, but it must be a finite number")


def _finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats hold
        return False


def check_positive(name: str, value: Any) -> None:
    """Refuse what is not a finite number above 0."""
    check_number(name, value)
    if value <= 0:
        raise ValueError(f"{name} is {shown(value)}, but it must be above 0")


def check_not_negative(name: str, value: Any) -> None:
    """Refuse what is not a finite number of 0 or more."""
    check_number(name, value)
    if value < 0:
        raise ValueError(f"{name} is {shown(value)}, but it must be 0 or more")


def check_share(name: str, value: Any) -> None:
    """Refuse what is not a number from 0 to 1."""
    check_number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {shown(value)}, but a share lies between 0 and 1")


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name} is {shown(value)}, but it must be a whole number of at least {least}"
        )


def check_whole(name: str, value: Any) -> None:
    """Refuse what is not a whole number, of either sign."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} is {shown(value)}, but it must be a whole number")


def check_counts(**values: Any) -> None:
    """Refuse any that is not a whole number of at least 1."""
    for name, value in values.items():
        check_count(name, value)


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse what is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name} is {shown(value)}, which is none of {', '.join(choices)}: take one"
        )


def check_flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False: any other value would count as one of them."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {shown(value)}, but it must be True or False")


def check_text(name: str, value: Any) -> None:
    """Refuse what is no string."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, but it must be a word")
