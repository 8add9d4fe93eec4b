"""Damaged files: the error, one sentence, for a file that cannot be read as it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONGEST = 300
"""Characters of another library's message that are repeated."""


class Damaged(ValueError):
    """A file does not hold what it should: truncated, changed or another version.

    Args:
        told: what is wrong.
        way: out of it, where the file can be fetched anew.
    """

    def __init__(self, told: str, way: str = "") -> None:
        super().__init__(f"{told}; {way}" if way else told)
        self.told = told


def damaged(path: Path, kind: str, problem: Any) -> Damaged:
    """Phrase the error for a file that its reader cannot read."""
    told = f"{path} cannot be read as {kind} ({in_brief(problem)})"
    return Damaged(told, "delete it and load again to fetch it anew")


@contextmanager
def not_fetched() -> Iterator[None]:
    """Name another way out of damage, for files that somebody has written: to mend them.

    Raises:
        ValueError: in place of :class:`Damaged`.
    """
    try:
        yield
    except Damaged as error:
        raise ValueError(f"{error.told}: mend the file or write it anew") from None


def in_brief(problem: Any) -> str:
    """What went wrong, in one line: an error's first one, with its kind where that says more."""
    if isinstance(problem, MemoryError):
        return "it asks for more memory than there is"
    text = (str(problem).strip().splitlines() or [""])[0][:LONGEST]
    if isinstance(problem, Exception) and not (isinstance(problem, ValueError) and text):
        return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
    return text


@contextmanager
def parsing(kind: str, paths: Sequence[Path]) -> Iterator[None]:
    """Turn whatever a parser raises into one sentence that names the file.

    A damaged file can make the libraries that parse it raise nearly anything: what readers foresee
    they phrase themselves, as :class:`Damaged`, and all else is phrased here.

    Args:
        kind: what the files should hold.
        paths: those that are read.
    """
    try:
        yield
    except Damaged:
        raise
    except Exception as error:
        if len(paths) == 1:
            raise damaged(paths[0], kind, error) from None
        names = ", ".join(path.name for path in paths)
        raise Damaged(
            f"{names} in {paths[0].parent} cannot be read as {kind} ({in_brief(error)})",
            "delete them and load again to fetch them anew",
        ) from None
