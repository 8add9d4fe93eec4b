"""Features of nodes or edges from columns: numbers, lists of numbers, and categories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gnnlab.core.arguments import shown
from gnnlab.datasets.own.tabular.columns import AUTO, several
from gnnlab.datasets.own.tabular.frames import Table

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, Any]

Missing = Literal["refuse", "keep", "zero", "mean"]
Coding = Literal["one_hot", "codes"]
WIDEST = 10_000
"""Values of a category that become columns."""
NO_VALUE = "(missing)"
"""What the category of an empty cell is called."""


@dataclass(frozen=True)
class Features:
    """Columns side by side.

    Attributes:
        values: (N, F) float32, or int64 of codes.
        names: of the F columns.
        sizes: how many values each has, where they are codes.
        categories: the values of each category in the order of its columns or codes.
        unread: columns that are neither numbers nor named as categories.
    """

    values: Array
    names: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def features_of(
    table: Table,
    frame: pd.DataFrame,
    free: list[str],
    asked: Any = AUTO,
    categories: Any = (),
    coding: Coding = "one_hot",
    missing: Missing = "refuse",
) -> Features:
    """Put features together: the numbers in the table's order, then the categories.

    Args:
        free: columns that are for nothing else; of ``auto`` those that hold numbers are taken.
        asked: names of columns of numbers, or ``auto``.
        categories: names of columns of words, or of numbers that only tell apart.
        coding: a column for each value, or its number in one.
        missing: what becomes of empty cells among numbers.

    Raises:
        ValueError: a cell that is no number, an empty one, or too many values of a category.
    """
    import pandas as pd

    named = several(table, categories, "categories")
    if asked == AUTO:
        chosen = [c for c in free if c not in named and _holds_numbers(table, frame[c], c)]
    else:
        chosen = [c for c in several(table, asked, "features") if c not in named]
    if coding == "codes" and chosen and named:
        raise ValueError(
            f"categories are {', '.join(named)} and features {shown(chosen)}, but codes and "
            "numbers cannot share one x: take coding='one_hot', or name features=[]"
        )
    parts = [_numbers(table, frame[c], c, missing) for c in chosen]
    names = [n for c, part in zip(chosen, parts, strict=True) for n in _numbered(c, part)]
    known: dict[str, tuple[str, ...]] = {}
    for column in named:
        words = frame[column].astype("str").where(frame[column].notna(), NO_VALUE)
        codes, levels = pd.factorize(words, sort=True)
        known[column] = tuple(map(str, levels))
        parts.append(codes[:, None] if coding == "codes" else _one_hot(table, column, codes, known))
        names += [column] if coding == "codes" else [f"{column}={v}" for v in known[column]]
    sizes = tuple(len(known[c]) for c in named) if coding == "codes" else ()
    dtype = np.int64 if sizes else np.float32
    values = np.concatenate([np.empty((len(frame), 0), dtype), *parts], axis=1).astype(dtype)
    unread = tuple(c for c in free if c not in chosen and c not in named)
    return Features(values, tuple(names), sizes, known, unread)


def _one_hot(table: Table, column: str, codes: Array, known: dict[str, tuple[str, ...]]) -> Array:
    if len(known[column]) > WIDEST:
        raise ValueError(
            f"column {column!r} of {table.name} has {len(known[column]):,} different values, too "
            f"many for a column each: take coding='codes', or leave it out of categories"
        )
    hot = np.zeros((len(codes), len(known[column])), np.float32)
    hot[np.arange(len(codes)), codes] = 1
    return hot


def _numbered(column: str, part: Array) -> list[str]:
    """The names of a column's features: of a list of numbers, numbered."""
    return [column] if part.shape[1] == 1 else [f"{column}[{i}]" for i in range(part.shape[1])]


def _holds_numbers(table: Table, values: pd.Series[Any], column: str) -> bool:
    """Whether a column is one of numbers, or of lists of them.

    Raises:
        ValueError: most of its cells are numbers, and some are not.
    """
    if _is_numeric(values) or _is_lists(values):
        return True
    found = _read(values)
    if found is None:
        return False
    known = values.notna().to_numpy()
    good = np.isfinite(found) & known
    if good.sum() * 2 <= known.sum():
        return False
    if not good.all():
        _refuse(table, values, column, known & ~np.isfinite(found))
    return True


def _is_numeric(values: pd.Series[Any]) -> bool:
    return getattr(values.dtype, "kind", "O") in "iufb" and values.dtype.name != "category"


def _is_lists(values: pd.Series[Any]) -> bool:
    if values.dtype != object or not len(values):
        return False
    return isinstance(values.iloc[0], list | tuple | np.ndarray)


def _read(values: pd.Series[Any]) -> Array | None:
    """The cells of text that are numbers, nan for all others; None of what is no text."""
    import pandas as pd

    if not (pd.api.types.is_string_dtype(values) or values.dtype == object):
        return None
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _numbers(table: Table, values: pd.Series[Any], column: str, missing: Missing) -> Array:
    """A column as float32 (N, 1), or (N, K) of lists."""
    if _is_lists(values):
        return _stacked(table, values, column)
    if not _is_numeric(values):
        found = _read(values)
        known = values.notna().to_numpy()
        if found is None:
            found = np.full(len(values), np.nan)
        if (known & np.isnan(found)).any():
            _refuse(table, values, column, known & np.isnan(found))
    else:
        found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    holes = np.isnan(found)
    if missing == "refuse" and holes.any():
        row = int(np.flatnonzero(holes)[0])
        raise ValueError(
            f"{table.where(row)} has no number in column {column!r} ({int(holes.sum())} such rows "
            "in all): fill it in, or take missing='mean', 'zero' or 'keep'"
        )
    if missing in ("zero", "mean") and holes.any():
        mean = found[~holes].mean() if missing == "mean" and not holes.all() else 0.0
        found = np.where(holes, mean, found)
    return found[:, None].astype(np.float32)


def _stacked(table: Table, values: pd.Series[Any], column: str) -> Array:
    width = len(values.iloc[0])
    for row, cell in enumerate(values):
        if not isinstance(cell, list | tuple | np.ndarray) or len(cell) != width:
            raise ValueError(
                f"{table.where(row)} has {shown(cell)} in column {column!r}, but the first row has "
                f"a list of {width} numbers: give every row as many"
            )
    try:
        return np.array(values.tolist(), dtype=np.float32).reshape(len(values), width)
    except (TypeError, ValueError):
        raise ValueError(
            f"column {column!r} of {table.name} holds lists of something other than numbers: leave "
            "it out of features"
        ) from None


def _refuse(table: Table, values: pd.Series[Any], column: str, wrong: Array) -> None:
    row = int(np.flatnonzero(wrong)[0])
    raise ValueError(
        f"{table.where(row)} has {shown(str(values.iloc[row]))} in column {column!r}, which is no "
        f"number ({int(wrong.sum())} such cells in all): mend it, name the column in categories, "
        "or name the features without it"
    )
