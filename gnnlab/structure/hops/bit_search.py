"""Bit search for hop sets: a breadth-first search from 64 sources at a time.

A row of words holds the sources that reach a node at one distance. The rows of the next distance
are the unions of those of the in-neighbours, less what was reached before. Read in order, they
give the pairs sorted by target, then source.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.threads import over_rows
from gnnlab.kernels.words import ONE, ZERO, count_bits, first_bit

TWO, THREE, WORD = np.uint64(2), np.uint64(3), np.uint64(64)


def count_table(rowptr: Array, col: Array, table: Array) -> int:
    """table[k - 1, v] = how many nodes are k hops away from v; return how far any of them is.

    Cost: O(K E N / 64), and 3 N^2 / 8 bytes.
    """
    nodes = len(rowptr) - 1
    words = words_of(nodes)
    now, seen, then = tables(nodes, words)
    for hop, count in enumerate(table):
        over_rows(step, rowptr, words, col, words, now, seen, then, count)
        if not count.any():
            return hop
        now, then = then, now
    return len(table)


def fill(rowptr: Array, col: Array, places: Array, out: Array) -> None:
    """Write the pairs with hop k and target v into the columns of ``out`` from places[k - 1, v]."""
    nodes = len(rowptr) - 1
    words, count = words_of(nodes), np.empty(nodes, np.int64)
    now, seen, then = tables(nodes, words)
    for hop, place in enumerate(places, start=1):
        over_rows(step, rowptr, words, col, words, now, seen, then, count)
        over_rows(write, rowptr, words, words, then, count, place, hop, *out)
        now, then = then, now


def _words_of(nodes: int) -> int:
    """How many words hold a bit for every node."""
    return max(1, nodes + 63 >> 6)


def _tables(nodes: int, words: int) -> tuple[Array, Array, Array]:
    """Memory for the sources at this distance, at this or a lower one, and at the next."""
    now, seen = np.zeros(nodes * words, np.uint64), np.zeros(nodes * words, np.uint64)
    for v in range(nodes):
        now[v * words + (v >> 6)] = seen[v * words + (v >> 6)] = ONE << np.uint64(v & 63)
    return now, seen, np.empty(nodes * words, np.uint64)


def _step(
    first: int, last: int, rowptr: Array, col: Array, words: int, now: Array, seen: Array,
    then: Array, count: Array,
) -> None:  # fmt: skip
    """then[v] = the sources that reach v in one step more than those of ``now``, and in no fewer.

    ``seen`` learns of them, and count[v] says how many they are. Three words are joined at a time:
    that many, and the sizes of rows, fit into registers.
    """
    width = np.uint64(words)
    for v in range(first, last):
        begin, end = np.uint64(rowptr[v]), np.uint64(rowptr[v + 1])
        at, stop, reached = np.uint64(v) * width, np.uint64(v + 1) * width, 0
        w = np.uint64(0)
        while at + TWO < stop:
            a, b, c = ZERO, ZERO, ZERO
            for p in range(begin, end):
                u = np.uint64(col[p]) * width + w
                a |= now[u]
                b |= now[u + ONE]
                c |= now[u + TWO]
            reached += meet(a, at, seen, then)
            reached += meet(b, at + ONE, seen, then)
            reached += meet(c, at + TWO, seen, then)
            at += THREE
            w += THREE
        while at < stop:
            a = ZERO
            for p in range(begin, end):
                a |= now[np.uint64(col[p]) * width + w]
            reached += meet(a, at, seen, then)
            at += ONE
            w += ONE
        count[v] = reached


def _meet(found: Any, at: Any, seen: Array, then: Array) -> Any:
    """Note down which of a word of sources are new; return how many."""
    known = seen[at]
    new = found & ~known
    then[at] = new
    seen[at] = known | new
    return count_bits(new)


def _write(
    first: int, last: int, rowptr: Array, words: int, then: Array, count: Array, place: Array,
    hop: int, source: Array, target: Array, hops: Array,
) -> None:  # fmt: skip
    """Write the pairs of one distance; the count[v] with target v begin at place[v]."""
    for v in range(first, last):
        w, begin = np.uint64(v) * np.uint64(words), np.uint64(place[v])
        word, base = ZERO, -64
        # Words hold few bits each: a loop of known length is foretold better than one a word.
        for at in range(begin, begin + np.uint64(count[v])):
            while word == ZERO:
                word = then[w]
                w += ONE
                base += 64
            source[at] = base + first_bit(word)
            target[at] = v
            hops[at] = hop
            word &= word - ONE


def _local(rowptr: Array, col: Array, start: int, stop: int) -> tuple[Array, Array]:
    """The rows start .. stop - 1 as a graph of their own."""
    first = rowptr[start]
    rows, cols = np.empty(stop - start + 1, np.int32), np.empty(rowptr[stop] - first, np.int32)
    for i in range(rows.shape[0]):
        rows[i] = rowptr[start + i] - first
    for p in range(cols.shape[0]):
        cols[p] = col[first + p] - start
    return rows, cols


def _count_graphs(
    first: int, last: int, rowptr: Array, col: Array, starts: Array, counts: Array
) -> None:
    """counts[g, k - 1] = how many pairs of graph g are k hops apart."""
    for g in range(first, last):
        nodes = starts[g + 1] - starts[g]
        rows, cols = local(rowptr, col, starts[g], starts[g + 1])
        words, count = words_of(nodes), np.empty(nodes, np.int64)
        now, seen, then = tables(nodes, words)
        for k in range(counts.shape[1]):
            step(0, nodes, rows, cols, words, now, seen, then, count)
            counts[g, k] = count.sum()
            if counts[g, k] == 0:
                break
            now, then = then, now


def _fill_graphs(
    first: int, last: int, rowptr: Array, col: Array, starts: Array, ends: Array, out: Array
) -> None:
    """Write the pairs of graph g, three rows of them, from out[3 * ends[g]] on."""
    for g in range(first, last):
        nodes, size, place = starts[g + 1] - starts[g], ends[g + 1] - ends[g], 0
        rows, cols = local(rowptr, col, starts[g], starts[g + 1])
        words, count = words_of(nodes), np.empty(nodes, np.int64)
        now, seen, then = tables(nodes, words)
        own = out[3 * ends[g] : 3 * ends[g + 1]]
        source, target, hops = own[:size], own[size : 2 * size], own[2 * size :]
        places, hop = np.empty(nodes, np.int64), 0
        while place < size:
            hop += 1
            step(0, nodes, rows, cols, words, now, seen, then, count)
            for v in range(nodes):
                places[v] = place
                place += count[v]
            write(0, nodes, rows, words, then, count, places, hop, source, target, hops)
            now, then = then, now


words_of = compiled(_words_of)
tables = compiled(_tables)
meet = inner(_meet)
step = inner(_step)
write = inner(_write)
local = compiled(_local)
count_graphs = compiled(_count_graphs)
fill_graphs = compiled(_fill_graphs)
