"""Numbers read from files, checked before they become ids, labels or masks.

A conversion would cut what is not whole, count negative places from the end, and take nan for any
number: damage would pass for data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gnnlab.datasets.files.damage import damaged


def whole(values: np.ndarray, path: Path, name: str) -> np.ndarray:
    """Whole numbers that a file may store in any type: int64.

    Raises:
        ValueError: one is not whole.
    """
    with np.errstate(invalid="ignore"):  # what is no number is found below
        found = values.astype(np.int64)
    if not np.array_equal(found, values):
        raise damaged(path, f"whole numbers in {name}", "one is not whole, or too large")
    return found


def places(values: np.ndarray, count: int, path: Path, name: str) -> np.ndarray:
    """Whole numbers from 0 to count - 1: int64.

    Raises:
        ValueError: another one.
    """
    found = whole(values, path, name)
    if found.size and not (found.min() >= 0 and found.max() < count):
        worst = found.max() if found.max() >= count else found.min()
        raise damaged(path, f"{name} from 0 to {count - 1}", f"it names {worst}")
    return found


def truths(values: np.ndarray, path: Path, name: str) -> np.ndarray:
    """Truth values that a file may store as 0 and 1: bool.

    Raises:
        ValueError: another number.
    """
    found = values == 1
    if values.dtype.kind not in "biuf" or not (found | (values == 0)).all():
        raise damaged(path, f"truth values in {name}", "one is neither 0 nor 1")
    return np.asarray(found)
