"""Attention, compiled: each row's scores, softmax and weighted sum, and the gradients by source.

A row's scores live in a small table (edges of the row, K) and are computed again for the
gradient, which walks over the transpose: what a source receives comes from its own out-edges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.threads import longest_row
from gnnlab.ops.backends.cpu.loops.edge_dot import dot_row
from gnnlab.ops.backends.cpu.loops.reduce import sum_row
from gnnlab.ops.backends.cpu.loops.softmax import softmax_table
from gnnlab.ops.backends.cpu.loops.softmax_any import exp_in_place
from gnnlab.ops.backends.cpu.loops.softmax_vectors import LANES
from gnnlab.ops.backends.cpu.loops.sum_and_dot import sum_and_dot


def _softmax_(table: Array, size: int, top: Array, share: Array, lanes: Array) -> None:
    """Softmax of table[:size] by columns; keeps the maxima and 1 / sums."""
    heads = table.shape[1]
    if table.itemsize == 4 and LANES % heads == 0:
        softmax_table(table, size, top, share, lanes)
        return
    top[:] = -np.inf
    for q in range(size):
        for k in range(heads):
            if not table[q, k] <= top[k]:  # nan too
                top[k] = table[q, k]
    for q in range(size):
        for k in range(heads):
            table[q, k] -= top[k]
    exp_in_place(table.reshape(-1), size * heads)
    share[:] = 0
    for q in range(size):
        for k in range(heads):
            share[k] += table[q, k]
    for k in range(heads):
        share[k] = 1 / share[k]
    for q in range(size):
        for k in range(heads):
            table[q, k] *= share[k]


def _weigh_(table: Array, size: int, w: Array | None, order: Array, start: int) -> None:
    """Multiply by the caller's weights (E, 1) or (E, K)."""
    if w is not None:
        shared = w.shape[1] == 1
        for q in range(size):
            e = order[start + q]
            for k in range(table.shape[1]):
                table[q, k] *= w[e, 0 if shared else k]


def _additive_rows(
    first: int, last: int, rowptr: Array, y: Array, top: Array, share: Array, value: Array,
    col: Array, order: Array, source: Array, target: Array, slope: Any, w: Array | None,
) -> None:  # fmt: skip
    """y[i] = softmax-weighted sum of value[j]; top and share (N, K) let the gradient repeat it."""
    heads = source.shape[1]
    table = np.empty((longest_row(first, last, rowptr), heads), top.dtype)
    lanes = np.empty((3, LANES), top.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i], top[i], share[i] = 0, 0, 0
            continue
        for q in range(size):
            j = col[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                table[q, k] = s if s > 0 else slope * s
        _softmax(table, size, top[i], share[i], lanes)
        _weigh(table, size, w, order, start)
        sum_row(y, i, value, col[start:], table, heads, 0, size)


def _product_rows(
    first: int, last: int, rowptr: Array, y: Array, top: Array, share: Array, value: Array,
    col: Array, order: Array, query: Array, key: Array, scale: Any, w: Array | None,
) -> None:  # fmt: skip
    """The same with scores scale * <query[i], key[j]>."""
    heads = top.shape[1]
    table = np.empty((longest_row(first, last, rowptr), heads), top.dtype)
    lanes = np.empty((3, LANES), top.dtype)
    for i in range(first, last):
        start = rowptr[i]
        size = rowptr[i + 1] - start
        if size == 0:
            y[i], top[i], share[i] = 0, 0, 0
            continue
        dot_row(table, query, i, key, col[start:], size)
        for q in range(size):
            for k in range(heads):
                table[q, k] *= scale
        _softmax(table, size, top[i], share[i], lanes)
        _weigh(table, size, w, order, start)
        sum_row(y, i, value, col[start:], table, heads, 0, size)


def _additive_grad_rows(
    first: int, last: int, rowptr: Array, grad_value: Array, grad_source: Array,
    grad_score: Array, grad_weight: Array | None, value: Array, grad: Array, col: Array,
    order: Array, source: Array, target: Array, slope: Any, w: Array | None, top: Array,
    share: Array, mean: Array,
) -> None:  # fmt: skip
    """Gradients for sources j: rowptr, col and order are the transpose's, so col names targets.

    mean[i, k] = <grad[i], y[i]> of head k; grad_score (E, K) is in the caller's order.
    """
    heads = source.shape[1]
    longest = longest_row(first, last, rowptr)
    scratch = np.empty((3, longest, heads), top.dtype)
    alpha, table, dot = scratch[0], scratch[1], scratch[2]
    for j in range(first, last):
        start = rowptr[j]
        size = rowptr[j + 1] - start
        for q in range(size):
            i = col[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                alpha[q, k] = (s if s > 0 else slope * s) - top[i, k]
        _again(alpha, table, size, share, col[start:], w, order, start)
        sum_and_dot(grad_value, j, grad, col[start:], table, value, dot, size)
        _score_gradient(alpha, dot, size, mean, col, order, start, w, grad_weight)
        grad_source[j] = 0
        for q in range(size):
            i, e = col[start + q], order[start + q]
            for k in range(heads):
                s = source[j, k] + target[i, k]
                d = dot[q, k] if s > 0 else slope * dot[q, k]
                grad_source[j, k] += d
                grad_score[e, k] = d


def _product_grad_rows(
    first: int, last: int, rowptr: Array, grad_value: Array, grad_key: Array,
    grad_score: Array, grad_weight: Array | None, value: Array, grad: Array, col: Array,
    order: Array, query: Array, key: Array, scale: Any, w: Array | None, top: Array,
    share: Array, mean: Array,
) -> None:  # fmt: skip
    """The same for scores scale * <query[i], key[j]>."""
    heads = top.shape[1]
    longest = longest_row(first, last, rowptr)
    scratch = np.empty((3, longest, heads), top.dtype)
    alpha, table, dot = scratch[0], scratch[1], scratch[2]
    for j in range(first, last):
        start = rowptr[j]
        size = rowptr[j + 1] - start
        if size == 0:
            grad_value[j], grad_key[j] = 0, 0
            continue
        dot_row(alpha, key, j, query, col[start:], size)
        for q in range(size):
            i = col[start + q]
            for k in range(heads):
                alpha[q, k] = alpha[q, k] * scale - top[i, k]
        _again(alpha, table, size, share, col[start:], w, order, start)
        sum_and_dot(grad_value, j, grad, col[start:], table, value, dot, size)
        _score_gradient(alpha, dot, size, mean, col, order, start, w, grad_weight)
        for q in range(size):
            e = order[start + q]
            for k in range(heads):
                dot[q, k] *= scale
                grad_score[e, k] = dot[q, k]
        sum_row(grad_key, j, query, col[start:], dot, heads, 0, size)


def _again_(
    alpha: Array, table: Array, size: int, share: Array, col: Array, w: Array | None,
    order: Array, start: int,
) -> None:  # fmt: skip
    """alpha: the softmax from score - top; table: with the caller's weights."""
    heads = alpha.shape[1]
    exp_in_place(alpha.reshape(-1), size * heads)
    for q in range(size):
        i = col[q]
        for k in range(heads):
            alpha[q, k] *= share[i, k]
            table[q, k] = alpha[q, k]
    _weigh(table, size, w, order, start)


def _score_gradient_(
    alpha: Array, dot: Array, size: int, mean: Array, col: Array, order: Array, start: int,
    w: Array | None, grad_weight: Array | None,
) -> None:  # fmt: skip
    """dot arrives as <grad, value> and leaves as the gradient of the score."""
    heads = alpha.shape[1]
    for q in range(size):
        i, e = col[start + q], order[start + q]
        for k in range(heads):
            if w is not None and grad_weight is not None:
                grad_weight[e, k] = alpha[q, k] * dot[q, k]
            part = dot[q, k] if w is None else dot[q, k] * w[e, 0 if w.shape[1] == 1 else k]
            dot[q, k] = alpha[q, k] * (part - mean[i, k])


_softmax = inner(_softmax_)
_weigh = inner(_weigh_)
_again = inner(_again_)
_score_gradient = inner(_score_gradient_)
additive_rows = compiled(_additive_rows)
product_rows = compiled(_product_rows)
additive_grad_rows = compiled(_additive_grad_rows)
product_grad_rows = compiled(_product_grad_rows)
