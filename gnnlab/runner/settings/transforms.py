"""Transforms of a user's in a rewiring's place: what turns a graph into another, as PyG's do."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gnnlab.contracts.described import described
from gnnlab.core.own_parts import path_of
from gnnlab.runner.settings.keys import check_keys

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class OwnTransform:
    """A function of a graph that changes its edges, with what it is called.

    Args:
        call: gives another graph, or changes the copy that it is given.
        table: its name and settings, as a run keeps them.
    """

    call: Callable[[Any], Any]
    table: Mapping[str, Any]

    def apply(self, graphs: Sequence[Data]) -> list[Data]:
        """Transform a shallow copy of every graph.

        Raises:
            ValueError: what is no graph comes back.
        """
        from torch_geometric.data import Data

        found = [self.call(copy(graph)) for graph in graphs]
        for one in found:
            if not isinstance(one, Data):
                raise ValueError(
                    f"{self.table['name']} gives {described(one)}, but a rewiring turns a graph "
                    "into a graph: return a torch_geometric.data.Data"
                )
        return found


def make_transform(make: Any, name: str, settings: Mapping[str, Any], section: str) -> OwnTransform:
    """Build a class's transform from its settings, or bind those of a function behind its graph.

    Raises:
        ValueError: an unknown or missing setting, or what makes no transform.
    """
    known = dict(inspect.signature(make).parameters)
    if not isinstance(make, type) and known:
        del known[next(iter(known))]  # the graph
    several = [one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in known.values()]
    named = {key: one for (key, one), no in zip(known.items(), several, strict=True) if not no}
    if not any(one.kind is one.VAR_KEYWORD for one in known.values()):
        check_keys(section, settings, named)
    dot = f"{section}." if section else ""
    for key, one in named.items():
        if one.default is one.empty and key not in settings:
            raise ValueError(
                f"{dot}{key} is missing, and {name} cannot do without it: set {dot}{key}=VALUE"
            )
    call: Any = make(**settings) if isinstance(make, type) else partial(make, **settings)
    if not callable(call):
        raise ValueError(f"{name} makes {described(call)}, which cannot be called with a graph")
    defaults = {key: one.default for key, one in named.items() if _is_plain(one.default)}
    return OwnTransform(call, {"name": path_of(make) or name, **defaults, **settings})


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, bool, int, float, list, tuple, dict))
