"""First lines of modules: each names what the module holds, in the field's own term."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("gnnlab", "layers", "rewiring", "datasets", "tasks")
NOT_YET: tuple[str, ...] = ()  # Packages whose first lines are still to be written.
WIDEST = 100
QUESTIONS = {"what", "how", "where", "which", "whether", "why", "who", "when"}
FILLERS = {"by", "for", "of", "to", "in", "and"}
"""Words of file names that say nothing of what is in the file."""
TERMS = {
    "__main__": "python -m gnnlab",
    "bfs": "breadth-first",
    "kmeans": "k-means",
    "gt": "graph transformer",
    "ppr_push": "personalised pagerank",
    "reexports": "re-exports",
    "rmat": "r-mat",
}
"""File names that are abbreviations, and the term that each is short for."""


def modules() -> list[Path]:
    """The product's modules, without the faces of its packages."""
    found = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    named = (path.relative_to(ROOT) for path in found if path.stem != "__init__")
    return [path for path in named if not path.as_posix().startswith(NOT_YET)]


def names(stem: str, line: str) -> bool:
    """Whether a line has the file's term, or a word of its name in whatever ending."""
    if stem in TERMS:
        return TERMS[stem] in line.lower()
    said = re.findall(r"[a-z0-9]+", line.lower())
    parts = [part for part in stem.strip("_").split("_") if part not in FILLERS]
    return any(word.startswith(part[:4]) for part in parts for word in said)


def fault(stem: str, line: str) -> str | None:
    """What is wrong with a module's first line, or None."""
    if line.split(" ")[0].lower() in QUESTIONS:
        return "opens with a question: put the term first"
    if len(line) > WIDEST or not line.endswith("."):
        return f"is no sentence of one line of {WIDEST} characters"
    if not names(stem, line):
        return "names neither a word of the file's name nor its term: add one, or a term to TERMS"
    return None


@pytest.mark.parametrize("path", modules(), ids=str)
def test_first_line_names_what_the_module_holds(path: Path) -> None:
    doc = ast.get_docstring(ast.parse((ROOT / path).read_text()), clean=False) or ""
    line = doc.split("\n")[0]
    assert (wrong := fault(path.stem, line)) is None, f"{path}: {line!r} {wrong}"
