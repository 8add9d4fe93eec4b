"""Frames: tables of one's own, from a pandas DataFrame or a file, with the place of every row."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import shown
from gnnlab.datasets.files.damage import in_brief
from gnnlab.datasets.own.tabular.text_files import (
    cells,
    first_lines,
    kind_of_name,
    line_of,
    separator_of,
)

if TYPE_CHECKING:
    import pandas as pd

TEXT = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Table:
    """A table whose columns are known and whose rows are read when it is clear which are names.

    Attributes:
        name: what errors call it: the file's name, or what the table is of.
        columns: their names, in order.
        path: of the file; None of a DataFrame.
        given: the DataFrame, unless there is a file.
        separator, headed: of a file of text; without a header columns are called 0, 1, …
    """

    name: str
    columns: tuple[str, ...]
    path: Path | None = None
    given: pd.DataFrame | None = None
    separator: str = ","
    headed: bool = True

    def read(self, names: Iterable[str] = (), text: bool = False) -> pd.DataFrame:
        """Return the rows.

        Args:
            names: columns that hold names of nodes, in which "NA" is a name like any other.
            text: whether these are read as text, leading zeros and all.

        Raises:
            ValueError: lines of more cells than the header has, or a file that is damaged.
        """
        names = [name for name in names if name in self.columns]
        if self.given is not None:
            return self.given
        assert self.path is not None
        import pandas as pd

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                if kind_of_name(self.path) in PARQUET:
                    return pd.read_parquet(self.path).rename(columns=str)
                return self._read_text(names, text)
        except ImportError:
            raise ImportError(
                f"{self.path} is read with pyarrow, which is not installed: pip install pyarrow"
            ) from None
        except Exception as error:  # a damaged file can raise nearly anything
            raise ValueError(
                f"{self.path} cannot be read as a table ({in_brief(error)}): give every line one "
                f"cell for each of the {len(self.columns)} columns"
            ) from None

    def _read_text(self, names: list[str], text: bool) -> pd.DataFrame:
        import pandas as pd

        missing = {column: EMPTY if column in names else MISSING for column in self.columns}
        return pd.read_csv(
            self.path,  # type: ignore[arg-type]  # it is there
            sep=self.separator,
            header=0 if self.headed else None,
            names=list(self.columns),
            dtype={name: "str" for name in names} if text else None,
            keep_default_na=False,
            na_values=missing,
            index_col=False,
            low_memory=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
        )

    def where(self, row: int) -> str:
        """Say where a row is: its line in a file of text."""
        if self.path is None or kind_of_name(self.path) in PARQUET:
            return f"row {row} of {self.name}"
        line = line_of(self.path, self.separator, row, self.headed)
        return f"line {line} of {self.name}"

    def need(self, column: Any, argument: str) -> str:
        """Return a column's name.

        Raises:
            ValueError: there is none of that name.
        """
        if isinstance(column, str) and column in self.columns:
            return column
        raise ValueError(
            f"{argument} is {shown(column)}, but {self.name} has no such column: it has "
            f"{self.listed()}"
        )

    def listed(self) -> str:
        """The columns in words, the first of very many."""
        told = ", ".join(map(repr, self.columns[:20]))
        more = len(self.columns) - 20
        return f"{told} and {more} more" if more > 0 else told


EMPTY = [""]
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "NULL", "null", "None", "<NA>", "#N/A"]
"""Cells without a value, of names and of anything else."""


def table(source: Any, what: str) -> Table:
    """Look at a DataFrame, or at the head of a file.

    Args:
        source: a DataFrame, a path, or anything of which pandas makes a DataFrame (a dictionary of
            columns, a list of dictionaries).
        what: it is of: nodes or edges.

    Raises:
        ValueError: what is no table, two columns of one name, an empty file, an unknown ending.
        FileNotFoundError: no such file.
    """
    import pandas as pd

    if isinstance(source, str | Path):
        return _of_file(Path(source).expanduser(), what)
    if not isinstance(source, pd.DataFrame):
        if not isinstance(source, dict | list) or not source:
            raise ValueError(
                f"{what} is {described(source)}, but a table is a pandas DataFrame or the path of "
                "a CSV or parquet file: give one of these"
            )
        source = frame_of(what, source)
    if any(name is not None for name in source.index.names):
        source = source.reset_index()  # a named index is a column
    source = source.rename(columns=str).reset_index(drop=True)
    return Table(what, _once(what, source.columns), given=source)


def frame_of(name: str, values: Any) -> pd.DataFrame:
    """Put values of rows into a DataFrame: a list, an array, a tensor, a Series or a dictionary.

    Raises:
        ValueError: what is none of these.
    """
    import pandas as pd

    values = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        return pd.DataFrame(dict(values) if isinstance(values, Mapping) else values)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {described(values)}, but it has a value for every row: give a list, an "
            "array, a tensor, a Series, or a dictionary of columns"
        ) from None


def _of_file(path: Path, what: str) -> Table:
    kind = kind_of_name(path)
    if kind in PARQUET:
        return Table(path.name, _once(path.name, _parquet_columns(path)), path)
    if kind not in TEXT:
        raise ValueError(
            f"{what} is {path}, but tables are read from files that end in "
            f"{', '.join(TEXT + PARQUET)} (packed or not): read it with pandas and give the "
            "DataFrame"
        )
    line = first_lines(path)[0]
    separator = separator_of(line)
    found = cells(line, separator)
    headed = not all(map(_is_number, found))
    columns = found if headed else [str(i) for i in range(len(found))]
    return Table(path.name, _once(path.name, columns), path, None, separator, headed)


def _parquet_columns(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: give the path of a file that is")
    try:
        from pyarrow import parquet
    except ImportError:
        raise ImportError(
            f"{path} is read with pyarrow, which is not installed: pip install pyarrow"
        ) from None
    try:
        return [str(name) for name in parquet.read_schema(path).names]
    except Exception as error:
        raise ValueError(f"{path} is no parquet file ({in_brief(error)}): write it anew") from None


def _once(name: str, columns: Iterable[str]) -> tuple[str, ...]:
    found = tuple(columns)
    again = [column for column, count in Counter(found).items() if count > 1]
    if again:
        raise ValueError(
            f"{name} has two columns of the name {again[0]!r}: rename or drop one of them"
        )
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
