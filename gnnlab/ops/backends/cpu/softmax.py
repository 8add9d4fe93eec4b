"""Softmax over the edges of each row by compiled loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty_like
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.loops import softmax as softmax_rows
from gnnlab.ops.backends.cpu.loops import softmax_any as kernels
from gnnlab.ops.backends.cpu.propagate import matrix
from gnnlab.ops.graphs.order import in_order

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency


def softmax(score: Tensor, adj: Adjacency) -> Tensor:
    """Softmax of each row."""
    out = empty_like(score)
    tables = matrix(out), matrix(score)
    module, order = kernels_for(tables[0], adj)
    over_rows(module.softmax_rows, array(adj._rowptr), 8 * tables[0].shape[1], *tables, order)
    return out


def softmax_grad(soft: Tensor, grad: Tensor, adj: Adjacency) -> Tensor:
    """Its gradient, from the result."""
    out = empty_like(soft)
    tables = [matrix(table) for table in (out, soft, grad)]
    module, order = kernels_for(tables[0], adj)
    over_rows(module.softmax_grad_rows, array(adj._rowptr), 4 * tables[0].shape[1], *tables, order)
    return out


def kernels_for(table: Array, adj: Adjacency) -> tuple[Any, Array | None]:
    """The kernels for a table (E, K), and where the rows' edges lie (None: side by side)."""
    if table.dtype != np.float32 or table.shape[1] not in (1, 2, 4, 8, 16):
        return kernels, array(adj._order)
    return softmax_rows, None if in_order(adj) else array(adj._order)
