"""Dataset cards: what the catalogue knows of every set before a file is opened, by source."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from gnnlab import datasets

from .kinds import plain
from .names import Entry, entries

COLUMNS = ("task", "nodes", "graphs", "undirected", "features", "classes")
WORDS = {"undirected": "undirected edges", "rows": "rows of edges", "val": "valid"}


def by_source() -> dict[str, list[datasets.Record]]:
    """Every record of the catalogue, by the source that publishes it, in the catalogue's order."""
    # The catalogue lies in the module of its record, wherever that is.
    catalogue = import_module(datasets.Record.__module__)
    found: dict[str, list[datasets.Record]] = {}
    for record in catalogue.records():
        found.setdefault(record.source, []).append(record)
    return found


def generated() -> list[tuple[str, Entry]]:
    """Names of sets that are drawn instead of read, each with the function that draws it."""
    functions = {plain(e.name): e for e in entries("gnnlab.datasets") if e.kind == "function"}
    files = {
        plain(name) for rs in by_source().values() for r in rs for name in (r.name, *r.aliases)
    }
    drawn = [name for name in datasets.names() if plain(name) not in files]
    return [(name, functions[plain(name).removesuffix("generated")]) for name in drawn]


def overview(records: Sequence[datasets.Record]) -> tuple[list[str], list[list[str]]]:
    """A table of the sets of a source: those columns that any of them fills."""
    used = [key for key in COLUMNS if any(_cell(record, key) for record in records)]
    heads = ["set", *(WORDS.get(key, key) for key in used)]
    return heads, [[f"`{r.name}`_", *(_cell(r, key) for key in used)] for r in records]


def _cell(record: datasets.Record, key: str) -> str:
    if key == "task":
        return record.task
    number = record.statistics.get(key)
    return "" if number is None else f"{number:,}"


def facts(record: datasets.Record) -> list[tuple[str, str]]:
    """The rows of a set's card."""
    counts = ", ".join(f"{n:,} {WORDS.get(key, key)}" for key, n in record.statistics.items())
    rows = [
        ("Serves", str(record.options.get("serves", _serves(record)))),
        ("Size", counts.replace("_", " ")),
        ("Edges", "as stored, directed" if record.directed else "both directions of each"),
        ("Splits", _splits(record)),
        ("Also called", ", ".join(f"``{alias}``" for alias in record.aliases)),
        ("Licence", record.licence),
        ("Origin", record.origin),
        ("Checksum", f"none: {record.unchecked}" if record.unchecked else "compared on every load"),
    ]
    return [(name, text) for name, text in rows if text]


def _serves(record: datasets.Record) -> str:
    words = {"node": "node classification", "link": "link prediction", "graph": "graph prediction"}
    return words.get(record.task, record.task)


def _splits(record: datasets.Record) -> str:
    named = [f"``{name}``" for name in record.splits]
    default = f"``{record.default_split}``"
    rest = [name for name in named if name != default]
    return f"{default} by default" + (f"; also {', '.join(rest)}" if rest else "")


def papers(record: datasets.Record) -> list[str]:
    """The papers to cite for a set: authors, title, year."""
    return [_paper(citation.fields) for citation in datasets.cite(record.name, record.source)]


def _paper(fields: Any) -> str:
    authors = str(fields.get("author", "")).split(" and ")
    named = authors[0].split(",")[0] + (" et al." if len(authors) > 1 else "")
    title = str(fields.get("title", "")).replace("{", "").replace("}", "")
    return f"{named}, “{title}”, {fields.get('year', '')}"
