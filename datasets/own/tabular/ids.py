"""Ids of nodes: numbers or words, numbered from 0, and the ends of edges found among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gnnlab.core.arguments import shown
from gnnlab.datasets.own.tabular.frames import Table

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Names:
    """A column of names, whole numbers or text.

    Attributes:
        values: as int64, or as text.
        table, column: where they stand, for errors.
    """

    values: pd.Series[Any]
    table: Table
    column: str

    @property
    def whole(self) -> bool:
        """Whether they are numbers."""
        return self.values.dtype == np.int64

    def as_text(self) -> Names:
        """The same as text: as the file has it, or as a DataFrame's values are printed."""
        if not self.whole:
            return self
        found = self.values.astype("str")
        if self.table.given is None:
            found = self.table.read([self.column], text=True)[self.column].astype("str")
        return Names(found, self.table, self.column)


def names_of(values: pd.Series[Any], table: Table, column: str) -> Names:
    """Take a column as names.

    Raises:
        ValueError: a row without one.
    """
    missing = values.isna().to_numpy()
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(
            f"{table.where(row)} names no node in column {column!r} ({int(missing.sum())} such "
            "rows in all): fill it in or drop the row"
        )
    kind = getattr(values.dtype, "kind", "O")
    # Whole numbers that are stored as floating ones, as those of a column that had holes are.
    if kind == "f" and bool(((values == values.round()) & np.isfinite(values)).all()):
        values, kind = values.astype(np.int64), "i"
    if kind in "iu" and (not len(values) or int(values.max()) < 1 << 63):
        return Names(values.astype(np.int64), table, column)
    return Names(values.astype("str"), table, column)


def alike(columns: list[Names]) -> list[Names]:
    """Make all of them numbers, or all of them text."""
    return columns if all(one.whole for one in columns) else [one.as_text() for one in columns]


def numbered(nodes: Names, ends: list[Names]) -> tuple[list[Array], Array]:
    """Number the ends of edges by the row that has their name.

    Returns:
        The numbers of each column of ends, and the names in order.

    Raises:
        ValueError: two nodes of one name, or an edge that ends at none.

    Cost:
        O(N + E): names are hashed.
    """
    import pandas as pd

    nodes, *ends = alike([nodes, *ends])
    index = pd.Index(nodes.values)
    if not index.is_unique:
        again = np.flatnonzero(index.duplicated())
        row, name = int(again[0]), shown(_plain(index[int(again[0])]))
        first = int(np.flatnonzero(index == index[row])[0])
        raise ValueError(
            f"{nodes.table.where(row)} names node {name} in column {nodes.column!r}, as "
            f"{nodes.table.where(first)} does ({len(again)} repeats in all): every node has one "
            "row, so drop or rename the others"
        )
    found = [index.get_indexer(pd.Index(column.values)) for column in ends]
    for column, numbers in zip(ends, found, strict=True):
        _refuse_unknown(column, numbers, nodes)
    return found, _array(index)


def counted(nodes: int, ends: list[Names], table: Table) -> list[Array]:
    """Take ends that are rows of the table of nodes, from 0, as they are.

    Raises:
        ValueError: another row, or names that are no numbers.
    """
    found = []
    for column in ends:
        numbers = column.values.to_numpy()
        if not column.whole:
            raise ValueError(
                f"column {column.column!r} of {column.table.name} holds {shown(str(numbers[0]))}, "
                f"but without an id edges count rows of {table.name}: name its column of ids with "
                "id="
            )
        wrong = (numbers < 0) | (numbers >= nodes)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"{column.table.where(row)} names node {numbers[row]} in column {column.column!r}, "
                f"but {table.name} has {nodes} rows, counted from 0 ({int(wrong.sum())} such edges "
                "in all): add the node, drop the edge, or name a column of ids with id="
            )
        found.append(numbers)
    return found


def gathered(ends: list[Names]) -> tuple[list[Array], Array]:
    """Number the names that edges have, in their order: numbers by size, text by its letters.

    Returns:
        The numbers of each column of ends, and the names in order.
    """
    import pandas as pd

    ends = alike(ends)
    whole = pd.concat([column.values for column in ends], ignore_index=True)
    numbers, names = pd.factorize(whole, sort=True)
    cuts = np.cumsum([len(column.values) for column in ends])[:-1]
    return np.split(numbers.astype(np.int64), cuts), _array(pd.Index(names))


def _refuse_unknown(column: Names, numbers: Array, nodes: Names) -> None:
    unknown = numbers < 0
    if not unknown.any():
        return
    row = int(np.flatnonzero(unknown)[0])
    name = shown(_plain(column.values.iloc[row]))
    raise ValueError(
        f"{column.table.where(row)} has {name} in column {column.column!r}, which is no node of "
        f"{nodes.table.name} (its column {nodes.column!r} begins with "
        f"{shown(_plain(nodes.values.iloc[0]))}; {int(unknown.sum())} such edges in all): add the "
        "node, drop the edge, or leave nodes out to take them from the edges"
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _array(index: pd.Index[Any]) -> Array:
    found = index.to_numpy()
    return found if found.dtype == np.int64 else found.astype(object)
