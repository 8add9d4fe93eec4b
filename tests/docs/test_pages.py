"""Every public name has its page, and says in its first line what it is."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from inspect import ismodule
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
FACES = (
    *("layers", "ops", "tasks", "explain", "conformal"),
    *("rewiring", "datasets", "structure", "analysis"),
)


@pytest.fixture(scope="module")
def generate() -> Any:
    """The generator of pages."""
    sys.path.insert(0, str(DOCS))
    try:
        yield import_module("_generate.pages")
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def made(generate: ModuleType) -> dict[str, str]:
    """The generated pages."""
    pages: dict[str, str] = generate.pages()
    return pages


@pytest.mark.parametrize("face", FACES)
def test_every_exported_name_has_a_page(face: str, made: dict[str, str]) -> None:
    package = import_module(f"gnnlab.{face}")
    listing = made[f"reference/{face}/index.rst"]
    for name in (n for n in package.__all__ if not ismodule(getattr(package, n))):
        page = made[f"reference/{face}/{name}.rst"]
        assert f":: gnnlab.{face}.{name}\n" in page or f"``gnnlab.{face}.{name}`` is" in page
        assert f"/reference/{face}/{name}\n" in listing


@pytest.mark.parametrize("face", FACES)
def test_every_exported_name_says_what_it_is(face: str, generate: ModuleType) -> None:
    silent = [e.name for e in generate.entries(f"gnnlab.{face}") if not e.first_line]
    assert [name for name in silent if name != "AdjacencyLike"] == []  # a union has no docstring


def test_every_method_has_a_card_with_settings_source_and_tests(
    made: dict[str, str], generate: ModuleType
) -> None:
    from gnnlab import layers, rewiring
    from gnnlab.tasks.link.heads.by_name import heads

    cards = {entry.name for kind in generate.KINDS for entry in kind.methods()}
    assert cards >= {*layers.encoders(), *layers.convs(), "NodeClassification", "LaplacianPE"}
    assert cards >= {cls.__name__ for cls in rewiring.rewirings().values()}
    assert cards >= set(heads())
    assert sum(len(list(kind.methods())) for kind in generate.KINDS) == len(cards)
    for name in {*layers.encoders(), *layers.convs()}:
        page = made[f"methods/{name}.rst"]
        assert "https://" in page.split("Source\n------")[1].split("Settings\n----")[0]
        assert "* ``tests/" in page


def test_a_card_shows_the_paper_next_to_ours(made: dict[str, str]) -> None:
    page = " ".join(made["methods/DAGNN.rst"].split())
    assert "``dagnn/cora`` - accuracy - 84.4 ± 0.5 - 84.46 ± 0.47" in page
    assert "``dropout``" in page and "``gnnlab reproduce dagnn/" in page


def test_every_data_set_and_command_is_described(made: dict[str, str]) -> None:
    from gnnlab import datasets

    pages = [text for path, text in made.items() if path.startswith("datasets/")]
    listed = "\n".join(pages)
    assert [name for name in datasets.names() if f"``{name}``" not in listed] == []
    for command in ("run", "study", "sweep", "bench", "reproduce", "rewire"):
        assert f"usage: gnnlab {command} " in made["reference/commands.rst"]


def test_pages_are_written_once_and_old_ones_removed(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "methods" / "Gone.rst"
    old.parent.mkdir()
    old.write_text("")
    monkeypatch.setattr(generate, "pages", lambda: {"methods/New.rst": "new"})
    generate.write_pages(tmp_path)
    first = (tmp_path / "methods" / "New.rst").stat().st_mtime_ns
    generate.write_pages(tmp_path)
    assert (tmp_path / "methods" / "New.rst").stat().st_mtime_ns == first
    assert not old.exists()


def test_docstrings_are_read_by_section(generate: ModuleType) -> None:
    class Method:
        """What it is.

        Args:
            a, b: widths,
                both of them.
            hidden: H.

        Source:
            A paper (https://example.org).

        Said later.
        """

        def __init__(self, a: int, b: int = 2, *, hidden: int = 3) -> None: ...

    assert generate.settings(Method) == [
        ("a", "required", "widths, both of them."),
        ("b", "2", "widths, both of them."),
        ("hidden", "3", r"\H."),
    ]
    parts = generate.sections(Method)
    assert parts["Source"] == "A paper (https://example.org)."
    assert parts["prose"] == "What it is.\n\n\nSaid later."


def test_a_docstring_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import nn

    class Silent(nn.Module):
        pass

    @dataclass
    class Bare:
        x: int

    monkeypatch.syspath_prepend(DOCS)
    first_line = import_module("_generate.docstrings").first_line
    assert (first_line(Silent), first_line(Bare), first_line(int | str)) == ("", "", "")
    assert first_line(nn.Linear).startswith("Applies")
