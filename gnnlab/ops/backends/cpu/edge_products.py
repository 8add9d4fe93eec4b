"""Edge products by compiled loops: inner products of the two ends of each edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.kernels.arrays import array
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.block import channels, edges
from gnnlab.ops.backends.cpu.loops.block import outer_rows
from gnnlab.ops.backends.cpu.loops.edge_dot import dot_rows
from gnnlab.ops.backends.cpu.loops.weighted_features import product_rows
from gnnlab.ops.backends.cpu.propagate import matrix, one_each
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products of both ends of every edge."""
    out = empty((adj.num_edges, *query.shape[1:-1]), wide(query))
    heads = query.shape[1] if query.dim() == 3 else 1
    ends = matrix(query), matrix(key)
    table = out.numpy().reshape(adj.num_edges, heads)
    width = heads * query.shape[-1]
    along = array(adj._col), array(adj._order)
    rows = product_rows if one_each(query) and query.dtype is wide(query) else dot_rows
    over_rows(rows, array(adj._rowptr), width, table, *ends, *along)
    return out


def outer(left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over channels of the stalks at both ends."""
    shape = (adj.num_edges, left.shape[1], right.shape[1])
    if left.shape[2] == 0:
        return torch.zeros(shape, dtype=left.dtype)
    out = empty(shape, left.dtype)
    width = left.shape[1] * right.shape[1] * left.shape[2]
    over_rows(
        outer_rows, array(adj._rowptr), width, edges(out), channels(left), channels(right),
        array(adj._col), array(adj._order), left.shape[1], right.shape[1],
    )  # fmt: skip
    return out
