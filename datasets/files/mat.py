"""MATLAB files, level 5: named arrays of numbers, full or sparse.

Read here and not by scipy, whose compiled reader a damaged file can make end the whole process.
Nothing but numbers is read; cells, structures and strings are passed over.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnnlab.datasets.files.bounds import most
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.sparse_rows import coordinates

NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
"""Types of data elements that are numbers."""
MATRIX, COMPRESSED = 14, 15
SPARSE, FULL = 5, range(6, 16)
"""Classes of arrays."""
COMPLEX = 0x0800
HEADER = 128
Element = tuple[int, memoryview]


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """Places of the stored entries, column by column.

    Args:
        rows, columns: (E,) int64.
        shape: of the matrix.
    """

    rows: np.ndarray
    columns: np.ndarray
    shape: tuple[int, int]


def read_mat(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray | SparseMatrix]:
    """Read some of the arrays of a MATLAB file; of sparse ones where the entries are.

    Raises:
        ValueError: a damaged file, or one without these arrays.

    Source:
        MathWorks, "MAT-File Format", level 5
        (https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf).
    """
    kind = f"a MATLAB file with {' and '.join(names)}"
    found: dict[str, np.ndarray | SparseMatrix] = {}
    with parsing(kind, [path]):
        content = path.read_bytes()
        mark = content[126:HEADER]
        if mark not in (b"IM", b"MI"):
            raise damaged(path, kind, "it has no header of level 5")
        order = "<" if mark == b"IM" else ">"
        for element in _elements(memoryview(content)[HEADER:], order):
            name, value = _array(_unpacked(element, order, path, kind), order, names)
            if value is not None:
                found[name] = value
        if absent := [name for name in names if name not in found]:
            raise damaged(path, kind, f"it has no array {absent[0]}")
    return found


def _elements(content: memoryview, order: str) -> Iterator[Element]:
    """Part a stretch of bytes into typed elements; small ones share a word with their tag."""
    place = 0
    while place + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, place)
        if small := kind >> 16:
            kind, size, start = kind & 0xFFFF, small, place + 4
            place += 8
        else:
            start = place + 8
            # Everything but what is compressed is filled up to whole words.
            place = start + (size if kind == COMPRESSED else -(-size // 8) * 8)
        if start + size > len(content) or (small and size > 4):
            raise ValueError("an element goes on after its end")
        yield kind, content[start : start + size]


def _unpacked(element: Element, order: str, path: Path, kind: str) -> Element:
    """The element itself, or the one that is compressed in it, within bounds."""
    if element[0] != COMPRESSED:
        return element
    stream = zlib.decompressobj()
    content = stream.decompress(element[1], most(path) + 1)
    if len(content) > most(path):
        raise damaged(path, kind, f"it unpacks to more than {most(path):,} bytes")
    if not stream.eof:
        raise ValueError("what is compressed ends early")
    return next(_elements(memoryview(content), order))


def _array(
    element: Element, order: str, names: tuple[str, ...]
) -> tuple[str, np.ndarray | SparseMatrix | None]:
    """Name and value of an array; no value where it is none of those that are looked for."""
    if element[0] != MATRIX:
        return "", None
    parts = _elements(element[1], order)
    flags, sizes = _numbers(next(parts), order), _numbers(next(parts), order)
    name = bytes(next(parts)[1]).decode("latin1")
    if name not in names:
        return name, None
    kind, shape = int(flags[0]) & 0xFF, tuple(int(size) for size in sizes)
    if int(flags[0]) & COMPLEX or min(shape, default=-1) < 0:
        raise ValueError(f"{name} is complex, or of shape {shape}")
    if kind == SPARSE and len(shape) == 2:
        rows, pointers = _numbers(next(parts), order), _numbers(next(parts), order)
        columns, rows = coordinates(pointers, rows[: int(pointers[-1])], (shape[1], shape[0]))
        return name, SparseMatrix(rows, columns, (shape[0], shape[1]))
    if kind not in FULL:
        raise ValueError(f"{name} holds no numbers")
    return name, _numbers(next(parts), order).reshape(shape, order="F")


def _numbers(element: Element, order: str) -> np.ndarray:
    kind, content = element
    if kind not in NUMBERS:
        raise ValueError(f"numbers of type {kind}, which is none")
    return np.frombuffer(content, dtype=f"{order}{NUMBERS[kind]}")
