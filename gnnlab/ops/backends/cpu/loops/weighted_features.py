"""Weighted features: sums over neighbours with a weight for every feature of every edge."""

from __future__ import annotations

from typing import Any

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.vectors import load
from gnnlab.ops.backends.cpu.loops.reduce import Emit, make_tile


class _Emit(Emit):
    """The weights of an edge lie side by side, as its features do."""

    def _message(self, p: Any, t: int) -> Any:
        builder, values = self.builder, self.values
        value = self._neighbours(p, t)
        edge = builder.zext(self._edge(p), self.index)
        start = builder.add(builder.mul(edge, self.width), values["f"])
        place = builder.add(start, self._number(t * self.lanes))
        weight = load(builder, builder.gep(values["w"].data, [place]), self.lanes)
        return builder.fmul(value, weight)


_each16x4, _each16, _each8, _each4, _each1 = (
    make_tile(*shape, "sum", _Emit) for shape in ((16, 4), (16, 1), (8, 1), (4, 1), (1, 1))
)


def _each_row_(
    y: Array, i: int, x: Array, col: Array, order: Array, w: Array, start: int, end: int
) -> None:
    """y[i] = sum over start <= p < end of w[order[p]] x[col[p]]; there is at least one p."""
    size = y.shape[1]
    f = 0
    while f + 64 <= size:
        _each16x4(y, None, i, x, col, order, w, 1, start, end, f)
        f += 64
    while f + 16 <= size:
        _each16(y, None, i, x, col, order, w, 1, start, end, f)
        f += 16
    if f + 8 <= size:
        _each8(y, None, i, x, col, order, w, 1, start, end, f)
        f += 8
    if f + 4 <= size:
        _each4(y, None, i, x, col, order, w, 1, start, end, f)
        f += 4
    while f < size:
        _each1(y, None, i, x, col, order, w, 1, start, end, f)
        f += 1


def _each_rows(
    first: int, last: int, rowptr: Array, y: Array, x: Array, col: Array, order: Array, w: Array,
    mean: bool,
) -> None:  # fmt: skip
    """y[i] = sum or mean over the row of w * x[col]; w (E, F) is in the caller's order."""
    for i in range(first, last):
        start, end = rowptr[i], rowptr[i + 1]
        if start == end:
            y[i] = 0
            continue
        each_row(y, i, x, col, order, w, start, end)
        if mean:
            share = y.dtype.type(end - start)
            for f in range(y.shape[1]):
                y[i, f] /= share


def _product_rows(
    first: int, last: int, rowptr: Array, out: Array, query: Array, key: Array, col: Array,
    order: Array,
) -> None:  # fmt: skip
    """out[e] = query[i] key[j], feature by feature."""
    for i in range(first, last):
        for p in range(rowptr[i], rowptr[i + 1]):
            products(out[order[p]], query[i], key[col[p]])


def _products_(out: Array, query: Array, key: Array) -> None:
    for f in range(out.shape[0]):
        out[f] = query[f] * key[f]


each_row = inner(_each_row_)
each_rows = inner(_each_rows)
products = inner(_products_)
product_rows = compiled(_product_rows)
