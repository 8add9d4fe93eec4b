"""Propagation by compiled loops: sums of rows along edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty, zeros
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.column_tiles import by_tiles
from gnnlab.ops.backends.cpu.loops.reduce import scaled_rows, sum_rows
from gnnlab.ops.backends.cpu.loops.weighted_features import each_rows
from gnnlab.ops.base.precision import wide
from gnnlab.ops.graphs.order import in_order

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows

LANES = 64
"""Columns that a kernel sums at once."""
EDGE_COST = 5
"""What it costs to weigh an edge, in numbers of a table that are multiplied and copied."""


def stored(x: Tensor) -> Tensor:
    """bfloat16 is read as it is and added up in float32; float16 is widened first."""
    return x.float() if x.dtype is torch.float16 else x


def propagate(x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool) -> Tensor:
    """Sum or mean of the neighbours, weighted or not."""
    if weight is not None and weight.dim() == 2 and one_each(x):
        return weighted_each(x, weight, adj, mean)
    w, rowptr, col = sorted_weight(weight, adj), array(adj._rowptr), array(adj._col)
    if adj.num_edges < len(x) or len(rowptr) != len(x) + 1:
        return summed(x, adj._rowptr, adj._col, w, mean)
    heads = w.shape[1] if w is not None else 1
    width = x.shape[1:].numel() // heads

    def work(out: Tensor, x: Tensor, cut: slice) -> None:
        mine = w
        if w is not None and heads > 1 and x.shape[1] < heads * width:
            mine = np.ascontiguousarray(w[:, cut.start // width : cut.stop // width])
        parts = 1 if mine is None else mine.shape[1]
        over_rows(sum_rows, rowptr, x.shape[1], array(out), array(x), col, mine, parts, mean)

    return by_tiles(x, width if heads > 1 else LANES, adj.num_edges, work)


def weighted_each(x: Tensor, weight: Tensor, adj: Adjacency, mean: bool) -> Tensor:
    """The same where heads are of one feature, so that each has a weight on each edge."""
    out = empty(x.shape, x.dtype)
    edges = array(adj._col), array(adj._order), array(weight)
    over_rows(each_rows, array(adj._rowptr), x.shape[1], matrix(out), matrix(x), *edges, mean)
    return out


def one_each(x: Tensor) -> bool:
    return x.dim() == 3 and x.shape[1] > 1 and x.shape[2] == 1


def scaled(x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency) -> Tensor:
    """Sum of the neighbours, weighted by numbers of both ends."""
    kind = wide(x)
    own, other = (None if end is None else end.to(kind) for end in (own, other))
    rowptr, col = array(adj._rowptr), array(adj._col)
    if x.dtype is kind and EDGE_COST * adj.num_edges > x.numel():

        def add(out: Tensor, x: Tensor, cut: slice) -> None:
            over_rows(sum_rows, rowptr, x.shape[1], array(out), array(x), col, None, 1, False)

        return by_tiles(x, LANES, adj.num_edges, add, own, other)
    ends = [None if end is None else array(end) for end in (own, other)]
    one = np.float64(1) if kind is torch.float64 else np.float32(1)

    def work(out: Tensor, x: Tensor, cut: slice) -> None:
        over_rows(scaled_rows, rowptr, x.shape[1], array(out), array(x), col, *ends, one)

    return by_tiles(x, LANES, adj.num_edges, work)


def segment_sum(values: Tensor, rows: Rows) -> Tensor:
    """Sum of the items of each row."""
    return summed(values, rows.rowptr, rows.order, None)


def summed(x: Tensor, rowptr: Tensor, col: Tensor, w: Array | None, mean: bool = False) -> Tensor:
    """y[i] = sum or mean over row i of w * x[col], w (M, heads) in sorted order.

    Where there are fewer items than rows, those that get nothing are never visited.
    """
    rows, heads = rowptr.shape[0] - 1, 1 if w is None else w.shape[1]
    touched = None
    if col.shape[0] < rows:
        touched = rowptr.diff().nonzero().flatten()
        rowptr = torch.cat([rowptr[touched], rowptr[-1:]])
    out = empty((rowptr.shape[0] - 1, *x.shape[1:]), x.dtype)
    table, width = matrix(out), x.shape[1:].numel()
    over_rows(sum_rows, array(rowptr), width, table, matrix(x), array(col), w, heads, mean)
    if touched is None:
        return out
    return zeros((rows, *x.shape[1:]), x.dtype, len(touched)).index_copy_(0, touched, out)


def matrix(x: Tensor) -> Array:
    """The tensor's memory, one row a row."""
    return array(x).reshape(x.shape[0], x.shape[1:].numel())


def sorted_weight(weight: Tensor | None, adj: Adjacency) -> Array | None:
    """(E, heads) in the order of the rows."""
    if weight is None:
        return None
    if not in_order(adj):
        weight = weight.index_select(0, adj._order)
    return array(weight).reshape(adj.num_edges, weight.shape[1:].numel())
