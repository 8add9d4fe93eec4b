"""Columns of a table by what they are for: named by the caller, or found by their usual names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gnnlab.core.arguments import shown
from gnnlab.datasets.own.tabular.frames import Table

AUTO = "auto"
"""What an argument is that leaves it to the usual names."""
ROW = "row"
"""What ``id`` is where nodes have no names: edges then count rows from 0."""
IDS = ("id", "node_id", "node", "nodeid", "name", "vertex", ":id")
LABELS = ("label", "labels", "y", "class", "target")
SPLITS = ("split", "part", "fold")
WEIGHTS = ("weight", "edge_weight", "w")
TYPES = ("edge_type", "type", "relation", "rel", ":type")
TIMES = ("time", "timestamp", "date", "datetime", "edge_time")
SMILES = ("smiles", "canonical_smiles", "mol", "molecule")
ENDS = (
    ("source", "target"), ("src", "dst"), ("from", "to"), ("u", "v"), ("head", "tail"),
    ("source_id", "target_id"), ("src_id", "dst_id"), ("from_id", "to_id"), ("sender", "receiver"),
    ("from_node", "to_node"), ("fromnodeid", "tonodeid"), ("node1", "node2"), ("node_1", "node_2"),
    ("id1", "id2"), ("id_1", "id_2"), ("start", "end"), (":start_id", ":end_id"), ("i", "j"),
    ("source", "destination"), ("citing", "cited"), ("follower", "followee"),
)  # fmt: skip
"""Usual names of the two ends of an edge, in small letters."""


def one(table: Table, asked: Any, argument: str, usual: Iterable[str] = ()) -> str | None:
    """Return the column that is asked for; of ``auto`` the first with a usual name, if any.

    Raises:
        ValueError: no such column.
    """
    if asked is None:
        return None
    if asked != AUTO or asked in table.columns:
        return table.need(asked, argument)
    small = {column.lower(): column for column in reversed(table.columns)}
    return next((small[name] for name in usual if name in small), None)


def several(table: Table, asked: Any, argument: str) -> list[str]:
    """Return the columns that are asked for by one name or by several.

    Raises:
        ValueError: no such column, or one that is named twice.
    """
    names = [asked] if isinstance(asked, str) else list(asked or ())
    found = [table.need(name, argument) for name in names]
    for name in found:
        if found.count(name) > 1:
            raise ValueError(f"{argument} names column {name!r} twice: name it once")
    return found


def ends(table: Table, source: Any, target: Any) -> tuple[str, str]:
    """Return the columns of the two ends of every edge.

    Raises:
        ValueError: none is named and none has a usual name, or both are one column.
    """
    one_end, other = one(table, source, "source"), one(table, target, "target")
    if one_end is None and other is None:
        small = {column.lower(): column for column in reversed(table.columns)}
        pairs = ((small.get(a), small.get(b)) for a, b in ENDS)
        one_end, other = next((pair for pair in pairs if all(pair)), (None, None))
        if one_end is None and (len(table.columns) == 2 or not table.headed):
            one_end, other = (*table.columns[:2], None, None)[:2]
    if one_end is None or other is None:
        named = f"source={shown(source)} and target={shown(target)}"
        raise ValueError(
            f"{table.name} has no two columns that look like the ends of an edge (source and "
            f"target, src and dst, …; {named} was asked for): name both of {table.listed()}"
        )
    if one_end == other:
        raise ValueError(f"source and target are both {other!r}: name two columns")
    return one_end, other


def ids(table: Table, asked: Any) -> str | None:
    """Return the column of the nodes' names; None where their rows are counted.

    Raises:
        ValueError: none is named, and none has a usual name.
    """
    if asked in (ROW, None) and asked not in table.columns:
        return None
    found = one(table, asked, "id", IDS)
    if found is None:
        raise ValueError(
            f"{table.name} has no column that looks like the nodes' names (id, node, name, …): say "
            f"id= one of {table.listed()}, or id='row' if edges count its rows from 0"
        )
    return found


def rest(table: Table, taken: Sequence[str | None]) -> list[str]:
    """The columns that are for nothing yet, in order."""
    return [column for column in table.columns if column not in taken]
