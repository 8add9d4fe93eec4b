"""First lines of modules: each names what the module holds, in the field's own term."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("gnnlab", "layers", "rewiring", "datasets", "tasks")
WIDEST = 100
QUESTIONS = {"what", "how", "where", "which", "whether", "why", "who", "when"}
COMMANDS = {"from", "as", "let", "tell", "look", "refuse", "give", "return", "make", "put"}
"""Other openings of a line that names nothing."""
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
    return [path.relative_to(ROOT) for path in found if path.stem != "__init__"]


def names(stem: str, line: str) -> bool:
    """Whether a line has the file's term, or a word of its name in whatever ending."""
    if stem in TERMS:
        return TERMS[stem] in line.lower()
    said = re.findall(r"[a-z0-9]+", line.lower())
    parts = [part for part in stem.strip("_").split("_") if part not in FILLERS]
    return any(word.startswith(part[:4]) for part in parts for word in said)


def fault(stem: str, line: str) -> str | None:
    """What is wrong with a module's first line, or None."""
    if line.split(" ")[0].strip(",:.").lower() in QUESTIONS | COMMANDS:
        return "opens with a question or a command: put the term first, a noun phrase"
    if len(line) > WIDEST or not line.endswith("."):
        return f"is no sentence on one line of {WIDEST} characters"
    if not names(stem, line):
        return "has no word of the file's name and not its term: name it, or add a term to TERMS"
    return None


def test_first_lines_name_what_a_module_holds() -> None:
    found: list[str] = []
    for path in modules():
        doc = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8")), clean=False) or ""
        line = doc.split("\n")[0]
        found += [f"{path}: {line!r} {wrong}" for wrong in [fault(path.stem, line)] if wrong]
    assert len(modules()) > 100  # the folders were found
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("stem", "line", "told"),
    [
        ("total_resistance", "How hard it is to get around a graph: its resistance.", "question"),
        ("virtual_node", "Let every node hear a node of the graph's own.", "command"),
        ("total_resistance", "One number for how hard it is to get around a graph.", "TERMS"),
        ("bfs", "Hop distances from every node.", "TERMS"),
        ("hop_sets", "Hop sets: all pairs of nodes that are exactly k hops apart,", "one line"),
        ("hop_sets", f"Hop sets{' of pairs' * 12}.", "one line"),
        ("hop_sets", "", "one line"),
    ],
)
def test_lines_that_name_nothing_are_told(stem: str, line: str, told: str) -> None:
    assert told in str(fault(stem, line))


def test_endings_and_terms_are_forgiven() -> None:
    assert fault("masking", "Masks of links.") is None
    assert fault("ppr_push", "Personalised PageRank by pushes.") is None
