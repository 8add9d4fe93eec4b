"""Grouping of items by row: a compiled counting sort."""

from __future__ import annotations

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled


def _group(keys: Array, rowptr: Array, order: Array) -> int:
    """Counting sort, stable; rowptr (N + 1,) arrives as zeros.

    Returns where the first key lies that is no row, and -1 where all are.
    """
    rows = rowptr.shape[0] - 1
    for e in range(keys.shape[0]):
        key = keys[e]
        if key < 0 or key >= rows:
            return e
        rowptr[key + 1] += 1
    for i in range(rows):
        rowptr[i + 1] += rowptr[i]
    # Each row's pointer walks to its end, where the next row begins. A copy to walk with would be
    # memory that may not be there, and an error in compiled code never gives its arguments back.
    for e in range(keys.shape[0]):
        key = keys[e]
        order[rowptr[key]] = e
        rowptr[key] += 1
    for i in range(rows - 1, 0, -1):
        rowptr[i] = rowptr[i - 1]
    if rows:
        rowptr[0] = 0
    return -1


group = compiled(_group)
