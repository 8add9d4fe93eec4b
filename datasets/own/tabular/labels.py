"""Labels from columns: classes by name, numbers, or several labels that are 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.datasets.own.tabular.frames import Table

if TYPE_CHECKING:
    import pandas as pd

    Array = np.ndarray[Any, Any]

Kind = Literal["auto", "classes", "labels", "regression"]


@dataclass(frozen=True)
class Targets:
    """What is to be predicted of every row.

    Attributes:
        y: (N,) int64 of classes, -1 where unknown; else float32, (N,) of one number and (N, T) of
            several, nan where unknown.
        classes: C, or 0 where there are no classes.
        class_names: of classes, in the order of their numbers.
        names: of the columns, where they are numbers or labels.
    """

    y: Tensor
    classes: int = 0
    class_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def targets_of(
    table: Table, frame: pd.DataFrame, columns: list[str], kind: Kind = "auto"
) -> Targets | None:
    """Read targets; empty cells are unknown.

    Args:
        columns: of what is to be predicted; none gives None.
        kind: ``classes`` of one column, numbered in the order of their names; ``regression``,
            numbers; ``labels``, 0 and 1. ``auto`` takes words, truth values and whole numbers of
            one column as classes, and all else as numbers, which labels are too.

    Raises:
        ValueError: classes in several columns, a cell that is no number, or labels other than 0
            and 1.
    """
    if not columns:
        return None
    if kind == "classes" or (kind == "auto" and len(columns) == 1 and _tells(frame[columns[0]])):
        if len(columns) > 1:
            raise ValueError(
                f"kind is 'classes', but label names {len(columns)} columns, "
                f"{', '.join(map(repr, columns))}: name one, or take kind='labels' or 'regression'"
            )
        return _classes(table, frame[columns[0]], columns[0])
    found = np.stack([_numbers(table, frame[c], c, kind) for c in columns], axis=1)
    y = torch.from_numpy(found.astype(np.float32))
    single = len(columns) == 1 and kind != "labels"
    return Targets(y[:, 0] if single else y, names=tuple(columns))


def _tells(values: pd.Series[Any]) -> bool:
    """Whether a column tells classes: words, truth values, or whole numbers.

    pandas has no whole number beside an empty cell: whole ones with a hole are taken for such.
    """
    kind = getattr(values.dtype, "kind", "O")
    if kind == "f":
        known = values.dropna()
        return len(known) < len(values) and bool((known == known.round()).all())
    return kind not in "cmM"


def _classes(table: Table, values: pd.Series[Any], column: str) -> Targets:
    import pandas as pd

    known = values.dropna()
    if not len(known):
        raise ValueError(
            f"column {column!r} of {table.name} is empty, so there is no class: name another label"
        )
    if getattr(known.dtype, "kind", "O") == "f" and bool((known == known.round()).all()):
        known = known.astype(np.int64)
    if known.dtype == object or known.dtype.name == "category":
        known = known.astype("str")
    codes, names = pd.factorize(known, sort=True)
    y = np.full(len(values), -1, np.int64)
    y[values.notna().to_numpy()] = codes
    return Targets(torch.from_numpy(y), len(names), tuple(map(str, names)))


def _numbers(table: Table, values: pd.Series[Any], column: str, kind: Kind) -> Array:
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.isnan(found) & values.notna().to_numpy()
    told = "which is no number"
    if kind == "labels" and not wrong.any():
        wrong = ~np.isnan(found) & (found != 0) & (found != 1)
        told = "but a label is 0, 1, or empty where unknown"
    if np.isinf(found).any() and not wrong.any():
        wrong, told = np.isinf(found), "but a target is finite"
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{table.where(row)} has {shown(str(values.iloc[row]))} in column {column!r}, {told} "
            f"({int(wrong.sum())} such cells in all): mend it, or name another label"
        )
    return found
