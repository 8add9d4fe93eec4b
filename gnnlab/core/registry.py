"""Registry: families of methods, made of the names that a package exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Generic, TypeVar

from gnnlab.core.names import find_by_name, plain

Method = TypeVar("Method")


def own_name(cls: Any) -> str:
    """A class's name."""
    return str(cls.__name__)


def no_other_name(cls: Any) -> None:
    """No second name."""
    return None


@dataclass(frozen=True)
class Family(Generic[Method]):
    """Methods of one kind: what a package exports and ``belongs``.

    Nothing is registered: a class that is added to the package's ``__all__`` is in. A call gives
    all of them by name.

    Args:
        kind: what they are, for messages.
        package: whose face exports them.
        belongs: whether something exported is one.
        label: the name of one.
        short: another name of one, or None.
        text: what a call gives, in a sentence: the family's docstring.

    Example:
        >>> from gnnlab.layers import encoders
        >>> encoders.find("gat-sep").__name__, encoders.group_of("GATSep")
        ('GATSep', 'attention')
    """

    kind: str
    package: str
    belongs: Callable[[Any], bool]
    label: Callable[[Any], str] = own_name
    short: Callable[[Any], str | None] = no_other_name
    text: str = "All methods by name."

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.text)

    def __call__(self) -> dict[str, Method]:
        """All methods by name, in the order of the package's ``__all__``."""
        return dict(_members(self, tuple(import_module(self.package).__all__)))

    def names(self) -> list[str]:
        """All names, sorted; capital letters do not matter."""
        return sorted(self(), key=str.lower)

    def find(self, name: str) -> Method:
        """Return the method of that name, however it is written, or of that short name.

        Raises:
            ValueError: there is none; the nearest names are offered.
        """
        table = self()
        known = {plain(key) for key in table}
        others = {self.short(cls) or key: cls for key, cls in table.items()}
        others = {key: cls for key, cls in others.items() if plain(key) not in known}
        return find_by_name(self.kind, name, {**table, **others})

    def group_of(self, name: str) -> str:
        """The sub-package that a method stands in."""
        cls: Any = self()[name]
        return str(cls.__module__.split(".")[-2])

    def groups(self) -> dict[str, list[str]]:
        """The names by sub-package, both sorted."""
        found: dict[str, list[str]] = {}
        for name in self.names():
            found.setdefault(self.group_of(name), []).append(name)
        return dict(sorted(found.items()))


@cache
def _members(family: Family[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What belongs of the names that a face exports: settings ask for it at every step."""
    face = import_module(family.package)
    exported = (getattr(face, name) for name in names)
    classes = (thing for thing in exported if isinstance(thing, type))
    return {family.label(cls): cls for cls in classes if family.belongs(cls)}
