"""Sampling from neighbour lists, compiled: the entries with the smallest hashes of a seed."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.ops.rows.intersection_loops import Rows, alive, gallop, hashed


def _offer_(key: Array, node: Array, drawn: int, new: np.uint64, u: int) -> int:
    """Keep u if its key is among the smallest so far; return how many are kept."""
    if drawn < key.shape[0]:
        key[drawn], node[drawn] = new, u
        drawn += 1
    elif new < key[0]:
        key[0], node[0] = new, u
    else:
        return drawn
    if drawn == key.shape[0]:  # the largest key lies in front
        most, largest = 0, key[0]
        for m in range(1, drawn):
            if key[m] > largest:
                most, largest = m, key[m]
        key[0], key[most] = key[most], key[0]
        node[0], node[most] = node[most], node[0]
    return drawn


def _sort_(node: Array, drawn: int) -> None:
    for m in range(1, drawn):
        u, k = node[m], m
        while k > 0 and node[k - 1] > u:
            node[k] = node[k - 1]
            k -= 1
        node[k] = u


def _draw_alone_(
    rows: Rows, own: int, common: Array, first: int, last: int, seed: np.uint64, key: Array,
    node: Array,
) -> tuple[int, int]:  # fmt: skip
    """Draw from own's neighbours that are not in common[first:last]; how many, of how many.

    Few hashes are among the smallest, so that little else is asked of most entries.
    """
    col, drawn, c = rows.col, 0, first
    start, end = rows.rowptr[own], rows.rowptr[own + 1]
    for p in range(start, end):
        u = col[p]
        new = hashed(u, seed)
        if (drawn == key.shape[0] and new >= key[0]) or (p > start and col[p - 1] == u):
            continue
        c = gallop(common, c, last, u)
        if (c == last or common[c] != u) and alive(rows, p):
            drawn = offer(key, node, drawn, new, u)
    sort(node, drawn)
    return drawn, neighbours(rows, start, end) - (last - first)


def _neighbours_(rows: Rows, start: int, end: int) -> int:
    """How many different nodes a row's entries name."""
    count = 0
    for p in range(start, end):
        count += alive(rows, p) and (p == start or rows.col[p - 1] != rows.col[p])
    return count


def _residual_draws(
    first: int, last: int, work: Array, own: Array, other: Array, rows: Rows, rowptr: Array,
    common: Array, limit: int, seed: np.uint64, out: Array, count: Array, weight: Array,
) -> None:  # fmt: skip
    """out[t] = up to limit of own[t]'s neighbours that are none of other[t]'s; each for weight."""
    nodes = rows.rowptr.shape[0] - 1
    key = np.empty(limit, np.uint64)
    for t in range(first, last):
        mine = hashed(np.int64(own[t]) * nodes + other[t], seed)
        drawn, size = draw_alone(rows, own[t], common, rowptr[t], rowptr[t + 1], mine, key, out[t])
        count[t] = drawn
        weight[t] = max(size, limit) / limit


def _residual_lists(
    first: int, last: int, work: Array, own: Array, rows: Rows, rowptr: Array, common: Array,
    begin: Array, out: Array, count: Array,
) -> None:  # fmt: skip
    """out[begin[t]:] = own[t]'s neighbours that are not in the list common[rowptr[t]:]."""
    col = rows.col
    for t in range(first, last):
        at, c, before = begin[t], rowptr[t], -1
        for p in range(rows.rowptr[own[t]], rows.rowptr[own[t] + 1]):
            u = col[p]
            if u == before:
                continue
            before = u
            while c < rowptr[t + 1] and common[c] < u:
                c += 1
            if (c == rowptr[t + 1] or common[c] != u) and alive(rows, p):
                out[at] = u
                at += 1
        count[t] = at - begin[t]


def _common_draws(
    first: int, last: int, work: Array, short: Array, long: Array, rows: Rows, limit: int,
    seed: np.uint64, out: Array, count: Array, weight: Array,
) -> None:  # fmt: skip
    """out[t] = those of up to limit neighbours drawn of short[t] that are long[t]'s too."""
    nodes, col, none = rows.rowptr.shape[0] - 1, rows.col, np.empty(0, np.int32)
    key, node = np.empty(limit, np.uint64), np.empty(limit, np.int32)
    for t in range(first, last):
        a, b = short[t], long[t]
        mine = hashed(np.int64(a) * nodes + b, seed)
        drawn, size = draw_alone(rows, a, none, 0, 0, mine, key, node)
        q, q_end, found = rows.rowptr[b], rows.rowptr[b + 1], 0
        for m in range(drawn):
            q = gallop(col, q, q_end, node[m])
            if q < q_end and col[q] == node[m] and alive(rows, q):
                out[t, found] = node[m]
                found += 1
        count[t] = found
        weight[t] = max(size, limit) / limit


offer = inner(_offer_)
sort = inner(_sort_)
neighbours = inner(_neighbours_)
draw_alone = inner(_draw_alone_)
residual_draws = compiled(_residual_draws)
residual_lists = compiled(_residual_lists)
common_draws = compiled(_common_draws)
