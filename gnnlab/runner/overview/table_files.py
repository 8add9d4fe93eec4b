"""Table files: a data frame as CSV, JSON or Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Hashable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gnnlab.core.writing import write_all, write_atomically

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["csv", "json", "parquet"]


def write_table(frame: pd.DataFrame, path: str | Path, form: Form) -> None:
    """Write a frame of plain values, whole or not at all.

    CSV has empty cells and JSON ``null`` where a value is missing; JSON is a list of objects.

    Raises:
        ValueError: Parquet without pyarrow.
        NotWritten: the disk is full, say.
    """
    content = _content(frame, form)
    write_atomically(path, lambda file: write_all(file, content))


def _content(frame: pd.DataFrame, form: Form) -> bytes:
    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if form == "json":
        return f"{json.dumps(_records(frame), indent=1, allow_nan=False)}\n".encode()
    if find_spec("pyarrow") is None:
        raise ValueError(
            "Parquet is written by pyarrow, which is not installed: pip install 'gnnlab[tables]', "
            "or write CSV"
        )
    buffer = io.BytesIO()
    _of_one_type(frame).to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()


def _records(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows as plain values, at full precision, which pandas' own JSON does not keep."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _of_one_type(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns whose values differ in type as text: Parquet has one type a column."""
    mixed = [
        name
        for name in frame.columns
        if frame[name].dtype == object and len({*map(type, frame[name].dropna())}) > 1
    ]
    texts = {name: frame[name].map(str, na_action="ignore") for name in mixed}
    return frame.assign(**texts)
