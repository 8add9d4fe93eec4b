"""Sparse products by compiled loops; dropout's bits are hashed entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.compile import inner
from gnnlab.kernels.hashing import GOLDEN, MASK64, MIX1, MIX2, threshold
from gnnlab.kernels.threads import over_items
from gnnlab.ops.backends.cpu.propagate import summed
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.sparse_features import Drop, Entries, SparseFeatures


def sparse_product(table: Tensor, x: SparseFeatures, turned: bool) -> Tensor:
    """X t, or X^T t where turned, X without what dropout took."""
    entries = x._entries(turned)
    values = kept_values(entries, x.drop, wide(table)).reshape(-1, 1)
    return summed(table, entries.rowptr, entries.col, values)


def kept_values(entries: Entries, drop: Drop | None, kind: torch.dtype) -> Array:
    """The entries as dropout leaves them, computed again whenever they are needed."""
    values = array(entries.values.to(kind))
    if drop is None:
        return values
    p, seed = drop
    out = np.empty_like(values)
    bits = np.uint64(int(seed) & MASK64), np.uint32(threshold(p)), values.dtype.type(1 / (1 - p))
    steps = (np.uint64(step) for step in entries.steps)
    places = array(entries.row), array(entries.col)
    over_items(_kept, len(out), 4 * len(out), out, values, *places, *steps, *bits)
    return out


def _kept_entries(
    first: int, last: int, out: Array, values: Array, row: Array, col: Array, row_step: Any,
    col_step: Any, seed: Any, bound: Any, scale: Any,
) -> None:  # fmt: skip
    """out = values * scale where the bits of their elements in the dense matrix keep them."""
    zero = values.dtype.type(0)
    # Slices, since an index that numba cannot prove positive keeps a loop from vectorising.
    out, values, row, col = out[first:last], values[first:last], row[first:last], col[first:last]
    for p in range(out.shape[0]):
        element = np.uint64(row[p]) * row_step + np.uint64(col[p]) * col_step
        z = seed + ((element >> _1) + _1) * _GOLDEN
        z = (z ^ (z >> _30)) * _MIX1
        z = (z ^ (z >> _27)) * _MIX2
        z = z ^ (z >> _31)
        half = np.uint32(z >> ((element & _1) << _5))  # low half first: the even element's
        value = values[p] * scale
        out[p] = value if half >= bound else zero


_GOLDEN, _MIX1, _MIX2 = np.uint64(GOLDEN), np.uint64(MIX1), np.uint64(MIX2)
_1, _5, _27, _30, _31 = (np.uint64(by) for by in (1, 5, 27, 30, 31))
_kept = inner(_kept_entries)
