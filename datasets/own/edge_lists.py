"""Edge lists as SNAP has them: two numbers or names a line, with comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.datasets.files.damage import in_brief
from gnnlab.datasets.files.sources import checksum
from gnnlab.datasets.own.tables import from_tables
from gnnlab.datasets.own.tabular.text_files import opened

if TYPE_CHECKING:
    from torch_geometric.data import Data

COMMENTS = "#%"
ENDS = ("source", "target")


def graph_of_list(
    path: Path,
    columns: Sequence[str] | None = None,
    directed: bool | None = None,
    nodes: Any = None,
    **options: Any,
) -> Data:
    """Read an edge list, packed or not: cells between blanks, tabs or commas; # and % comment.

    Nodes are those that edges name, in order, unless a table of them is given.

    Args:
        path: of the file.
        columns: what a line holds, ``source`` and ``target`` among it; needed where it is more than
            these.
        directed: None takes what a comment says, as SNAP's do, and undirected where none does.
        nodes, options: as :func:`gnnlab.datasets.from_tables` takes them.

    Raises:
        ValueError: lines of other than two cells without ``columns``, a file that is damaged, and
            as ``from_tables``.
    """
    import pandas as pd

    comments, first = _looked_at(path)
    cells = re.split(r"[,\s]+", first.strip())
    names = list(columns or ENDS)
    if len(cells) != len(names) or not set(ENDS) <= set(names):
        raise ValueError(
            f"{path.name} has {len(cells)} cells a line, {first.strip()[:60]!r}, and columns says "
            f"{len(names)}, {', '.join(names)}: name them all, such as columns=('source', 'target',"
            " 'weight') or 'time' in place of the weight"
        )
    comma = "," in first
    try:
        frame = pd.read_csv(
            path,
            sep="," if comma else r"\s+",
            comment=_mark(comments),
            header=None,
            names=names,
            index_col=False,
            skipinitialspace=True,
            keep_default_na=False,
            low_memory=False,
        )
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read as an edge list ({in_brief(error)}): give every line "
            f"{len(names)} cells"
        ) from None
    if directed is None:
        directed = _says_directed(comments)
    options = {"name": path.name.partition(".")[0], **options}
    data = from_tables(nodes, frame, directed=directed, **options)
    data.raw_hash = checksum(path)
    return data


def is_edge_list(path: Path) -> bool:
    """Whether a file of text looks like one: comments, then lines of two to four cells of numbers,
    or of two cells."""
    try:
        comments, first = _looked_at(path)
    except (ValueError, OSError):
        return False
    cells = re.split(r"[,\s]+", first.strip())
    numbers = all(re.fullmatch(r"-?\d+(\.\d*)?(e-?\d+)?", cell, re.I) for cell in cells)
    return (2 <= len(cells) <= 4 and numbers) or (bool(comments) and len(cells) == 2)


def _looked_at(path: Path) -> tuple[list[str], str]:
    """The comments at the head of a file, and the first line that is none."""
    comments: list[str] = []
    with opened(path) as file:
        for line in file:
            if line.strip() and line.lstrip()[0] not in COMMENTS:
                return comments, line
            comments += [line] if line.strip() else []
    raise ValueError(f"{path} is empty: give a file that holds an edge")


def _mark(comments: list[str]) -> str:
    return comments[0].lstrip()[0] if comments else COMMENTS[0]


def _says_directed(comments: list[str]) -> bool:
    """Whether the head says "directed", as SNAP's do ("# Undirected graph: …" is the other)."""
    text = " ".join(comments).lower()
    return "directed" in text and "undirected" not in text
