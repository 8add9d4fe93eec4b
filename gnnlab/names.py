"""Names resolved as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

Entry = TypeVar("Entry")


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


def plain(name: str) -> str:
    """Keep letters and digits, in lower case."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
