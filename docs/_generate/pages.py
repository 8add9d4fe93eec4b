"""Generated pages: their text, from templates, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import catalogue
from .commands import commands
from .docstrings import PROSE, sections, settings
from .evidence import ROOT, recipes_of, tests_of
from .kinds import KINDS, Kind
from .names import FACES, Entry, entries, every_entry, family_text, family_title, homes

DOCS = ROOT / "docs"
FOLDERS = ("methods", "reference", "datasets", "guide/notebooks")
"""Folders of docs/ that hold nothing but generated pages."""

Pages = Iterator[tuple[str, str]]
"""Paths below docs/, each with its text."""


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/ and its text."""
    made = (*method_pages(), *reference_pages(), *dataset_pages(), *notebooks())
    return dict(made)


def write_pages(docs: Path = DOCS) -> None:
    """Write the pages that differ from what is there, and remove those that are no longer made."""
    made = {docs / path: text for path, text in pages().items()}
    for folder in FOLDERS:
        for path in (docs / folder).rglob("*.*"):
            if path.is_file() and path not in made:
                path.unlink()
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def method_pages() -> Pages:
    """A card for every method, a page for every kind, and the table of kinds."""
    counts = []
    for kind in KINDS:
        methods = list(kind.methods())
        counts.append((kind, len(methods)))
        for entry in methods:
            yield card_path(entry), card(kind, entry)
        yield f"{kind.page}.rst", render("kind.rst.j2", kind=kind, families=families(methods))
    yield "methods/index.rst", render("methods.rst.j2", kinds=counts)


def card_path(entry: Entry) -> str:
    """Where a method's card lies, below docs/."""
    return f"methods/{entry.name}.rst"


def card(kind: Kind, entry: Entry) -> str:
    """The card of one method."""
    parts = sections(entry.thing)
    named, everyone = tests_of(kind, entry)
    return render(
        "method.rst.j2",
        entry=entry,
        kind=kind,
        parts=parts,
        prose=parts[PROSE],
        settings=settings(entry.thing),
        recipes=recipes_of(kind, entry),
        command=kind.command(entry),
        named=named,
        everyone=everyone,
    )


def reference_pages() -> Pages:
    """A page for every exported name, one for every face, and one for the commands."""
    home = homes(every_entry())
    cards = {id(entry.thing) for kind in KINDS for entry in kind.methods()}
    for face, text in FACES.items():
        found = list(entries(face))
        for entry in found:
            same, has_card = home[id(entry.thing)], id(entry.thing) in cards
            page = render("reference.rst.j2", entry=entry, home=same, has_card=has_card)
            yield f"{entry.page}.rst", page
        folder = face.removeprefix("gnnlab.").replace(".", "-")
        yield (
            f"reference/{folder}/index.rst",
            render("face.rst.j2", face=face, text=text, families=families(found)),
        )
    yield "reference/index.rst", render("faces.rst.j2", faces=FACES)
    yield "reference/commands.rst", render("commands.rst.j2", commands=commands())


def families(found: Iterable[Entry]) -> list[tuple[str, str, list[Entry]]]:
    """Entries by the sub-package that defines them: its title, its first line, and its entries."""
    ordered = sorted(found, key=lambda entry: entry.family)
    return [
        (family_title(face, family), family_text(face, family), list(group))
        for (face, family), group in groupby(ordered, lambda entry: (entry.face, entry.family))
    ]


def dataset_pages() -> Pages:
    """A page for every source of data sets, one for generated sets, and their table."""
    sources = catalogue.by_source()
    for source, records in sources.items():
        heads, rows = catalogue.overview(records)
        sets = [(record, catalogue.facts(record), catalogue.papers(record)) for record in records]
        text = render("datasets.rst.j2", source=source, heads=heads, rows=rows, sets=sets)
        yield f"datasets/{source}.rst", text
    drawn = catalogue.generated()
    yield "datasets/generated.rst", render("generated.rst.j2", drawn=drawn)
    yield "datasets/index.rst", render("sources.rst.j2", sources=sources, drawn=drawn)


def notebooks() -> Pages:
    """The notebooks, beside the guide that shows them."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield f"guide/notebooks/{path.name}", path.read_text(encoding="utf-8")


def render(template: str, **values: Any) -> str:
    """Fill a template."""
    return _templates().get_template(template).render(**values)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["underline"] = lambda text, mark="=": f"{text}\n{mark * len(text)}"
    made.filters["literal"] = lambda text: f"``{text}``"
    return made
