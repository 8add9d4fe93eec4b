"""The ``list`` command: models, datasets, rewirings, tasks, methods or recipes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from gnnlab.cli.output import print_rows

NAME = "list"
HELP = "models, datasets, rewirings, tasks, methods or recipes"
EXAMPLES = (
    "gnnlab list models",
    "gnnlab list datasets --filter task=graph --columns name,graphs,features,licence",
    "gnnlab list recipes --filter model=gcn --filter data=minesweeper* --json",
)
WHAT = ("models", "datasets", "rewirings", "tasks", "methods", "recipes")
Row = Mapping[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("what", nargs="?", choices=WHAT)
    parser.add_argument("--columns", metavar="NAMES", help="such as name,group,about, or all")
    parser.add_argument(
        "--filter", action="append", default=[], metavar="COLUMN=TEXT",
        help="rows whose column is that, * standing for anything",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each row")


def command(arguments: argparse.Namespace) -> None:
    """Print names by the package that holds them, or columns of what is known of each."""
    from gnnlab.cli.listed_rows import rows_of

    for what in [arguments.what] if arguments.what else WHAT:
        rows: list[Row] = list(rows_of(what))
        known = arguments.what is not None or _has(rows, arguments.filter)
        rows = _filtered(rows, arguments.filter) if known else []
        if arguments.json:
            print_rows({"listing": what, **row} for row in rows)
            continue
        if not arguments.what:
            print(f"{what}:")
        lines = _table(rows, arguments.columns) if arguments.columns else _names(rows)
        print("\n".join(lines))


def _filtered(rows: Sequence[Row], filters: Sequence[str]) -> list[Row]:
    """The rows that pass every filter.

    Raises:
        ValueError: another form, or no such column.
    """
    found = list(rows)
    for text in filters:
        column, equals, pattern = text.partition("=")
        if not equals:
            raise ValueError(f"--filter {text!r} is not of the form COLUMN=TEXT")
        _check_columns([column], rows)
        wanted = pattern.lower()
        found = [row for row in found if fnmatch(str(row.get(column, "")).lower(), wanted)]
    return found


def _has(rows: Sequence[Row], filters: Sequence[str]) -> bool:
    """Whether the rows have every column that is filtered by."""
    return {text.partition("=")[0] for text in filters} <= set(_columns(rows))


def _table(rows: Sequence[Row], names: str) -> list[str]:
    from gnnlab.runner.reports.tables import layout

    known = _columns(rows)
    columns = known if names == "all" else [name.strip() for name in names.split(",")]
    _check_columns(columns, rows)
    cells = [tuple(_shown(row.get(column)) for column in columns) for row in rows]
    return [layout(tuple(columns), cells)]


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _check_columns(names: Sequence[str], rows: Sequence[Row]) -> None:
    known = _columns(rows)
    for name in names:
        if rows and name not in known:
            raise ValueError(f"there is no column {name!r}: take some of {', '.join(known)}")


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)


def _names(rows: Sequence[Row]) -> list[str]:
    """Names alone, below the sub-package that holds them where there are several."""
    lines: list[str] = []
    group = None
    for row in rows:
        if row.get("group") not in (group, None):
            group = row["group"]
            lines.append(f"  {group}")
        lines.append(f"{'    ' if 'group' in row and row['group'] else '  '}{row['name']}")
    return lines
