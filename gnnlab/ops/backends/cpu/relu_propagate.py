"""ReLU propagation by compiled loops: no table of E x F messages is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_items, over_rows
from gnnlab.ops.backends.cpu.loops.relu_propagate import (
    rectified_grad_edges,
    rectified_grad_x_rows,
    rectified_rows,
)

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

PARTS = 64
"""Parts of the edges whose gradients for the table are added up apart, at most."""
SHARE = 1 << 16
"""Numbers a part has at least."""

Gradients = tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]


def rectified(
    x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None, adj: Adjacency
) -> Tensor:
    """y[i] = sum of w_e relu(x_j + s_e)."""
    out = empty(x.shape, x.dtype)
    w = None if weight is None else array(weight)
    over_rows(
        rectified_rows, array(adj._rowptr), _work(x, edges), array(out), array(x), array(adj._col),
        array(adj._order), array(table), array(edges), w,
    )  # fmt: skip
    return out


def rectified_grad(
    grad: Tensor, x: Tensor, table: Tensor, edges: Tensor, weight: Tensor | None,
    adj: Adjacency, wanted: tuple[bool, bool, bool, bool],
) -> Gradients:  # fmt: skip
    """Gradients for x, the table, the edges' numbers and the weights, as far as wanted."""
    w = None if weight is None else array(weight)
    fixed = array(x), array(grad)
    given = array(table), array(edges), w
    grad_x = None
    if wanted[0]:
        turned = adj.transpose
        grad_x = empty(x.shape, x.dtype)
        over_rows(
            rectified_grad_x_rows, array(turned._rowptr), _work(x, edges), array(grad_x), *fixed,
            array(turned._col), array(turned._order), *given,
        )  # fmt: skip
    if not any(wanted[1:]):
        return grad_x, None, None, None
    bounds = _bounds(array(adj._rowptr), x.shape[1])
    depth, width = table.shape
    parts = np.zeros(((len(bounds) - 1) * depth, width))
    grad_edges = torch.empty_like(edges) if wanted[2] else None
    grad_weight = torch.empty_like(weight) if wanted[3] and weight is not None else None
    over_items(
        rectified_grad_edges, len(bounds) - 1, adj.num_edges * _work(x, edges), bounds,
        array(adj._rowptr), *fixed, array(adj._col), array(adj._order), *given, parts,
        *(None if out is None else out.numpy() for out in (grad_edges, grad_weight)),
    )  # fmt: skip
    grad_table = (
        torch.from_numpy(parts.reshape(-1, depth, width).sum(0)).to(table.dtype)
        if wanted[1]
        else None
    )
    return grad_x, grad_table, grad_edges, grad_weight


def _work(x: Tensor, edges: Tensor) -> int:
    """Numbers that an edge touches."""
    return x.shape[1] * (1 if edges.dim() == 1 else 1 + edges.shape[1])


def _bounds(rowptr: Array, width: int) -> Array:
    """Rows cut into parts of about as many edges, however many threads there are."""
    edges = int(rowptr[-1])
    parts = max(1, min(PARTS, edges * width // SHARE))
    inside = np.searchsorted(rowptr, edges * np.arange(1, parts) // parts)
    return np.concatenate([[0], inside, [len(rowptr) - 1]]).astype(np.int64)
