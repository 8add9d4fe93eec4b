"""HTML of values for notebooks: small tables, with every text escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def table(title: str, rows: Mapping[str, str]) -> str:
    """A table of names and values under a title."""
    cells = (
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{''.join(cells)}</tbody></table>"


def text(value: object) -> str:
    """What is printed, as it is printed."""
    return f"<pre>{escape(str(value))}</pre>"
