"""Text of a card: its lines, wrapped to a width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from gnnlab.core import html
from gnnlab.datasets.catalogue.records import Citation


class Printed:
    """What is read as it prints, in a terminal and in a notebook."""

    def _repr_html_(self) -> str:
        return html.text(self)


def lines(
    title: str,
    rows: Sequence[tuple[str, str]],
    flaws: Iterable[str],
    citation: Iterable[Citation],
) -> str:
    """Lay out a title, labelled rows, flaws and the papers to cite."""
    rows = [*rows, *(("flaw", flaw) for flaw in flaws)]
    body = [line for label, text in rows for line in _wrapped(label, text)]
    return "\n".join([title, *body, "", *map(str, citation)]).rstrip()


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, 96, initial_indent=f"  {label:<15}", subsequent_indent=" " * 17) or [
        f"  {label}"
    ]
