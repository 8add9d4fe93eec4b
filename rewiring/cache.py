"""What was found in graphs, kept by their content."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from gnnlab.home import cache_home
from gnnlab.structure.graph import Array, Graph
from gnnlab.structure.transforms import GraphTransform

FORMAT = 2
SUM = "checksum"
"""The array of a part that tells whether the others are as they were written."""
Found = TypeVar("Found")
Key = str | tuple[int, bool, bytes]


class Cache(Generic[Found]):
    """Results by what a graph holds, for one method with its settings.

    A folder holds ``method.json`` and any number of ``npz`` parts, each written whole and moved
    into place, so that processes may write side by side and a stop loses only what was not saved.
    Of a part, the digests are read at once and the results when one of them is asked for.

    Args:
        method: what finds, packs and unpacks them.
        keep: False keeps everything in memory only.

    Raises:
        ValueError: a part is damaged.
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
            for part in sorted(self._folder.glob("*.npz")):
                for place, digest in enumerate(_read(part, ["digest"])["digest"].tolist()):
                    self._kept[digest] = part, place

    def key(self, graph: Graph) -> Key:
        """What a graph's result is found by: its digest, where others are to find it."""
        return graph.content if self._folder is None else graph.digest

    def __contains__(self, key: Key) -> bool:
        return key in self._found or key in self._kept

    def __getitem__(self, key: Key) -> Found:
        if key in self._found:
            return self._found[key]
        part, place = self._kept[key]
        try:
            if part not in self._open:
                self._open[part] = self._method.unpack(_checked(_read(part)))
            return self._open[part](place)
        except (KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(_damaged(part, error)) from error

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
        self._folder.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        for final, write in (
            ("method.json", lambda path: path.write_text(self._text, encoding="utf-8")),
            (f"{name}.npz", lambda path: np.savez(path, allow_pickle=False, **arrays)),
        ):
            part = self._folder / f"{name}.part.npz"
            try:
                write(part)
                os.replace(part, self._folder / final)
            finally:
                part.unlink(missing_ok=True)
        self._new = {}


def describe(method: GraphTransform[Any]) -> dict[str, Any]:
    """Everything that decides what a method does, as plain values; ``fill`` is not of it."""
    settings = {
        field.name: getattr(method, field.name)
        for field in fields(method)
        if field.name != "fill"  # decides attributes, not edges
    }
    settings = {
        name: describe(value) if isinstance(value, GraphTransform) else value
        for name, value in settings.items()
    }
    kind = f"{type(method).__module__}.{type(method).__qualname__}"
    return {"method": kind, "version": method.version, "format": FORMAT, "settings": settings}


def _read(part: Path, names: Sequence[str] | None = None) -> dict[str, Array]:
    """The arrays of a part, all or some.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with np.load(part, allow_pickle=False) as file:
            return {name: file[name] for name in (file.files if names is None else names)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(_damaged(part, error)) from error


def _checked(arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays, less their checksum, which a file that was edited has not."""
    told = arrays.pop(SUM)
    if str(told) != _sum(arrays):
        raise KeyError("its numbers are not those that were written")
    return arrays


def _sum(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {values.dtype} {values.shape} ".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _damaged(part: Path, error: Exception) -> str:
    return f"{part} is damaged ({error}): delete it, and it is made again"
