"""Plugins: parts that installed packages offer by entry points, such as ``gnnlab.models``.

A package says in its ``pyproject.toml``::

    [project.entry-points."gnnlab.models"]
    my-net = "my_package.models:MyNet"

and ``my-net`` is a name like gnnlab's own: it is listed, and it is imported when it is asked for.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from gnnlab.core.errors import sentence
from gnnlab.core.names import plain


def plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name, sorted; nothing is imported."""
    return dict(_on_path(group, tuple(sys.path))) if group else {}


@cache
def _on_path(group: str, path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Looked for once: every setting that is checked asks, and the files are many."""
    found = sorted(entry_points(group=group), key=lambda one: one.name.lower())
    return {one.name: one for one in found}


def find_plugin(group: str, name: str) -> Any:
    """Return the plugin of that name, imported, or None where there is none.

    Raises:
        ValueError: it cannot be imported.
    """
    for one in plugins(group).values():
        if plain(one.name) == plain(name):
            try:
                return one.load()
            except Exception as error:
                raise ValueError(
                    f"{one.name} of the package {package_of(one)} cannot be imported "
                    f"({sentence(error)}): mend or remove that package"
                ) from error
    return None


def package_of(plugin: EntryPoint) -> str:
    """The name of the package that offers a plugin."""
    return plugin.dist.name if plugin.dist is not None else plugin.module.partition(".")[0]
