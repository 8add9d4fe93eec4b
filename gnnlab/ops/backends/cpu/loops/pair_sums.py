"""Pair sums, compiled: a row for each pair (u, v) of nodes, those of one u side by side.

One turn does all that concerns a node u. What it reads lies within u's graph, which stays in the
cache from turn to turn, and every number is added up in the order of the graph.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.ops.backends.cpu.loops.gated_sum import (
    IN_PLACE,
    add_row,
    gate_row,
    line_row,
    more_row,
    pass_row,
    plain_row,
    relu_row,
    take_row,
)

Arrays = tuple[Array, ...]

WHOLE = 128
"""Up to so many nodes, one call goes through all of a graph and adds up over all its nodes u."""
UL, VL, UG, VG, VV, VU, UU = range(7)
DIAGONAL, ROW, COLUMN = range(3)
"""What a node's own row is added up from: (u, u), all (u, v), all (v, u)."""


class Walk(NamedTuple):
    """Where pairs lie, and along which edges they are added up."""

    base: Array
    """(N,): the row of u's first pair."""
    low: Array
    """(N,): the first node of u's graph."""
    size: Array
    """(N,): how many nodes it has."""
    rowptr: Array
    col: Array
    order: Array
    block: Array
    """(E,): where the pairs of each neighbour in ``col`` begin."""
    inside: Array
    """(P,): whether the pair is in its subgraph; without an entry where all are."""


class Sums(NamedTuple):
    """What is added up: an entry for each symbol."""

    kinds: Array
    scale: Array
    """The share of x itself."""
    shifts: Arrays
    """(E, F), or without a row."""
    table: Array
    """(N, F): the sums that vG gives to each v, or without a row."""


class Begun(NamedTuple):
    """What the gradient of a sum begins with."""

    keep: int
    """0 for the first of them, which finds nothing in its place."""
    share: float
    dots: Array
    """(A, F): what the shares receive from node u, feature by feature."""
    a: int


def _aggregate_rows(
    first: int, last: int, walk: Walk, longest: int, sums: Sums, outs: Arrays, x: Array
) -> None:
    """outs[a][u, v] = scale[a] x[u, v] + what the kind of a adds up."""
    near, total = np.empty((2, longest), np.int32), np.empty((1, x.shape[1]), x.dtype)
    for u in range(first, last):
        for a in range(sums.kinds.shape[0]):
            kind, share = sums.kinds[a], sums.scale[a]
            if kind == UL:
                sum_second(u, walk, share, sums.shifts[a], outs[a], x, near)
            elif kind == VL:
                sum_first(u, walk, share, sums.shifts[a], outs[a], x)
            else:
                sum_wide(u, walk, kind, share, sums.table, outs[a], x, total)


def _gradient_rows(
    first: int, last: int, units: Array, walk: Walk, back: Walk, longest: int, sums: Sums,
    out: Array, grads: Arrays, x: Array, grad_scale: Array, grad_shifts: Arrays,
) -> None:  # fmt: skip
    """out[u, v] = what x[u, v] receives, along the edges turned back; grad_scale[u, a] = u's part
    of it; grad_shifts[a][e] = what the shift of e receives, which arrive as zeros. Whole graphs
    of up to ``WHOLE`` nodes begin at the units first .. last, and single nodes of larger ones."""
    near, total = np.empty((2, longest), np.int32), np.empty((1, x.shape[1]), x.dtype)
    dots = np.empty((sums.kinds.shape[0], x.shape[1]), x.dtype)
    for u in range(units[first], units[last]):
        dots[:] = 0
        for a in range(sums.kinds.shape[0]):
            kind, shift, grad, taken = sums.kinds[a], sums.shifts[a], grads[a], grad_shifts[a]
            begun = Begun(int(a > 0), sums.scale[a], dots, a)
            if kind == UL and walk.size[u] <= WHOLE:
                give_second(u, back, begun, shift, out, grad, x, near, taken)
            elif kind == UL:
                give_second(u, back, begun, shift, out, grad, x, near, taken[:0])
                if taken.shape[0]:
                    give_shifts(u, walk, shift, taken, grad, x)
            elif kind == VL:
                give_first(u, back, begun, shift, out, grad, x, taken)
            else:
                give_wide(u, back, kind, begun, sums.table, out, grad, x, total)
        for a in range(grad_scale.shape[1]):
            grad_scale[u, a] = sum_lanes(dots, a)


def _collect_rows(first: int, last: int, walk: Walk, kind: int, out: Array, x: Array) -> None:
    """out[u] = x[u, u], or the sum of x[u, v] or of x[v, u] over all v of u's graph."""
    for u in range(first, last):
        collect(u, walk, kind, out, u, x)


def _spread_rows(first: int, last: int, walk: Walk, kind: int, out: Array, x: Array) -> None:
    """out[u, v] = x[u], x[v], or on the diagonal alone x[u]."""
    none = x.dtype.type(0)
    for u in range(first, last):
        base, low = walk.base[u], walk.low[u]
        for v in range(walk.size[u]):
            count = 0 if kind == DIAGONAL and low + v != u else 1
            line_row(out, base + v, none, None, x, low + v if kind == COLUMN else u, 0, count)


def _sum_second(
    u: int, walk: Walk, share: float, shift: Array, out: Array, x: Array, near: Array
) -> None:
    """For every v the neighbours of v, within the subgraph of u."""
    low, base = walk.low[u], walk.base[u]
    for v in range(walk.size[u]):
        start, end = walk.rowptr[low + v], walk.rowptr[low + v + 1]
        if walk.inside.shape[0]:
            count = choose(near, walk, base + v, base - low, start, end)
            sum_row(out, base + v, share, x, base - low, shift, near[0], near[1], 0, count)
        else:
            sum_row(out, base + v, share, x, base - low, shift, walk.col, walk.order, start, end)


def _give_second(
    u: int, walk: Walk, begun: Begun, shift: Array, out: Array, grad: Array, x: Array, near: Array,
    taken: Array,
) -> None:  # fmt: skip
    """Its gradient."""
    low, base = walk.low[u], walk.base[u]
    at = base - low
    col, order = walk.col, walk.order
    for v in range(walk.size[u]):
        start, end = walk.rowptr[low + v], walk.rowptr[low + v + 1]
        if walk.inside.shape[0]:
            start, end = 0, choose(near, walk, base + v, at, start, end)
            col, order = near[0], near[1]
        give_row(out, base + v, begun, x, shift, grad, at, col, order, start, end, taken)


def _sum_first(u: int, walk: Walk, share: float, shift: Array, out: Array, x: Array) -> None:
    """For every v the same v in the subgraphs of the neighbours of u."""
    start, end = walk.rowptr[u], walk.rowptr[u + 1]
    for v in range(walk.size[u]):
        i = walk.base[u] + v
        sum_row(out, i, share, x, v, shift, walk.block, walk.order, start, end)


def _give_first(
    u: int, walk: Walk, begun: Begun, shift: Array, out: Array, grad: Array, x: Array, taken: Array
) -> None:
    """Its gradient."""
    start, end = walk.rowptr[u], walk.rowptr[u + 1]
    for v in range(walk.size[u]):
        i = walk.base[u] + v
        give_row(out, i, begun, x, shift, grad, v, walk.block, walk.order, start, end, taken)


def _sum_wide(
    u: int, walk: Walk, kind: int, share: float, table: Array, out: Array, x: Array, total: Array
) -> None:
    """Sums over all nodes, and single pairs."""
    low, base = walk.low[u], walk.base[u]
    if kind == UG:
        collect(u, walk, ROW, total, 0, x)
    for v in range(walk.size[u]):
        if kind == UG:
            line_row(out, base + v, share, x, total, 0, 0, 1)
        elif kind == VG:
            line_row(out, base + v, share, x, table, low + v, 0, 1)
        else:
            first = u if kind == UU else low + v
            second = low + v if kind == VV else u
            line_row(out, base + v, share, x, x, walk.base[first] + second - low, 0, 1)


def _give_wide(
    u: int, walk: Walk, kind: int, begun: Begun, table: Array, out: Array, grad: Array, x: Array,
    total: Array,
) -> None:  # fmt: skip
    """Their gradient."""
    low, base = walk.low[u], walk.base[u]
    keep, share, dots, a = begun
    if kind == VV or kind == UG or kind == UU:
        collect(u, walk, COLUMN if kind == VV else ROW, total, 0, grad)
    for v in range(walk.size[u]):
        if kind == VU:
            i = walk.base[low + v] + u - low
            more_row(out, base + v, keep, share, grad, grad, i, 1, x, dots, a)
        elif kind == VG:
            more_row(out, base + v, keep, share, grad, table, low + v, 1, x, dots, a)
        else:
            count = 1 if kind == UG or low + v == u else 0
            more_row(out, base + v, keep, share, grad, total, 0, count, x, dots, a)


def _give_shifts(i: int, walk: Walk, shift: Array, out: Array, grad: Array, x: Array) -> None:
    """What the shifts of the edges that enter node i receive from the subgraphs of all u."""
    n, low = walk.size[i], walk.low[i]
    top = walk.base[low] - low  # (u, i) of the graph's first u is row top + i
    for p in range(walk.rowptr[i], walk.rowptr[i + 1]):
        e, j = walk.order[p], walk.col[p]
        if not walk.inside.shape[0]:
            gate_row(out, e, None, x, top + j, shift, grad, top + i, n, n)
        else:
            out[e] = 0
            for row in range(top, top + n * n, n):
                count = 1 if walk.inside[row + i] and walk.inside[row + j] else 0
                gate_row(out, e, out, x, row + j, shift, grad, row + i, 0, count)


def _collect(u: int, walk: Walk, kind: int, out: Array, i: int, x: Array) -> None:
    """out[i] = what node u is made of."""
    n, own, base, none = walk.size[u], u - walk.low[u], walk.base[u], x.dtype.type(0)
    if kind == DIAGONAL:
        line_row(out, i, none, None, x, base + own, 0, 1)
    elif kind == ROW:
        line_row(out, i, none, None, x, base, 1, n)
    else:
        line_row(out, i, none, None, x, walk.base[walk.low[u]] + own, n, n)


def _choose(near: Array, walk: Walk, i: int, at: int, start: int, end: int) -> int:
    """Copy the neighbours of pair i that lie in its subgraph; return how many there are."""
    count = 0
    if walk.inside[i]:
        for p in range(start, end):
            if walk.inside[at + walk.col[p]]:
                near[0, count], near[1, count] = walk.col[p], walk.order[p]
                count += 1
    return count


def _sum_row(
    out: Array, i: int, share: float, x: Array, at: int, shift: Array, col: Array, order: Array,
    start: int, end: int,
) -> None:  # fmt: skip
    if shift.shape[0]:
        relu_row(out, i, share, x, at, shift, col, order, start, end)
    else:
        plain_row(out, i, share, x, at, col, start, end)


def _give_row(
    out: Array, i: int, begun: Begun, x: Array, shift: Array, grad: Array, at: int, col: Array,
    order: Array, start: int, end: int, taken: Array,
) -> None:  # fmt: skip
    """The gradient of ``_sum_row``."""
    keep, share, dots, a = begun
    if taken.shape[0]:
        take_row(out, i, keep, share, x, shift, grad, at, col, order, start, end, dots, a, taken)
    elif shift.shape[0]:
        pass_row(out, i, keep, share, x, shift, grad, at, col, order, start, end, dots, a)
    else:
        add_row(out, i, keep, share, grad, at, col, start, end, x, dots, a)


def _sum_lanes(dots: Array, a: int) -> float:
    total = 0.0
    for f in range(dots.shape[1]):
        total += dots[a, f]
    return total


choose = inner(_choose)
collect = inner(_collect)
sum_lanes = inner(_sum_lanes)
sum_row = compiled(_sum_row, **IN_PLACE)
give_row = compiled(_give_row, **IN_PLACE)
sum_second = inner(_sum_second)
sum_first = inner(_sum_first)
sum_wide = inner(_sum_wide)
give_second = inner(_give_second)
give_first = inner(_give_first)
give_wide = inner(_give_wide)
give_shifts = inner(_give_shifts)
aggregate_rows = compiled(_aggregate_rows)
gradient_rows = compiled(_gradient_rows)
collect_rows = compiled(_collect_rows)
spread_rows = compiled(_spread_rows)
