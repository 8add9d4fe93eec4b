"""Bit sets: the neighbours of each node, and those within two steps, as bits of 64-bit words."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.threads import over_items
from gnnlab.kernels.words import ONE as ONE
from gnnlab.kernels.words import ZERO as ZERO
from gnnlab.kernels.words import count_bits as count_bits
from gnnlab.kernels.words import first_bit as first_bit


def _set_rows(first: int, last: int, rowptr: Array, col: Array, rows: Array) -> None:
    """rows[i] = the set of i's neighbours, for the nodes first .. last; arrives as zeros."""
    for i in range(first, last):
        for p in range(rowptr[i], rowptr[i + 1]):
            rows[i, col[p] >> 6] |= ONE << np.uint64(col[p] & 63)


def _union_rows(
    first: int, last: int, nodes: Array, rowptr: Array, col: Array, rows: Array, out: Array
) -> None:
    """out[i] = the set of nodes within two steps of i, for ``nodes[first:last]``."""
    for t in range(first, last):
        i = nodes[t]
        for w in range(rows.shape[1]):
            out[i, w] = rows[i, w]
        for p in range(rowptr[i], rowptr[i + 1]):
            k = col[p]
            for w in range(rows.shape[1]):
                out[i, w] |= rows[k, w]


_set = compiled(_set_rows)
_union = compiled(_union_rows)


def bit_rows(rowptr: Array, col: Array) -> Array:
    """Return each node's neighbours as a row of bits, (N, ceil(N / 64)) uint64."""
    nodes = len(rowptr) - 1
    rows = np.zeros((nodes, max(1, -(-nodes // 64))), np.uint64)
    over_items(_set, nodes, rows.size, rowptr, col, rows)
    return rows


def two_step_rows(rowptr: Array, col: Array, rows: Array) -> Array:
    """Return each node's neighbours and their neighbours as a row of bits, like ``bit_rows``."""
    out = np.empty_like(rows)
    nodes = np.arange(len(rows), dtype=np.int32)
    over_items(_union, len(rows), len(col) * rows.shape[1], nodes, rowptr, col, rows, out)
    return out
