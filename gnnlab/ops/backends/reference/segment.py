"""Segment reductions, and gathering of rows by an index, in plain torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.backends.reference.scatter import scatter, take
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Rows


def gather(x: Tensor, index: Tensor, rows: Rows) -> Tensor:
    """Rows of x."""
    return take(widen(x), index).to(x.dtype)  # so that the gradient is added up in float32


def segment_reduce(values: Tensor, index: Tensor, rows: Rows, reduce: str) -> Tensor:
    """Reduce items by segment."""
    num = rows.rowptr.numel() - 1
    return scatter(widen(values), index, num, reduce).to(values.dtype)
