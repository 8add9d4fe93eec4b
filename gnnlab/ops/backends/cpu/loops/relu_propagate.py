"""ReLU propagation, compiled: sums of messages that are shifted by their edge and rectified."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner

BLOCK = 64
"""Messages that are added up in the precision of the table, before they join a row's total."""


def _rectified_rows(
    first: int, last: int, rowptr: Array, out: Array, x: Array, col: Array, order: Array,
    table: Array, edges: Array, w: Array | None,
) -> None:  # fmt: skip
    """out[i] = sum of w_e relu(x_j + s_e)."""
    scratch, total = np.empty((1, x.shape[1]), x.dtype), np.empty((1, x.shape[1]))
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        long = end - start > BLOCK
        total[:] = 0
        for begin in range(start, max(end, start + 1), BLOCK):
            out[i, :] = 0
            for p in range(begin, min(begin + BLOCK, end)):
                e = order[p]
                share = x.dtype.type(1) if w is None else w[e]
                if edges.ndim == 1:
                    add_message(out, i, x, col[p], table, edges[e], share)
                else:
                    combine(scratch, table, edges, e)
                    add_message(out, i, x, col[p], scratch, 0, share)
            if long:
                add_row(total, 0, out, i)
        if long:
            out[i, :] = total[0]


def _rectified_grad_x_rows(
    first: int, last: int, rowptr: Array, out: Array, x: Array, grad: Array, col: Array,
    order: Array, table: Array, edges: Array, w: Array | None,
) -> None:  # fmt: skip
    """out[j] = sum of w_e grad_i where x_j + s_e is positive, over the edges that leave j."""
    scratch, total = np.empty((1, x.shape[1]), x.dtype), np.empty((1, x.shape[1]))
    for j in range(first, last):
        start, end = rowptr[j], rowptr[j + 1]
        long = end - start > BLOCK
        total[:] = 0
        for begin in range(start, max(end, start + 1), BLOCK):
            out[j, :] = 0
            for p in range(begin, min(begin + BLOCK, end)):
                e = order[p]
                share = x.dtype.type(1) if w is None else w[e]
                if edges.ndim == 1:
                    add_passed(out, j, grad, col[p], x, j, table, edges[e], share)
                else:
                    combine(scratch, table, edges, e)
                    add_passed(out, j, grad, col[p], x, j, scratch, 0, share)
            if long:
                add_row(total, 0, out, j)
        if long:
            out[j, :] = total[0]


def _rectified_grad_edges(
    first: int, last: int, bounds: Array, rowptr: Array, x: Array, grad: Array, col: Array,
    order: Array, table: Array, edges: Array, w: Array | None, grad_table: Array,
    grad_edges: Array | None, grad_w: Array | None,
) -> None:  # fmt: skip
    """What the table, the edges' numbers and their weights receive.

    Part c works on the rows bounds[c] .. bounds[c + 1] and adds up its own rows of grad_table,
    which arrive as zeros.
    """
    one, depth = x.dtype.type(1), table.shape[0]
    scratch, flow = np.empty((1, x.shape[1]), x.dtype), np.empty((1, x.shape[1]), x.dtype)
    for c in range(first, last):
        for i in range(bounds[c], bounds[c + 1]):
            for p in range(rowptr[i], rowptr[i + 1]):
                e, j = order[p], col[p]
                share = one if w is None else w[e]
                if edges.ndim == 1:
                    if grad_w is not None:
                        flow[:] = 0
                        add_message(flow, 0, x, j, table, edges[e], one)
                        grad_w[e] = inner_product(flow, 0, grad, i)
                    place = c * depth + edges[e]
                    add_passed(grad_table, place, grad, i, x, j, table, edges[e], share)
                    continue
                combine(scratch, table, edges, e)
                if grad_w is not None:
                    flow[:] = 0
                    add_message(flow, 0, x, j, scratch, 0, one)
                    grad_w[e] = inner_product(flow, 0, grad, i)
                flow[:] = 0
                add_passed(flow, 0, grad, i, x, j, scratch, 0, share)
                spread(grad_table, c * depth, flow, edges, e)
                if grad_edges is not None:
                    for d in range(depth):
                        grad_edges[e, d] = inner_product(flow, 0, table, d)


def _combine_(out: Array, table: Array, edges: Array, e: int) -> None:
    """out[0] = the rows of the table in the shares of edge e."""
    own = out[0]
    own[:] = 0
    for d in range(table.shape[0]):
        row, share = table[d], edges[e, d]
        for f in range(own.shape[0]):
            own[f] += share * row[f]


def _spread_(out: Array, first: int, flow: Array, edges: Array, e: int) -> None:
    """Add what reached edge e to the rows it combines: the gradient of ``combine``."""
    own = flow[0]
    for d in range(edges.shape[1]):
        row, share = out[first + d], edges[e, d]
        for f in range(own.shape[0]):
            row[f] += share * own[f]


def _add_message_(
    out: Array, i: int, x: Array, j: int, table: Array, kind: int, share: float
) -> None:
    """out[i] += share relu(x[j] + table[kind]); what is no number stays none."""
    row, own, shift, zero = out[i], x[j], table[kind], x.dtype.type(0)
    for f in range(row.shape[0]):
        row[f] += share * max(own[f] + shift[f], zero)


def _add_passed_(
    out: Array, i: int, grad: Array, g: int, x: Array, j: int, table: Array, kind: int,
    share: float,
) -> None:  # fmt: skip
    """out[i] += share grad[g] where x[j] + table[kind] is positive."""
    row, given, own, shift = out[i], grad[g], x[j], table[kind]
    zero = x.dtype.type(0)
    for f in range(row.shape[0]):
        row[f] += share * (given[f] if own[f] + shift[f] > zero else zero)


def _add_row_(total: Array, i: int, part: Array, j: int) -> None:
    row, own = total[i], part[j]
    for f in range(row.shape[0]):
        row[f] += own[f]


def _inner_product_(a: Array, i: int, b: Array, j: int) -> float:
    left, right, total = a[i], b[j], 0.0
    for f in range(left.shape[0]):
        total += left[f] * right[f]
    return total


combine = inner(_combine_)
spread = inner(_spread_)
add_message = inner(_add_message_)
add_passed = inner(_add_passed_)
add_row = inner(_add_row_)
inner_product = inner(_inner_product_)
rectified_rows = compiled(_rectified_rows)
rectified_grad_x_rows = compiled(_rectified_grad_x_rows)
rectified_grad_edges = compiled(_rectified_grad_edges)
