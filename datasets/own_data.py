"""Own data: a user's function or file in the place of a listed name.

``package.module:function`` is called with the settings as keyword arguments; a plugin of the group
``gnnlab.datasets`` is such a function under a name. A file or a folder is read by its format.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.contracts.described import described
from gnnlab.core.own_parts import imported, is_ours, is_path, path_of, source_digest
from gnnlab.core.plugins import find_plugin, plugins
from gnnlab.datasets.catalogue.records import unknown
from gnnlab.datasets.own.reading import read
from gnnlab.datasets.splits.of_own import split
from gnnlab.datasets.values.graphs import Graphs

if TYPE_CHECKING:
    from torch_geometric.data import Data

GROUP = "gnnlab.datasets"
"""The group of entry points that offer data."""
SPLITS = 10
"""Splits that are drawn of a file that has none, from seed 0."""


def is_own(name: object) -> bool:
    """Whether a name is a file that is there, or an import path or a plugin of data.

    Listed names come first: a file of such a name is told apart by a ``./`` before it.
    """
    return isinstance(name, str) and (is_path(name) or is_file(name) or name in plugins(GROUP))


def is_file(name: str) -> bool:
    """Whether a name is that of a file: by a folder or an ending in it, or because it is there."""
    if is_path(name) or name in plugins(GROUP):
        return False
    return os.sep in name or "/" in name or bool(Path(name).suffix) or Path(name).exists()


def load_own(name: str, settings: Mapping[str, Any]) -> Data | Graphs:
    """Call the function, or read the file, and return what is one graph or a set of them.

    Raises:
        ValueError: what is neither, no such function or file, or a setting that it does not take.
    """
    if is_file(name):
        _check_there(name)
        return with_splits(graph_or_graphs(read(name, **settings), name))
    function = find_function(name)
    _check_settings(name, function, settings)
    return graph_or_graphs(function(**settings), name)


def with_splits(data: Data | Graphs) -> Data | Graphs:
    """Return a graph with ten splits of its nodes, where they have targets and no split yet."""
    if isinstance(data, Graphs) or "y" not in data or "train_mask" in data:
        return data
    return split(data, count=SPLITS)


def resolve_own(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name and all settings, with the defaults of a function filled in.

    Raises:
        ValueError: as :func:`load_own`; no function is called.
    """
    if is_file(name):
        _check_there(name)
        return {"name": Path(name).as_posix(), **settings}
    function = find_function(name)
    _check_settings(name, function, settings)
    known = inspect.signature(function).parameters
    defaults = {key: one.default for key, one in known.items() if _is_plain(one.default)}
    spelled = name if name in plugins(GROUP) else path_of(function) or name
    return {"name": spelled, **defaults, **settings}


def digest_own(name: str) -> dict[str, str]:
    """What own data are known by: the digest of a function's source, or of a file's content."""
    if is_file(name):
        _check_there(name)
        return {Path(name).as_posix(): _content(Path(name))}
    function = find_function(name)
    return {} if is_ours(function) else {path_of(function) or name: source_digest(function)}


def find_function(name: str) -> Callable[..., Any]:
    """The function of an import path or of a plugin.

    Raises:
        ValueError: there is none.
    """
    found = imported(name) if is_path(name) else find_plugin(GROUP, name)
    if not callable(found):
        raise ValueError(
            f"{name} is {described(found)}, but data are what a function returns: name one"
        )
    function: Callable[..., Any] = found
    return function


def graph_or_graphs(found: Any, name: str) -> Data | Graphs:
    """Return one graph, that of a dataset of one too, or a set of graphs with its splits.

    Raises:
        ValueError: anything else.
    """
    from torch_geometric.data import Data, Dataset

    if isinstance(found, Dataset) and len(found) == 1:
        found = found[0]
    if isinstance(found, (Data, Graphs)):
        return found
    raise ValueError(
        f"{name} gives {described(found)}, but data are one graph, a torch_geometric.data.Data, or "
        "many with their splits, a gnnlab.datasets.Graphs: return one of them"
    )


def _check_settings(name: str, function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    known = inspect.signature(function).parameters
    kinds = {one.kind for one in known.values()}
    for key in settings:
        if key not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise unknown(f"setting of {name}", key, list(known))
    for key, one in known.items():
        several = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if one.default is one.empty and not several and key not in settings:
            raise ValueError(
                f"data.{key} is missing, and {name} cannot do without it: set data.{key}=VALUE"
            )


def _check_there(name: str) -> None:
    if not Path(name).exists():
        raise ValueError(f"{name} is not there: name a file or a folder that is, or listed data")


def _content(path: Path) -> str:
    """The digest of a file, or of all files in a folder with their names."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            own = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{file.relative_to(path.parent).as_posix()} {own}\n".encode())
    return whole.hexdigest()[:16]


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float, list, tuple, dict))
