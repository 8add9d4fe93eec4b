"""Listing of rewirings: their family, and rewirings by name."""

from __future__ import annotations

from typing import Any

from gnnlab.core.registry import Family
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.transforms import GraphTransform


def label(cls: type[GraphTransform[Any]]) -> str:
    """The name under which a rewiring is listed: a structure's without its ``Add``."""
    return cls.__name__.removeprefix("Add")


def _is_rewiring(cls: Any) -> bool:
    """Whether it is a rewiring, or a structure that is computed in a rewiring's place."""
    return issubclass(cls, GraphTransform) and cls is not Rewiring


rewirings: Family[type[GraphTransform[Any]]] = Family(
    "rewiring",
    "gnnlab.rewiring",
    _is_rewiring,
    label,
    text="Every exported rewiring by name, and every structure computed in a rewiring's place.",
    group="gnnlab.rewirings",
)


@checked
def find(name: str) -> type[GraphTransform[Any]]:
    """Return the rewiring of that name; case, ``-`` and ``_`` do not matter.

    ``package.module:Name`` names any class of transforms or function of a graph, and an installed
    package offers more names by entry points of the group ``gnnlab.rewirings``.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("random-edges").__name__, find("hops").__name__
        ('RandomEdges', 'AddHops')
    """
    return rewirings.find(name)
