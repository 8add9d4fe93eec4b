"""Items grouped by row."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from gnnlab.ops.backends import backend_for


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
        return Rows(*backend_for(keys).group(keys, num_rows))
    except (RuntimeError, TypeError) as error:
        if "allocate" not in str(error):
            raise
        raise ValueError(
            f"an order by {num_rows} rows takes {4 * num_rows / 1e9:.1f} GB, which are not free: "
            "number the rows from 0 without gaps"
        ) from error
