"""Times of edges: numbers as they are, dates as seconds since 1970."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnnlab.core.arguments import shown
from gnnlab.datasets.own.tabular.frames import Table

if TYPE_CHECKING:
    import pandas as pd


def times_of(table: Table, values: pd.Series[Any], column: str) -> np.ndarray[Any, Any]:
    """Read times.

    Numbers stay what they are, whole ones int64. Dates and text are read as pandas does, without a
    zone as of UTC, and become seconds, float64.

    Raises:
        ValueError: an empty cell, or one that is no time.
    """
    import pandas as pd

    kind = getattr(values.dtype, "kind", "O")
    if kind in "iu":
        return values.to_numpy(dtype=np.int64)
    if kind == "f":
        found = values.to_numpy(dtype=np.float64)
        wrong = ~np.isfinite(found)
    else:
        dates = pd.to_datetime(values, errors="coerce", utc=True)
        wrong = dates.isna().to_numpy()
        found = (
            (dates - pd.Timestamp(0, unit="s", tz="UTC").as_unit("s")).dt.total_seconds().to_numpy()
        )
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        told = "no time" if values.isna().iloc[row] else shown(str(values.iloc[row]))
        raise ValueError(
            f"{table.where(row)} has {told} in column {column!r}, where the time of its edge should"
            f" be ({int(wrong.sum())} such cells in all): mend it, give numbers or dates such as "
            "2024-05-31, or take time=None"
        )
    return found
