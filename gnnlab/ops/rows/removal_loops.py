"""Removal of links from sorted rows by compiled loops, which copy the other links."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import prefetch
from gnnlab.kernels.words import ONE, ZERO, count_bits, first_bit

ROWS_AHEAD = 8
"""Pairs between asking for a row and searching it."""


def _lower_bound_(col: Array, start: int, end: int, wanted: int) -> int:
    """The first place from start to end whose column is not below ``wanted``."""
    while start < end:
        middle = (start + end) >> 1
        if col[middle] < wanted:
            start = middle + 1
        else:
            end = middle
    return start


def _link_places(
    first: int, last: int, rowptr: Array, col: Array, row: Array, column: Array, low: Array,
    count: Array,
) -> None:  # fmt: skip
    """low[t], count[t] = where the entries of row[t] with column[t] begin, and their number."""
    line, pointers = col.reshape(1, -1), rowptr.reshape(1, -1)
    for t in range(first, last):
        if t + 2 * ROWS_AHEAD < last:
            prefetch(pointers, 0, row[t + 2 * ROWS_AHEAD])
        if t + ROWS_AHEAD < last:
            later = row[t + ROWS_AHEAD]
            prefetch(line, 0, (rowptr[later] + rowptr[later + 1]) >> 1)
        end = rowptr[row[t] + 1]
        place = lower_bound(col, rowptr[row[t]], end, column[t])
        low[t], count[t] = place, 0
        while place < end and col[place] == column[t]:
            count[t] += 1
            place += 1


def _mark_ranges(low: Array, count: Array, words: Array) -> int:
    """Set the bits of ranges; return how many are set."""
    total = 0
    for t in range(low.shape[0]):
        for place in range(low[t], low[t] + count[t]):
            words[place >> 6] |= ONE << np.uint64(place & 63)
    for w in range(words.shape[0]):
        total += count_bits(words[w])
    return total


def _mark(numbers: Array, words: Array) -> int:
    """Set the bits of numbers; return how many are set."""
    total = 0
    for t in range(numbers.shape[0]):
        words[numbers[t] >> 6] |= ONE << np.uint64(numbers[t] & 63)
    for w in range(words.shape[0]):
        total += count_bits(words[w])
    return total


def _listed(words: Array, out: Array) -> None:
    """The numbers whose bits are set, ascending."""
    at = 0
    for w in range(words.shape[0]):
        word = words[w]
        while word != ZERO:
            out[at] = (w << 6) + first_bit(word)
            at += 1
            word &= word - ONE


def _left_items(first: int, last: int, values: Array, gone: Array, out: Array) -> None:
    """Copy the values between ``gone[g - 1]`` and ``gone[g]`` for g from first to last."""
    for g in range(first, last):
        start = gone[g - 1] + 1 if g > 0 else 0
        end = gone[g] if g < gone.shape[0] else values.shape[0]
        for p in range(start, end):
            out[p - g] = values[p]


def _renumbered_items(
    first: int, last: int, order: Array, places: Array, words: Array, before: Array, out: Array
) -> None:
    """The same, of numbers: each less the numbers below it that are gone, the bits of words."""
    for g in range(first, last):
        start = places[g - 1] + 1 if g > 0 else 0
        end = places[g] if g < places.shape[0] else order.shape[0]
        for p in range(start, end):
            number = order[p]
            below = words[number >> 6] & ((ONE << np.uint64(number & 63)) - ONE)
            out[p - g] = number - before[number >> 6] - count_bits(below)


def _before(words: Array, before: Array) -> None:
    """How many bits are set in the words before each."""
    total = 0
    for w in range(words.shape[0]):
        before[w] = total
        total += count_bits(words[w])


lower_bound = inner(_lower_bound_)
link_places = compiled(_link_places)
mark_ranges = compiled(_mark_ranges)
mark = compiled(_mark)
listed = compiled(_listed)
left_items = compiled(_left_items)
renumbered_items = compiled(_renumbered_items)
bits_before = compiled(_before)
