"""Segment reductions, and gathering of rows by an index, with their gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.ops.autograd.extreme import SegmentExtreme
from gnnlab.ops.autograd.propagate import Gather, SegmentSum
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.precision import widen

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Rows


def gather(kernels: Kernels, x: Tensor, index: Tensor, rows: Rows) -> Tensor:
    """Rows of x; half precision is widened in the gradient only."""
    if not x.is_floating_point():
        return x.index_select(0, index)
    return Gather.call(x, index, rows, kernels)


def segment_reduce(
    kernels: Kernels, values: Tensor, index: Tensor, rows: Rows, reduce: str
) -> Tensor:
    """Sum or mean, or max or min, of the items of each segment."""
    if reduce in ("max", "min"):
        picked = SegmentExtreme.call(widen(values), index, rows, reduce, kernels)
        return picked.to(values.dtype)
    total = SegmentSum.call(widen(values), index, rows, kernels)
    if reduce == "mean":
        count = rows.rowptr.diff().clamp(min=1).to(total.dtype)
        total = total / count.reshape(-1, *(1,) * (total.dim() - 1))
    return total.to(values.dtype)
