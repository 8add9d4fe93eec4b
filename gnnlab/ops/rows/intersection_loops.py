"""Intersections of two sorted neighbour lists, compiled.

Each entry of the shorter list is compared with sixteen of the longer one at once, which is walked
along, or searched with growing steps where it is much longer. The pairs of a hub are taken
together: its neighbours are marked as bits once, and each of the other lists looks its entries up.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.hashing import GOLDEN, MIX1, MIX2
from gnnlab.kernels.prefetch import prefetch
from gnnlab.kernels.words import LANES, ONE, ZERO, equal_lanes, first_bit

GALLOP = 64
"""A list this many times as long as the other is searched and not walked along."""
ROWS_AHEAD = 8
"""Pairs between asking for their rows and reading them."""


class Rows(NamedTuple):
    """Sorted rows without what is left out, as the loops read them."""

    rowptr: Array
    col: Array
    gone: Array
    """Bits of the places that are left out; of length 0 where none is."""
    bound: Any
    """An entry is left out where its 32 hashed bits are below; 0 drops none."""
    seed: Any


def _hashed_(word: Any, seed: Any) -> Any:
    """SplitMix64's word of that number."""
    z = seed + np.uint64(word + 1) * _GOLDEN
    z = (z ^ (z >> _30)) * _MIX1
    z = (z ^ (z >> _27)) * _MIX2
    return z ^ (z >> _31)


def _alive_(rows: Rows, place: int) -> bool:
    """Whether the entry at this place is not left out."""
    if rows.gone.shape[0] > 0 and (rows.gone[place >> 6] >> np.uint64(place & 63)) & ONE != ZERO:
        return False
    if rows.bound == _0:
        return True
    word = hashed(place >> 1, rows.seed)
    half = word >> _32 if place & 1 else word & _LOW
    return bool(half >= rows.bound)


def _shared_(rows: Rows, a: int, b: int, out: Array, at: int, fill: bool) -> int:
    """Write the common neighbours of two nodes, of which a has fewer; return how many there are.

    Each entry of a's list is compared with sixteen of b's at once.
    """
    col, count, before = rows.col, 0, np.int32(-1)
    q: Any = np.int64(rows.rowptr[b])
    q_end: Any = np.int64(rows.rowptr[b + 1])
    size = col.shape[0]
    start, end = rows.rowptr[a], rows.rowptr[a + 1]
    far = q_end - q > GALLOP * (end - start)
    for p in range(start, end):
        u = col[p]
        if u == before:
            continue
        before = u
        if far:
            q = gallop(col, q, q_end, u)
        while q + LANES <= q_end and col[q + LANES - 1] < u:
            q += LANES
        if q + LANES <= size:
            same = equal_lanes(col, q, u)
            if q + LANES > q_end:  # what follows is the next node's
                same &= (ONE << np.uint64(max(q_end - q, 0))) - ONE
            place = q + first_bit(same) if same != ZERO else q_end
        else:
            place = gallop(col, q, q_end, u)
            place = place if place < q_end and col[place] == u else q_end
        if place < q_end and alive(rows, p) and alive(rows, place):
            if fill:
                out[at + count] = u
            count += 1
    return count


def _gallop_(col: Array, start: int, end: int, wanted: int) -> int:
    """The first place from start to end whose column is not below ``wanted``, near start first."""
    step = 1
    while start + step < end and col[start + step] < wanted:
        start += step
        step <<= 1
    stop = min(end, start + step + 1)
    while start < stop:
        middle = (start + stop) >> 1
        if col[middle] < wanted:
            start = middle + 1
        else:
            stop = middle
    return start


def _common_pairs(
    first: int, last: int, work: Array, which: Array, short: Array, long: Array, rows: Rows,
    begin: Array, out: Array, count: Array, fill: bool,
) -> None:  # fmt: skip
    """count[t] = how many common neighbours pair t has, out[begin[t]:] = which; t in which."""
    line, pointers = rows.col.reshape(1, -1), rows.rowptr.reshape(1, -1)
    for w in range(first, last):
        if w + 2 * ROWS_AHEAD < last:
            later = which[w + 2 * ROWS_AHEAD]
            prefetch(pointers, 0, short[later])
            prefetch(pointers, 0, long[later])
        if w + ROWS_AHEAD < last:
            later = which[w + ROWS_AHEAD]
            ask_for(rows, line, short[later])
            ask_for(rows, line, long[later])
        t = which[w]
        count[t] = shared(rows, short[t], long[t], out, begin[t], fill)


def _ask_for_(rows: Rows, line: Array, node: int) -> None:
    """Ask for the beginning of a row."""
    start = rows.rowptr[node]
    prefetch(line, 0, start)
    prefetch(line, 0, start + min(LANES, rows.rowptr[node + 1] - start))


def _common_groups(
    first: int, last: int, work: Array, hubs: Array, start: Array, order: Array, short: Array,
    rows: Rows, begin: Array, out: Array, count: Array, fill: bool,
) -> None:  # fmt: skip
    """The same for groups of pairs, the pairs order[start[h]:start[h + 1]] having the hub h."""
    rowptr, col, line = rows.rowptr, rows.col, rows.col.reshape(1, -1)
    words = np.zeros((rowptr.shape[0] + 63) >> 6, np.uint64)
    for h in range(first, last):
        b = hubs[h]
        mark_row(rows, b, words)
        for s in range(start[h], start[h + 1]):
            if s + ROWS_AHEAD < order.shape[0]:
                ask_for(rows, line, short[order[s + ROWS_AHEAD]])
            t = order[s]
            count[t] = marked(rows, short[t], words, out, begin[t], fill)
        for q in range(rowptr[b], rowptr[b + 1]):
            words[col[q] >> 6] = ZERO


def _mark_row_(rows: Rows, b: int, words: Array) -> None:
    """Set the bits of a node's neighbours."""
    before = -1
    for q in range(rows.rowptr[b], rows.rowptr[b + 1]):
        u = rows.col[q]
        if u != before and alive(rows, q):
            words[u >> 6] |= ONE << np.uint64(u & 63)
        before = u


def _marked_(rows: Rows, a: int, words: Array, out: Array, at: int, fill: bool) -> int:
    """The neighbours of a that are marked."""
    col, count, before = rows.col, 0, -1
    for p in range(rows.rowptr[a], rows.rowptr[a + 1]):
        u = col[p]
        if (words[u >> 6] >> np.uint64(u & 63)) & ONE != ZERO and u != before and alive(rows, p):
            if fill:
                out[at + count] = u
            count += 1
        before = u
    return count


def _packed(
    first: int, last: int, rowptr: Array, begin: Array, scattered: Array, out: Array
) -> None:  # fmt: skip
    """Lay lists side by side that begin anywhere."""
    for t in range(first, last):
        shift = begin[t] - rowptr[t]
        for m in range(rowptr[t], rowptr[t + 1]):
            out[m] = scattered[m + shift]


_GOLDEN, _MIX1, _MIX2 = np.uint64(GOLDEN), np.uint64(MIX1), np.uint64(MIX2)
_27, _30, _31, _32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_0, _LOW = np.uint64(0), np.uint64(0xFFFFFFFF)
hashed = inner(_hashed_)
alive = inner(_alive_)
gallop = inner(_gallop_)
shared = inner(_shared_)
ask_for = inner(_ask_for_)
mark_row = inner(_mark_row_)
marked = inner(_marked_)
common_pairs = compiled(_common_pairs)
common_groups = compiled(_common_groups)
packed = compiled(_packed)
