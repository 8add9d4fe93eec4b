"""Stalks by compiled loops: a row of blocks is a longer row of numbers, read where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from .function import Function
from .inner import dot_row
from .memory import empty
from .parallel import Array, array, compiled, longest_row, over_rows
from .rows import sum_row

if TYPE_CHECKING:
    from gnnlab.ops.adjacency import Adjacency

Gradients = tuple[Tensor | None, ...]


class BlockPropagate(Function):
    """y[i] = sum of M_e x_j over the edges e = (j, i), or of M_e^T x_j."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, maps: Tensor, adj: Adjacency, turned: bool) -> Tensor:
        ctx.adj, ctx.turned = adj, turned
        ctx.save_for_backward(x, maps)
        rows, columns = maps.shape[1:] if not turned else (maps.shape[2], maps.shape[1])
        out = empty((x.shape[0], rows, x.shape[2]), x.dtype)
        width = rows * columns * x.shape[2]
        over_rows(
            block_rows, array(adj.rowptr), width, channels(out), channels(x), array(adj.col),
            array(adj.order), array(maps), turned,
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        x, maps = ctx.saved_tensors
        adj: Adjacency = ctx.adj
        grad_x = grad_maps = None
        if ctx.needs_input_grad[0]:
            grad_x = BlockPropagate.call(grad, maps, adj.transpose, not ctx.turned)
        if ctx.needs_input_grad[1] and not ctx.turned:
            grad_maps = EdgeOuter.call(grad, x, adj)
        elif ctx.needs_input_grad[1]:  # the edge's ends have changed places, and so have the axes
            grad_maps = EdgeOuter.call(x, grad, adj.transpose)
        return grad_x, grad_maps, None, None


class EdgeOuter(Function):
    """(E, P, D): the inner products over channels of left[i] (P) and right[j] (D)."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
        ctx.adj = adj
        ctx.save_for_backward(left, right)
        out = empty((adj.num_edges, left.shape[1], right.shape[1]), left.dtype)
        width = left.shape[1] * right.shape[1] * left.shape[2]
        over_rows(
            outer_rows, array(adj.rowptr), width, array(out), channels(left), channels(right),
            array(adj.col), array(adj.order),
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Gradients:
        left, right = ctx.saved_tensors
        adj: Adjacency = ctx.adj
        grad_left = grad_right = None
        if ctx.needs_input_grad[0]:
            grad_left = BlockPropagate.call(right, grad, adj, False)
        if ctx.needs_input_grad[1]:
            grad_right = BlockPropagate.call(left, grad, adj.transpose, True)
        return grad_left, grad_right, None


def channels(x: Tensor) -> Array:
    """(N D, F): one row per node and dimension of its stalk."""
    return array(x).reshape(x.shape[0] * x.shape[1], x.shape[2])


def _stalks_(places: Array, col: Array, start: int, size: int, depth: int) -> None:
    """The rows of the neighbours' stalks, one after the other."""
    for q in range(size):
        for b in range(depth):
            places[q * depth + b] = col[start + q] * depth + b


def _block_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, order: Array,
    maps: Array, turned: bool,
) -> None:  # fmt: skip
    """y[i P + a] = sum over edges and b of M[e, a, b] x[j D + b]; turned reads M[e, b, a]."""
    rows, depth = maps.shape[1], maps.shape[2]
    if turned:
        rows, depth = depth, rows
    length = longest_row(first, last, rowptr) * depth
    places, w = np.empty(length, np.int64), np.empty((length, 1), x.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i * rows : (i + 1) * rows] = 0
            continue
        _stalks(places, col, start, size, depth)
        for a in range(rows):
            for q in range(size):
                e = order[start + q]
                for b in range(depth):
                    w[q * depth + b, 0] = maps[e, b, a] if turned else maps[e, a, b]
            sum_row(y, i * rows + a, x, places[: size * depth], w, 1, 0, size * depth)


def _outer_rows(
    first: int, last: int, rowptr: Array, out: Array, left: Array, right: Array, col: Array,
    order: Array,
) -> None:  # fmt: skip
    """out[e, a, b] = <left[i P + a], right[j D + b]>."""
    rows, depth = out.shape[1], out.shape[2]
    length = longest_row(first, last, rowptr) * depth
    places, dots = np.empty(length, np.int64), np.empty((length, 1), left.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        _stalks(places, col, start, size, depth)
        for a in range(rows):
            dot_row(dots, left, i * rows + a, right, places[: size * depth], size * depth)
            for q in range(size):
                e = order[start + q]
                for b in range(depth):
                    out[e, a, b] = dots[q * depth + b, 0]


_stalks = compiled(_stalks_)
block_rows = compiled(_block_rows)
outer_rows = compiled(_outer_rows)
