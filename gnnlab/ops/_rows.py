"""Items grouped by row."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from .backends import backend_for


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
    return Rows(*backend_for(keys).group(keys, num_rows))
