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

from gnnlab.datasets import links, reading, sources
from gnnlab.datasets.collections import default_features
from gnnlab.datasets.records import Record, records

sources.checksums = dict  # type: ignore[assignment]  # of damaged files they would say all
HOME = Path(tempfile.mkdtemp())
os.environ["GNNLAB_HOME"] = str(HOME / "home")
NAMES = list(TWINS)
LARGEST = 2 << 20
"""Bytes of a real file that is damaged."""


def of_twins(case: int) -> str:
    """Damage the twin of one format."""
    name = NAMES[case % len(NAMES)]
    return load_damaged(*_twin(name), case)


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
    root = HOME / "case"
    shutil.rmtree(root, ignore_errors=True)
    rng = random.Random(case)
    path = rng.choice(list(files))
    for name, content in {**files, path: damaged(files[path], rng)}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return type(load(record, root)).__name__


@cache
def _twin(name: str) -> tuple[Record, Files]:
    return TWINS[name]()


@cache
def _real() -> list[tuple[Record, Files]]:
    found = []
    for record in records():
        own = [path for path in record.splits.get(record.default_split, ()) or ()]
        paths = [*record.files, *own]
        places = [
            next((m / p for m in sources.mirrors() if (m / p).is_file()), None) for p in paths
        ]
        if all(place is not None and place.stat().st_size < LARGEST for place in places):
            found.append((record, {p: f.read_bytes() for p, f in zip(paths, places) if f}))
    return found
