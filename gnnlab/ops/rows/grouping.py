"""Grouping: items by row, in a stable order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from gnnlab.ops.base.choice import backend_name


class Rows(NamedTuple):
    """Items grouped by row: ``order[rowptr[i]:rowptr[i + 1]]`` are the numbers of row i's."""

    rowptr: Tensor
    """(N + 1,) int32."""
    order: Tensor
    """(E,) int32: sorted position -> the caller's number of the item; stable."""


def group(keys: Tensor, num_rows: int) -> Rows:
    """Group items by ``keys`` (M,) in O(M), keeping the order of equal keys.

    Raises:
        ValueError: a key lies outside 0..num_rows-1.
    """
    try:
        return Rows(*_found(backend_name(keys))(keys, num_rows))
    except (RuntimeError, TypeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and "allocate" not in str(error):
            raise
        raise ValueError(
            f"an order by {num_rows} rows takes {4 * num_rows / 1e9:.1f} GB, which are not free: "
            "number the rows from 0 without gaps"
        ) from error


def by_sorting(keys: Tensor, num_rows: int) -> tuple[Tensor, Tensor]:
    """Stable sort of ``keys``: row pointers and the order."""
    if keys.numel() and not bool(((keys >= 0) & (keys < num_rows)).all()):
        raise ValueError(f"an item is of none of the {num_rows} rows, numbered from 0: drop it")
    order = torch.sort(keys, stable=True).indices.int()
    rowptr = torch.zeros(num_rows + 1, dtype=torch.int32, device=keys.device)
    rowptr[1:] = torch.bincount(keys, minlength=num_rows).cumsum(0)
    return rowptr, order


@cache
def _found(backend: str) -> Callable[[Tensor, int], tuple[Tensor, Tensor]]:
    if backend != "cpu":
        return by_sorting
    from gnnlab.ops.rows.counting_sort import by_counting  # numba loads here

    return by_counting
