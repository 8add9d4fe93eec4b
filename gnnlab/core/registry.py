"""Registry: families of methods, made of the names that a package exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Generic, TypeVar

from gnnlab.core.arguments import shown
from gnnlab.core.names import find_by_name, plain
from gnnlab.core.own_parts import imported, is_path
from gnnlab.core.plugins import find_plugin, package_of, plugins

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
    all of gnnlab's own by name. Those that installed packages offer (:mod:`gnnlab.core.plugins`)
    are listed and found beside them, and any other by its import path, ``package.module:Name``.

    Args:
        kind: what they are, for messages.
        package: whose face exports them.
        belongs: whether something exported is one.
        label: the name of one.
        short: another name of one, or None.
        group: of entry points that offer more of the kind; none if empty.
        takes: whether something that is not gnnlab's is one.
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
    group: str = ""
    takes: Callable[[Any], bool] = callable

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.text)

    def __call__(self) -> dict[str, Method]:
        """All of gnnlab's own by name, in the order of the package's ``__all__``."""
        return dict(_members(self, tuple(import_module(self.package).__all__)))

    def names(self) -> list[str]:
        """All names, sorted; capital letters do not matter."""
        return sorted({*self(), *plugins(self.group)}, key=str.lower)

    def find(self, name: str) -> Method:
        """Return the method of that name, however it is written, of that short name, or what an
        import path names.

        Raises:
            ValueError: there is none; the nearest names are offered. What is no such method.
        """
        table: dict[str, Any] = self()
        known = {plain(key) for key in table}
        if is_path(name):
            return self._taken(name, imported(name))
        if plain(name) not in known:
            found = find_plugin(self.group, name)
            if found is not None:
                return self._taken(name, found)
            table |= plugins(self.group)
        others = {self.short(cls) or key: cls for key, cls in self().items()}
        others = {key: cls for key, cls in others.items() if plain(key) not in known}
        method: Method = find_by_name(self.kind, name, {**table, **others})
        return method

    def _taken(self, name: str, found: Any) -> Method:
        if not self.takes(found):
            raise ValueError(f"{name} is {shown(found)}, which is no {self.kind}: name another")
        method: Method = found
        return method

    def group_of(self, name: str) -> str:
        """The sub-package that a method stands in, or the installed package that offers it."""
        cls: Any = self().get(name)
        if cls is None:
            return package_of(plugins(self.group)[name])
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
