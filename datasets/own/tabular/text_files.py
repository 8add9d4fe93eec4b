"""Text files of one's own, packed or not: opened, and looked at before they are read."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gnnlab.datasets.files.damage import in_brief

OPENERS: dict[str, Callable[..., IO[str]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
SEPARATORS = (",", "\t", ";", "|")
"""What may lie between two cells; the one that the first line has most of does."""


def kind_of_name(path: Path) -> str:
    """The ending that says what a file holds, without that of its packing: ``.csv``.

    Example:
        >>> kind_of_name(Path("edges.CSV.gz"))
        '.csv'
    """
    name = path.with_suffix("") if path.suffix.lower() in OPENERS else path
    return name.suffix.lower()


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """Open a text file, unpacked on the way.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: no text in UTF-8, or damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: give the path of a file that is")
    opener = OPENERS.get(path.suffix.lower(), open)
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no text in UTF-8 (byte {error.start}): save it in UTF-8, or read it with "
            "pandas and give the DataFrame"
        ) from None
    except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        raise ValueError(f"{path} cannot be unpacked ({in_brief(error)}): pack it anew") from None


def first_lines(path: Path, count: int = 1) -> list[str]:
    """The first lines that hold anything, without their ends.

    Raises:
        ValueError: there is none.
    """
    found: list[str] = []
    with opened(path) as file:
        for line in file:
            if line.strip():
                found.append(line.rstrip("\r\n"))
            if len(found) == count:
                break
    if not found:
        raise ValueError(f"{path} is empty: give a file that holds something")
    return found


def separator_of(line: str) -> str:
    """What lies between the cells of a line."""
    return max(SEPARATORS, key=line.count)


def cells(line: str, separator: str) -> list[str]:
    """The cells of a line."""
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def line_of(path: Path, separator: str, row: int, headed: bool) -> int:
    """The line of a file, from 1, on which a row of its table ends.

    Blank lines and cells of several lines are counted, which is why the file is read again.
    """
    with opened(path) as file:
        reader = csv.reader(file, delimiter=separator)
        left = row + headed
        for found in reader:
            if found and left == 0:
                break
            left -= bool(found)
        return reader.line_num
