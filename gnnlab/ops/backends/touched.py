"""Sums by row; where most rows get nothing, those are never visited."""

from __future__ import annotations

import torch
from torch import Tensor

from .parallel import Array, array, empty, over_rows, zeros
from .rows import sum_rows


def summed(x: Tensor, rowptr: Tensor, col: Tensor, w: Array | None, mean: bool) -> Tensor:
    """y[i] = sum or mean over the row of w * x[col]; w (M, heads) is in sorted order, or None."""
    rows, heads = rowptr.shape[0] - 1, 1 if w is None else w.shape[1]
    touched = None
    if col.shape[0] < rows:
        touched = rowptr.diff().nonzero().flatten()
        rowptr = torch.cat([rowptr[touched], rowptr[-1:]])
    out = empty((rowptr.shape[0] - 1, *x.shape[1:]), x)
    table, source = (array(part).reshape(part.shape[0], x.shape[1:].numel()) for part in (out, x))
    over_rows(sum_rows, array(rowptr), table.shape[1], table, source, array(col), w, heads, mean)
    return out if touched is None else zeros((rows, *x.shape[1:]), x).index_copy_(0, touched, out)
