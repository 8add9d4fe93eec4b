"""Numbered cases: a set with one damaged file, read as ``datasets.load`` reads it."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

from damage import damaged
from twins import TWINS, Files

from gnnlab.datasets.catalogue.records import Record, records
from gnnlab.datasets.files import sources
from gnnlab.datasets.kinds import link as links
from gnnlab.datasets.kinds import node as reading
from gnnlab.datasets.kinds.graph import default_features

sources.checksums = dict  # type: ignore[assignment]  # of damaged files they would say all
HOME = Path(tempfile.mkdtemp())
os.environ["GNNLAB_HOME"] = str(HOME / "home")
NAMES = list(TWINS)
LARGEST = 2 << 20
"""Bytes of a real file that is damaged."""


def of_twins(case: int) -> str:
    """Damage the twin of one format; numbers below 0 read one that nothing was done to."""
    record, files = _twin(NAMES[case % len(NAMES)])
    if case < 0:
        return type(load(record, written(files))).__name__
    return load_damaged(record, files, case)


def of_real_files(case: int) -> str:
    """Damage a set of the mirror."""
    return load_damaged(*_real()[case % len(_real())], case)


def load(record: Record, root: Path) -> object:
    """Load a set as ``datasets.load`` does once it has found the record."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if record.task == "link":
            return links.load_links(record, None, None, root)[0]
        if record.task == "graph":
            features = record.options.get("features") or default_features(record)
            return reading.load_graphs(record, features, record.default_split, root)
        return reading.load_record(record, record.default_split, root)[0]


def load_damaged(record: Record, files: Files, case: int) -> str:
    """Read a set one of whose files was damaged."""
    rng = random.Random(case)
    path = rng.choice(list(files))
    root = written({**files, path: damaged(files[path], rng)})
    return type(load(record, root)).__name__


def written(files: Files) -> Path:
    """Lay files out as a mirror."""
    root = HOME / "case"
    shutil.rmtree(root, ignore_errors=True)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@cache
def _twin(name: str) -> tuple[Record, Files]:
    return TWINS[name]()


@cache
def _real() -> list[tuple[Record, Files]]:
    found = []
    for record in records():
        split = record.splits.get(record.default_split)
        files = {path: _at_hand(path) for path in (*record.files, *(split.files if split else ()))}
        if None not in files.values():
            found.append((record, {path: content or b"" for path, content in files.items()}))
    return found


def _at_hand(path: str) -> bytes | None:
    """A file of a mirror, if it is there and small."""
    for mirror in sources.mirrors():
        if (mirror / path).is_file() and (mirror / path).stat().st_size < LARGEST:
            return (mirror / path).read_bytes()
    return None
