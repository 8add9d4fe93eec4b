"""Softmax over the edges of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.ops.backends import kernels, softmax_rows
from gnnlab.ops.backends.parallel import Array, array, over_rows

from .sums import matrix

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency


def softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of each row."""
    out = torch.empty_like(score, memory_format=torch.contiguous_format)
    rows, table = adj.rows, (matrix(out), matrix(score))
    kernel = (softmax_rows if vectorised(table[0]) else kernels).softmax_rows
    over_rows(kernel, array(rows.rowptr), 8 * table[0].shape[1], *table, array(rows.order))
    return out


def softmax_grad(soft: Tensor, grad: Tensor, adj: Adjacency) -> Tensor:
    """Its gradient, from the result."""
    out = torch.empty_like(soft)
    tables = [matrix(table) for table in (out, soft, grad)]
    kernel = (softmax_rows if vectorised(tables[0]) else kernels).softmax_grad_rows
    width = 4 * out.shape[1:].numel()
    rows = adj.rows
    over_rows(kernel, array(rows.rowptr), width, *tables, array(rows.order))
    return out


def vectorised(table: Array) -> bool:
    """Whether the heads of a table (E, K) fill whole vectors."""
    return table.dtype == np.float32 and table.shape[1] in (1, 2, 4, 8, 16)
