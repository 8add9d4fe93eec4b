"""Edge tables: which columns are weights, types, times and attributes, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gnnlab.datasets.own.tabular.columns import AUTO, TIMES, TYPES, WEIGHTS, one, rest
from gnnlab.datasets.own.tabular.features import Features, Missing, features_of
from gnnlab.datasets.own.tabular.frames import Table
from gnnlab.datasets.own.tabular.times import times_of

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class EdgeColumns:
    """What is asked of a table of edges beside its ends; see :func:`gnnlab.datasets.from_tables`.

    Attributes:
        weight, type, time: columns, or ``auto``, or None for none.
        features, categories: columns of ``edge_attr``.
        missing: what becomes of empty cells among its numbers.
    """

    weight: str | None = AUTO
    type: str | None = AUTO
    time: str | None = AUTO
    features: Any = AUTO
    categories: Any = ()
    missing: Missing = "refuse"


@dataclass(frozen=True)
class EdgeValues:
    """What a table of edges holds.

    Attributes:
        values: by the key of the graph, a row for every row of the table.
        kept: what else the graph keeps: names of attributes and of types.
        unread: columns that were not read.
    """

    values: dict[str, Array]
    kept: dict[str, Any]
    unread: tuple[str, ...]


def values_of(
    table: Table, frame: pd.DataFrame, taken: tuple[str, ...], asked: EdgeColumns
) -> EdgeValues:
    """Read weights, types, times and attributes.

    Args:
        taken: columns that are for something else, such as the ends.

    Raises:
        ValueError: a column that is not there, a cell that is none of its kind.
    """
    free = [column for column in table.columns if column not in taken]
    known = replace(table, columns=tuple(free))
    weight = one(known, asked.weight, "weight", WEIGHTS)
    kind = one(known, asked.type, "type", TYPES)
    time = one(known, asked.time, "time", TIMES)
    values: dict[str, Array] = {}
    kept: dict[str, Any] = {}
    if weight is not None:
        values["edge_weight"] = features_of(table, frame, [], [weight]).values[:, 0]
    if kind is not None:
        found = features_of(table, frame, [], [], [kind], "codes")
        values["edge_type"] = found.values[:, 0]
        kept["edge_type_names"] = found.categories[kind]
        kept["num_edge_types"] = max(1, found.sizes[0])
    if time is not None:
        values["edge_time"] = times_of(table, frame[time], time)
    others = rest(known, (weight, kind, time))
    attributes = _attributes(table, frame, others, asked)
    if attributes.names:
        values["edge_attr"] = attributes.values
        kept["edge_attr_names"] = attributes.names
    return EdgeValues(values, kept, tuple(f"{table.name}: {c}" for c in attributes.unread))


def _attributes(table: Table, frame: pd.DataFrame, free: list[str], asked: EdgeColumns) -> Features:
    return features_of(table, frame, free, asked.features, asked.categories, missing=asked.missing)
