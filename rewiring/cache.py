"""Cache of results by the content of each graph, for one method with its settings."""

from __future__ import annotations

import hashlib
import json
import struct
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from gnnlab.core.own_parts import is_ours, source_digest
from gnnlab.core.paths import cache_home
from gnnlab.core.writing import check_regular, naming, write_atomically, write_text
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.transforms import GraphTransform

FORMAT = 2
SUM = "checksum"
"""The array of a part that tells whether the others are as they were written."""
DAMAGED = (
    OSError, ValueError, LookupError, TypeError, EOFError, MemoryError, NotImplementedError,
    AttributeError, OverflowError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a file raises that is not what was written."""
FIRST_FILE = {"KPathSubgraphs": "rooted", "PairDistances": "pairs"}
"""The files of classes whose file was renamed, since caches know them by it."""
Found = TypeVar("Found")
Key = str | tuple[int, bool, bytes]


class Cache(Generic[Found]):
    """Results by what a graph holds, for one method with its settings.

    A folder holds ``method.json`` and any number of ``npz`` parts, each written whole and moved
    into place, so that processes may read and write side by side and a stop loses only what was
    not saved. Of a part, the digests are read at once and the results when one of them is asked
    for. What a damaged part held is as if it had never been found, and a warning says so.

    Args:
        method: what finds, packs and unpacks them.
        keep: False keeps everything in memory only.
    """

    def __init__(self, method: GraphTransform[Found], keep: bool = True) -> None:
        self._method = method
        self._found: dict[Key, Found] = {}
        self._new: dict[Key, Found] = {}
        self._kept: dict[Key, tuple[Path, int]] = {}
        self._open: dict[Path, Callable[[int], Found]] = {}
        self._folder: Path | None = None
        if keep:
            text = json.dumps(describe(method), sort_keys=True, indent=2)
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            self._folder = cache_home() / "rewired" / f"{type(method).__name__}-{name}"
            self._text = text
            for part in sorted(self._folder.glob("[!.]*.npz")):
                for place, digest in enumerate(_digests(part)):
                    self._kept[digest] = part, place

    def key(self, graph: Graph) -> Key:
        """What a graph's result is found by: its digest, where others are to find it."""
        return graph.content if self._folder is None else graph.digest

    def __contains__(self, key: Key) -> bool:
        return key in self._found or (key in self._kept and self._readable(key))

    def __getitem__(self, key: Key) -> Found:
        if key in self._found:
            return self._found[key]
        part, place = self._kept[key]
        try:
            return self._open[part](place)
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"{part} is damaged ({error}): delete it and run again") from error

    def _readable(self, key: Key) -> bool:
        """Read the part that holds a key; if it is damaged, forget all that it held."""
        part, _ = self._kept[key]
        if part in self._open:
            return True
        try:
            self._open[part] = self._method.unpack(_checked(_read(part)))
        except DAMAGED as error:
            _tell(part, error)
            self._kept = {key: place for key, place in self._kept.items() if place[0] != part}
            return False
        return True

    def __setitem__(self, key: Key, found: Found) -> None:
        self._found[key] = found
        if self._folder is not None:
            self._new[key] = found

    def save(self) -> None:
        """Write what is new as one more part."""
        if self._folder is None or not self._new:
            return
        arrays = {
            "digest": np.array(list(self._new)),
            **self._method.pack(list(self._new.values())),
        }
        arrays[SUM] = np.array(_sum(arrays))
        with naming(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        write_text(self._folder / "method.json", self._text)
        part = self._folder / f"{uuid.uuid4().hex}.npz"
        write_atomically(part, lambda file: np.savez(file, allow_pickle=False, **arrays))
        self._new = {}


def describe(method: GraphTransform[Any]) -> dict[str, Any]:
    """Everything that decides what a method does, as plain values; ``fill`` is not of it.

    Of a class that is not gnnlab's, the source too: nobody counts its versions.
    """
    settings = {
        field.name: getattr(method, field.name)
        for field in fields(method)
        if field.name != "fill"  # decides attributes, not edges
    }
    settings = {
        name: describe(value) if isinstance(value, GraphTransform) else value
        for name, value in settings.items()
    }
    return {
        "method": _identity(type(method)),
        "version": method.version,
        "format": FORMAT,
        "settings": settings,
        **({} if is_ours(type(method)) else {"source": source_digest(type(method))}),
    }


def _identity(kind: type[GraphTransform[Any]]) -> str:
    """A method's dotted name: of ours less its family's folder, so that files may move."""
    *folders, file = kind.__module__.split(".")
    if folders[:2] == ["gnnlab", "rewiring"]:
        folders = folders[:2]
    return ".".join([*folders, FIRST_FILE.get(kind.__name__, file), kind.__qualname__])


def _digests(part: Path) -> list[str]:
    """Of what a part holds; nothing where it is damaged, or was removed by who saw that before."""
    try:
        found = _read(part, ["digest"])["digest"]
        if found.ndim != 1 or found.dtype.kind != "U":
            raise ValueError(f"its digests are {found.dtype} of shape {found.shape}")
    except FileNotFoundError:
        return []
    except DAMAGED as error:
        _tell(part, error)
        return []
    return [str(digest) for digest in found]


def _read(part: Path, names: Sequence[str] | None = None) -> dict[str, Array]:
    """The arrays of a part, all or some."""
    check_regular(part)
    with np.load(part, allow_pickle=False) as file:
        return {name: file[name] for name in (file.files if names is None else names)}


def _checked(arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays, less their checksum, which a file that was edited has not."""
    told = arrays.pop(SUM)
    if str(told) != _sum(arrays):
        raise ValueError("its numbers are not those that were written")
    return arrays


def _sum(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {values.dtype} {values.shape} ".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _tell(part: Path, error: Exception) -> None:
    """Warn of a damaged part, and remove it if there is nothing to be had of it."""
    warnings.warn(
        f"{part} is damaged ({' '.join(str(error).split())}): what it held is found again",
        stacklevel=2,
    )
    if not isinstance(error, (OSError, MemoryError)):  # those may pass
        with suppress(OSError):
            part.unlink()
