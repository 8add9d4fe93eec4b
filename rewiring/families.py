"""Listings of what the room exports, and names resolved as people write them."""

from __future__ import annotations

import sys

from gnnlab.names import find_by_name

from .base import Rewiring


def rewirings() -> dict[str, type[Rewiring]]:
    """Every exported rewiring by name."""
    room = sys.modules["gnnlab.rewiring"]
    found = {name: getattr(room, name) for name in room.__all__}
    return {
        name: cls
        for name, cls in found.items()
        if isinstance(cls, type) and issubclass(cls, Rewiring) and cls is not Rewiring
    }


def find(name: str) -> type[Rewiring]:
    """Return the rewiring of that name; case, ``-`` and ``_`` do not matter.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("random-edges").__name__
        'RandomEdges'
    """
    return find_by_name("rewiring", name, rewirings())
