"""Names matched without regard to case, ``-``, ``_`` and ``+``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

Entry = TypeVar("Entry")


class Named(Protocol):
    """Something with a name of words, joined by ``-``."""

    @property
    def name(self) -> str: ...


Thing = TypeVar("Thing", bound=Named)


def find_by_name(kind: str, name: str, table: Mapping[str, Entry]) -> Entry:
    """Return the entry of that name; case, ``-``, ``_`` and ``+`` do not matter.

    Args:
        kind: what the entries are, for the message.
        name: as somebody wrote it.
        table: entries by their own spelling.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find_by_name("model", "gat-sep", {"GAT": 1, "GATSep": 2})
        2
    """
    known = {plain(key): key for key in table}
    if plain(name) in known:
        return table[known[plain(name)]]
    near = get_close_matches(plain(name), known, n=2, cutoff=0.5)
    hint = " or ".join(known[key] for key in near)
    offer = f"did you mean {hint}?" if near else f"there are {', '.join(sorted(table))}"
    raise ValueError(f"unknown {kind} {name!r}; {offer}")


def select(things: Sequence[Thing], only: Sequence[str], kind: str) -> list[Thing]:
    """The things whose names hold every word of one of the given names; all of them for none.

    Args:
        kind: what the things are, and of what their names are made, for the message.

    Raises:
        ValueError: a name that fits nothing.

    Example:
        ``["cora", "mutag-gin"]`` is all of Cora, and whatever is GIN on MUTAG.
    """
    found: set[str] = set()
    for name in only:
        words = set(name.lower().split("-"))
        fits = {thing.name for thing in things if words <= set(thing.name.split("-"))}
        if not fits:
            raise ValueError(f"{name!r} names no {kind}, such as {things[0].name}")
        found |= fits
    return [thing for thing in things if not only or thing.name in found]


def plain(name: str) -> str:
    """Keep letters and digits, in lower case."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
