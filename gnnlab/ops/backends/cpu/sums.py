"""Sums of rows and inner products along edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.ops.backends.inner import dot_rows
from gnnlab.ops.backends.linear import in_order, wide
from gnnlab.ops.backends.memory import empty, empty_like
from gnnlab.ops.backends.parallel import Array, array, over_rows
from gnnlab.ops.backends.rows import scaled_rows, sum_rows

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency, Rows


def propagate(x: Tensor, weight: Tensor | None, adj: Adjacency, mean: bool) -> Tensor:
    """Sum or mean of the neighbours, weighted or not."""
    out = empty_like(x)
    table, source = matrix(out), matrix(x)
    w = sorted_weight(weight, adj)
    heads = w.shape[1] if w is not None else 1
    rowptr = array(adj.rowptr)
    over_rows(sum_rows, rowptr, table.shape[1], table, source, array(adj.col), w, heads, mean)
    return out


def scaled(x: Tensor, own: Tensor | None, other: Tensor | None, adj: Adjacency) -> Tensor:
    """Sum of the neighbours, weighted by numbers of both ends."""
    out = empty_like(x)
    table, kind = matrix(out), wide(x)
    ends = (None if end is None else array(end.to(kind)) for end in (own, other))
    one = np.float64(1) if kind is torch.float64 else np.float32(1)
    edges = array(adj.col)
    over_rows(scaled_rows, array(adj.rowptr), table.shape[1], table, matrix(x), edges, *ends, one)
    return out


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products of both ends of every edge."""
    out = empty((adj.num_edges, *query.shape[1:-1]), wide(query))
    heads = query.shape[1] if query.dim() == 3 else 1
    ends = matrix(query), matrix(key)
    table = out.numpy().reshape(adj.num_edges, heads)
    width = heads * query.shape[-1]
    edges = array(adj.col), array(adj.order)
    over_rows(dot_rows, array(adj.rowptr), width, table, *ends, *edges)
    return out


def segment_sum(values: Tensor, rows: Rows) -> Tensor:
    """Sum of the items of each row."""
    out = empty((rows.rowptr.numel() - 1, *values.shape[1:]), values.dtype)
    table = matrix(out)
    rowptr, order = array(rows.rowptr), array(rows.order)
    over_rows(sum_rows, rowptr, table.shape[1], table, matrix(values), order, None, 1, False)
    return out


def matrix(x: Tensor) -> Array:
    """The tensor's memory, one row a row."""
    return array(x).reshape(x.shape[0], x.shape[1:].numel())


def sorted_weight(weight: Tensor | None, adj: Adjacency) -> Array | None:
    """(E, heads) in the order of the rows."""
    if weight is None:
        return None
    if not in_order(adj):
        weight = weight.index_select(0, adj.order)
    return array(weight).reshape(adj.num_edges, weight.shape[1:].numel())
