"""Sparse rows: matrices in compressed form (CSR), checked before their entries are used."""

from __future__ import annotations

import numpy as np


def coordinates(
    pointers: np.ndarray, places: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Give row and column of every entry: (E,) int64 each.

    Args:
        pointers: (R + 1,) where each row begins in ``places``.
        places: (E,) columns.
        shape: R and C.

    Raises:
        ValueError: they do not fit together, or name a column that is not there.
    """
    rows, columns = (int(size) for size in shape)
    if pointers.ndim != 1 or places.ndim != 1 or not _whole(pointers) or not _whole(places):
        raise ValueError("pointers and places are not lists of whole numbers")
    fits = len(pointers) == rows + 1 and int(pointers[0]) == 0
    ends = pointers.astype(np.int64) if fits else np.zeros(rows + 1, dtype=np.int64)
    counts = ends[1:] - ends[:-1]
    if not fits or (counts < 0).any() or int(pointers[-1]) != len(places):
        raise ValueError("pointers do not rise from 0 to the number of entries, one for each row")
    if len(places) and not (int(places.min()) >= 0 and int(places.max()) < columns):
        raise ValueError(f"an entry lies outside the {columns} columns")
    return np.repeat(np.arange(rows), counts), places.astype(np.int64)


def _whole(values: np.ndarray) -> bool:
    return values.dtype.kind in "iu"
