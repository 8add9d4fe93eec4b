"""Listings of what the room exports, and names resolved as people write them."""

from __future__ import annotations

import sys
from typing import Any

from gnnlab.core.names import find_by_name
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.transforms import GraphTransform


def rewirings() -> dict[str, type[GraphTransform[Any]]]:
    """Every exported rewiring by name, and every structure that is computed in a rewiring's place.

    A structure is listed without the ``Add`` of its class: ``Hops`` is :class:`AddHops`.
    """
    room = sys.modules["gnnlab.rewiring"]
    found = (getattr(room, name) for name in room.__all__)
    return {
        label(cls): cls
        for cls in found
        if isinstance(cls, type) and issubclass(cls, GraphTransform) and cls is not Rewiring
    }


def label(cls: type[GraphTransform[Any]]) -> str:
    """The name under which a rewiring is listed."""
    return cls.__name__.removeprefix("Add")


@checked
def find(name: str) -> type[GraphTransform[Any]]:
    """Return the rewiring of that name; case, ``-`` and ``_`` do not matter.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("random-edges").__name__, find("hops").__name__
        ('RandomEdges', 'AddHops')
    """
    return find_by_name("rewiring", name, rewirings())
