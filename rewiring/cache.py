"""What rewirings came to, kept by content."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from gnnlab.home import cache_home

from .base import Rewiring
from .changes import Changes
from .graph import Array

FORMAT = 1


class Cache:
    """Changes by the digest of the graph, for one method with its settings.

    A folder holds ``method.json`` and any number of ``npz`` parts, each written whole and moved
    into place, so that processes may write side by side and a stop loses only what was not saved.

    Args:
        method: None keeps everything in memory only.

    Raises:
        ValueError: a part is damaged.
    """

    def __init__(self, method: Rewiring | None) -> None:
        self._known: dict[str, Changes] = {}
        self._new: dict[str, Changes] = {}
        self._folder: Path | None = None
        if method is not None:
            text = json.dumps(describe(method), sort_keys=True, indent=2)
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            self._folder = cache_home() / "rewired" / f"{type(method).__name__}-{name}"
            self._text = text
            for part in sorted(self._folder.glob("*.npz")):
                self._known.update(_load(part))

    def __contains__(self, digest: str) -> bool:
        return digest in self._known

    def __getitem__(self, digest: str) -> Changes:
        return self._known[digest]

    def __setitem__(self, digest: str, changes: Changes) -> None:
        self._known[digest] = self._new[digest] = changes

    def save(self) -> None:
        """Write what is new as one more part."""
        if self._folder is None or not self._new:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        for final, write in (
            ("method.json", lambda path: path.write_text(self._text, encoding="utf-8")),
            (f"{name}.npz", lambda path: np.savez(path, allow_pickle=False, **_arrays(self._new))),
        ):
            part = self._folder / f"{name}.part.npz"
            try:
                write(part)
                os.replace(part, self._folder / final)
            finally:
                part.unlink(missing_ok=True)
        self._new = {}


def describe(method: Rewiring) -> dict[str, Any]:
    """Everything that decides what a method does, as plain values; ``fill`` is not of it."""
    settings = {
        field.name: getattr(method, field.name)
        for field in fields(method)
        if field.name != "fill"  # decides attributes, not edges
    }
    settings = {
        name: describe(value) if isinstance(value, Rewiring) else value
        for name, value in settings.items()
    }
    kind = f"{type(method).__module__}.{type(method).__qualname__}"
    return {"method": kind, "version": method.version, "format": FORMAT, "settings": settings}


def _arrays(entries: dict[str, Changes]) -> dict[str, Array]:
    """Many changes as a few arrays: all pairs side by side and where each graph's end."""
    values = list(entries.values())
    kinds = [_kind(changes) for changes in values]
    arrays = {
        "digest": np.array(list(entries)),
        "added": np.concatenate([changes.added for changes in values], axis=1),
        "added_ends": np.cumsum([changes.added.shape[1] for changes in values]),
        "removed": np.concatenate([changes.removed for changes in values], axis=1),
        "removed_ends": np.cumsum([changes.removed.shape[1] for changes in values]),
        "kind": np.concatenate(kinds),
    }
    for name in values[0].notes:
        arrays[f"note_{name}"] = np.stack([changes.notes[name] for changes in values])
    return arrays


def _kind(changes: Changes) -> Array:
    return np.zeros(changes.added.shape[1], np.int64) if changes.kind is None else changes.kind


def _load(part: Path) -> dict[str, Changes]:
    try:
        with np.load(part, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        added = np.split(arrays["added"], arrays["added_ends"][:-1], axis=1)
        removed = np.split(arrays["removed"], arrays["removed_ends"][:-1], axis=1)
        kind = np.split(arrays["kind"], arrays["added_ends"][:-1])
        notes = {key[5:]: arrays[key] for key in arrays if key.startswith("note_")}
        return {
            str(digest): Changes(
                added[i], removed[i], kind[i], {name: rows[i] for name, rows in notes.items()}
            )
            for i, digest in enumerate(arrays["digest"])
        }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{part} is damaged ({error}): delete it, and it is made again") from error
