"""Extremes (max and min) by compiled loops, and their gradients from the edges that were picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.kernels.arrays import array
from gnnlab.kernels.memory import empty, empty_like
from gnnlab.kernels.threads import over_rows
from gnnlab.ops.backends.cpu.loops.extreme_grad import picked_rows, picked_weights
from gnnlab.ops.backends.cpu.loops.reduce import max_rows, min_rows
from gnnlab.ops.backends.cpu.propagate import matrix, sorted_weight

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency, Rows


def extreme(x: Tensor, weight: Tensor | None, adj: Adjacency, reduce: str) -> tuple[Tensor, Tensor]:
    """Max or min, and the edges they came from."""
    out = empty_like(x)
    table = matrix(out)
    arg = empty(table.shape, torch.int32)
    w = sorted_weight(weight, adj)
    heads = w.shape[1] if w is not None else 1
    over_rows(
        max_rows if reduce == "max" else min_rows, array(adj._rowptr), table.shape[1],
        table, arg.numpy(), matrix(x), array(adj._col), array(adj._order), w, heads,
    )  # fmt: skip
    return out, arg


def extreme_grad_x(grad: Tensor, weight: Tensor | None, adj: Adjacency, arg: Tensor) -> Tensor:
    """What the sources receive, gathered along their out-edges."""
    out, reverse = empty_like(grad), adj.transpose
    table = matrix(out)
    over_rows(
        picked_rows, array(reverse._rowptr), 2 * table.shape[1], table, matrix(grad), arg.numpy(),
        array(reverse._col), array(reverse._order), None if weight is None else matrix(weight),
    )  # fmt: skip
    return out


def extreme_grad_weight(
    grad: Tensor, x: Tensor, weight: Tensor, adj: Adjacency, arg: Tensor
) -> Tensor:
    """What the weights receive."""
    out = torch.zeros_like(weight, memory_format=torch.contiguous_format)
    table = out.numpy().reshape(adj.num_edges, weight.shape[1:].numel())
    over_rows(
        picked_weights, array(adj._rowptr), 1, table, matrix(grad), arg.numpy(), matrix(x),
        array(adj._source),
    )  # fmt: skip
    return out


def segment_extreme(values: Tensor, rows: Rows, reduce: str) -> tuple[Tensor, Tensor]:
    """Max or min of each row's items, and which those are."""
    out = empty((rows.rowptr.numel() - 1, *values.shape[1:]), values.dtype)
    table = matrix(out)
    arg = empty(table.shape, torch.int32)
    order = array(rows.order)
    over_rows(
        max_rows if reduce == "max" else min_rows, array(rows.rowptr), table.shape[1],
        table, arg.numpy(), matrix(values), order, order, None, 1,
    )  # fmt: skip
    return out, arg
