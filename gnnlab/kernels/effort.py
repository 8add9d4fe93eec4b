"""Effort of long work: refused or warned of before it begins, with a progress bar while it runs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator

import numpy as np
import torch

from gnnlab.kernels.arrays import Array

LONG = 30.0
"""Seconds of estimated work from which its length is told."""
LONGEST = 24 * 3600.0
"""Seconds of estimated work that are refused."""
SLICE = 1 << 28
"""Nanoseconds of work between two steps of a progress bar."""
UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (0.0, "seconds"))


class LongWork(UserWarning):
    """Work that goes on for longer than half a minute, by what it is estimated to cost."""


def require_time(nanoseconds: float, told: str, way_out: str) -> None:
    """Refuse work that would go on for more than a day; warn of more than half a minute.

    Args:
        nanoseconds: what one thread would take for it, roughly.
        told: the work.
        way_out: what to do instead.

    Raises:
        ValueError: it takes too long.
    """
    seconds = nanoseconds / 1e9 / torch.get_num_threads()
    if seconds > LONGEST:
        raise ValueError(
            f"{told} would take about {duration(seconds)}, and what takes more than a day is not "
            f"begun: {way_out}"
        )
    if seconds > LONG:
        warnings.warn(
            f"{told} will take about {duration(seconds)}: {way_out}", LongWork, stacklevel=3
        )


def duration(seconds: float) -> str:
    """A length of time in the largest unit of which there are two."""
    for size, name in UNITS:
        if seconds >= 2 * size:
            return f"{seconds / max(size, 1.0):,.0f} {name}"
    raise ValueError(f"seconds is {seconds!r}, but time does not run backwards")


def stretches(work: Array, unit: str, progress: bool = True) -> Iterator[tuple[int, int]]:
    """Ranges of items of about equal work, with a bar on a terminal where there are many.

    A bar shows after two seconds, with the time that is left. Between two ranges an interrupt is
    heard, which compiled loops do not hear.

    Args:
        work: (K + 1,) nanoseconds up to each item, ascending from 0.
        unit: what an item is called.
    """
    items = len(work) - 1
    if work[-1] <= SLICE:
        yield 0, items
        return
    slices = math.ceil(float(work[-1]) / SLICE)
    cuts = np.searchsorted(work, np.linspace(0, float(work[-1]), min(slices, items) + 1)[1:-1])
    bounds = np.unique(np.concatenate([[0], cuts, [items]])).tolist()
    from tqdm import tqdm  # most calls are over before a bar is worth its import

    shown = None if progress else True  # None: only on a terminal
    with tqdm(total=items, unit=unit, delay=2, leave=False, disable=shown) as bar:
        for first, last in zip(bounds[:-1], bounds[1:], strict=True):
            yield first, last
            bar.update(last - first)


def alike(items: int, nanoseconds: float) -> Array:
    """Work up to each of so many items that are about the same, as :func:`stretches` takes it."""
    return np.linspace(0.0, nanoseconds, items + 1)
