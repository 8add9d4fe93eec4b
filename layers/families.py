"""Listings of what the room exports, and names resolved as people write them."""

from __future__ import annotations

import sys
from difflib import get_close_matches

from torch import nn


def convs() -> dict[str, type[nn.Module]]:
    """Every exported ``…Conv`` by name."""
    return {name: cls for name, cls in _exported().items() if name.endswith("Conv")}


def encoders() -> dict[str, type[nn.Module]]:
    """Every exported encoder by name."""
    return {name: cls for name, cls in _exported().items() if hasattr(cls, "level")}


def find(name: str) -> type[nn.Module]:
    """Return the encoder of that name; case, ``-``, ``_`` and ``+`` do not matter.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("gat-sep").__name__
        'GATSep'
    """
    known = {_plain(key): cls for key, cls in encoders().items()}
    if _plain(name) in known:
        return known[_plain(name)]
    near = get_close_matches(_plain(name), known, n=2, cutoff=0.5)
    hint = " or ".join(known[key].__name__ for key in near)
    offer = f"did you mean {hint}?" if near else f"there are {', '.join(sorted(encoders()))}"
    raise ValueError(f"unknown model {name!r}; {offer}")


def _exported() -> dict[str, type[nn.Module]]:
    room = sys.modules["gnnlab.layers"]
    found = {name: getattr(room, name) for name in room.__all__}
    return {name: cls for name, cls in found.items() if isinstance(cls, type)}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
