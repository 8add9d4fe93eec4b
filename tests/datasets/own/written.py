"""Tables that tests write and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

PEOPLE = pd.DataFrame(
    {
        "id": ["ada", "bob", "cyd", "dee"],
        "age": [36, 41, 29, 50],
        "city": ["Rome", "Oslo", None, "Rome"],
        "label": ["poet", "clerk", "poet", None],
        "split": ["train", "val", "test", ""],
    }
)
KNOWS = pd.DataFrame(
    {
        "source": ["ada", "bob", "cyd"],
        "target": ["bob", "cyd", "ada"],
        "weight": [0.5, 2.0, 1.0],
        "kind": ["friend", "foe", "friend"],
        "time": ["2024-05-31", "2024-06-01", "1970-01-02"],
        "calls": [3, 1, 4],
    }
)


def files(folder: Path, nodes: Any = None, edges: Any = None) -> tuple[Path, Path]:
    """Write texts, or the tables above, as CSV."""
    paths = folder / "nodes.csv", folder / "edges.csv"
    for path, given, usual in zip(paths, (nodes, edges), (PEOPLE, KNOWS), strict=True):
        found = usual if given is None else given
        if isinstance(found, str):
            path.write_text(found, encoding="utf-8")
        else:
            found.to_csv(path, index=False)
    return paths
