"""Constructor arguments: what a module was built from, kept so that it can be built again."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import Any, Self

from torch import nn

KEY = "_given"
"""The attribute under which a module keeps them."""


class Arguments:
    """What a module was built from.

    A copy of the module has copies of them. A pickle leaves them out where they hold a function
    that no import finds, which pickle could not write.

    Args:
        values: by place.
        settings: by name.
    """

    def __init__(self, values: tuple[Any, ...], settings: dict[str, Any]) -> None:
        self.values, self.settings = values, settings

    def __deepcopy__(self, memo: dict[int, Any]) -> Arguments:
        return Arguments(deepcopy(self.values, memo), deepcopy(self.settings, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        if _is_local((self.values, self.settings)):
            return _nothing, ()
        return Arguments, (self.values, self.settings)


def _nothing() -> None:
    return None


def _is_local(value: Any) -> bool:
    """Whether a function in it has no name of its own in its module."""
    if isinstance(value, Mapping):
        return any(map(_is_local, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_local, value))
    if isinstance(value, partial):
        return _is_local((value.func, value.args, value.keywords))
    return "<" in getattr(value, "__qualname__", "")


class Remembering(nn.Module):
    """A module that keeps what it was built from, so that it can be built anew."""

    def __new__(cls, *arguments: Any, **settings: Any) -> Self:
        made = super().__new__(cls)
        remember(made, *arguments, **settings)
        return made


def remember(module: nn.Module, *arguments: Any, **settings: Any) -> None:
    """Let a module of whatever class keep what it is built from."""
    # Past nn.Module, which is not set up before __init__ has run.
    object.__setattr__(module, KEY, Arguments(arguments, settings))


def arguments_of(module: nn.Module) -> Arguments | None:
    """What a module was built from; None where it is not known."""
    found = vars(module).get(KEY)
    return found if isinstance(found, Arguments) else None
