"""Neighbourhoods of two nodes as sets of bits: which members of one are near which of the other.

Between a neighbour of a and a neighbour of b, where a and b are joined, the distance is at most 3,
so two sets of bits hold all distances: who is one step away, and who is two. Small graphs keep
both sets for all nodes (``Net.near``, ``Net.wide``); large ones find them for each edge from the
neighbour lists, in memory of O(N) a thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.words import ONE, ZERO, first_bit
from gnnlab.structure.graphs.bit_sets import bit_rows, two_step_rows
from gnnlab.structure.graphs.undirected_lists import Neighbours

DENSE_NODES = 1 << 14
"""Up to so many nodes all pairs are kept as bits: twice N^2 / 8 bytes, 64 MiB at the most."""


class Net(NamedTuple):
    """A graph as the compiled loops read it."""

    rowptr: Array
    col: Array
    near: Array
    """(N, W) uint64: each node's neighbours; no rows for a graph above ``DENSE_NODES``."""
    wide: Array
    """(N, W) uint64: all within two steps; no rows where nobody needs them."""


class Ends(NamedTuple):
    """Two sets of nodes, and the memory to find out who is near whom."""

    source: Array
    """The nodes of one side."""
    member: Array
    """The nodes of the other side, ascending."""
    lack: Array
    """A number for each member."""
    place: Array
    """The place of each member, 64 * word + bit."""
    sink: Array
    """The node at each place."""
    word: Array
    """Which word of ``Net.near`` each word stands for in a small graph; else its number."""
    mask: Array
    """Which places of each word are taken."""
    where: Array
    """(N,) the place of each node + 1; zero between two uses. Large graphs only."""
    step: Array
    """(N,) which sinks of one word are a step from each node; zero between two uses."""


def net(graph: Neighbours, wide: bool = True) -> Net:
    """Prepare a graph; ``wide`` says whether sets of two steps are needed."""
    none = np.empty((0, 1), np.uint64)
    if graph.num_nodes > DENSE_NODES:
        return Net(graph.rowptr, graph.col, none, none)
    near = bit_rows(graph.rowptr, graph.col)
    two = two_step_rows(graph.rowptr, graph.col, near) if wide else none
    return Net(graph.rowptr, graph.col, near, two)


def _words_for(net: Net, sinks: int) -> int:
    """How many words so many sinks need at the most."""
    if net.near.shape[0] > 0:
        return int(min(sinks, net.near.shape[1]))
    return (sinks + 63) >> 6


def _ends_memory(net: Net, sources: int, sinks: int) -> Ends:
    words = words_for(net, sinks)
    nodes = 0 if net.near.shape[0] > 0 else net.rowptr.shape[0] - 1
    return Ends(
        np.empty(sources, np.int32), np.empty(sinks, np.int32), np.empty(sinks, np.int64),
        np.empty(sinks, np.int32), np.empty(64 * words, np.int32), np.empty(words, np.int32),
        np.empty(words, np.uint64), np.zeros(nodes, np.int32), np.zeros(nodes, np.uint64),
    )  # fmt: skip


def _put_sinks(
    member: Array, sinks: int, large: bool, place: Array, sink: Array, word: Array, mask: Array
) -> int:  # fmt: skip
    """Give the nodes member[:sinks], which ascend, places; return how many words they take."""
    words = 0
    for t in range(sinks):
        z = member[t]
        of = t >> 6 if large else z >> 6
        if words == 0 or word[words - 1] != of:
            word[words] = of
            mask[words] = ZERO
            words += 1
        bit = t & 63 if large else z & 63
        y = (words - 1 << 6) + bit
        mask[words - 1] |= ONE << np.uint64(bit)
        sink[y] = z
        place[t] = y
    return words


def _near_rows(net: Net, ends: Ends, sources: int, words: int, rows: Array) -> None:
    """rows[s * words + k] = the sinks of word k that are neighbours of source s."""
    if net.near.shape[0] > 0:
        pick(net.near, ends.source, ends.word, ends.mask, sources, words, rows)
    else:
        mark(ends.sink, ends.mask, ends.where, words, 1)
        look_up(net.rowptr, net.col, ends.source, ends.where, sources, words, rows)
        mark(ends.sink, ends.mask, ends.where, words, 0)


def _pick(
    near: Array, source: Array, word: Array, mask: Array, sources: int, words: int, rows: Array
) -> None:  # fmt: skip
    for s in range(sources):
        for k in range(words):
            rows[s * words + k] = near[source[s], word[k]] & mask[k]


def _mark(sink: Array, mask: Array, where: Array, words: int, on: int) -> None:
    for k in range(words):
        word = mask[k]
        while word != ZERO:
            y = (k << 6) + first_bit(word)
            where[sink[y]] = on * (y + 1)
            word &= word - ONE


def _look_up(
    rowptr: Array, col: Array, source: Array, where: Array, sources: int, words: int, rows: Array
) -> None:  # fmt: skip
    for s in range(sources):
        for k in range(words):
            rows[s * words + k] = ZERO
        x = source[s]
        for p in range(rowptr[x], rowptr[x + 1]):
            y = where[col[p]] - 1
            if y >= 0:
                rows[s * words + (y >> 6)] |= ONE << np.uint64(y & 63)


def _step_word(
    rowptr: Array, col: Array, sink: Array, step: Array, k: int, among: np.uint64, on: bool
) -> None:  # fmt: skip
    """step[z] = which sinks of word k, out of ``among``, are neighbours of z; or clear it."""
    while among != ZERO:
        bit = first_bit(among)
        y = sink[(k << 6) + bit]
        for p in range(rowptr[y], rowptr[y + 1]):
            step[col[p]] = step[col[p]] | ONE << np.uint64(bit) if on else ZERO
        among &= among - ONE


def _by_degree(rowptr: Array, i: int, j: int) -> tuple[int, int]:
    """The two nodes, the one with fewer neighbours first; of equal ones i."""
    if rowptr[i + 1] - rowptr[i] > rowptr[j + 1] - rowptr[j]:
        return j, i
    return i, j


def _largest(
    first: int, last: int, which: Array, low: Array, high: Array, rowptr: Array
) -> tuple[int, int]:  # fmt: skip
    """How many sources and sinks the edges first .. last have at the most."""
    least, most = 0, 0
    for t in range(first, last):
        a, b = by_degree(rowptr, low[which[t]], high[which[t]])
        least = max(least, rowptr[a + 1] - rowptr[a])
        most = max(most, rowptr[b + 1] - rowptr[b])
    return least + 1, most + 1


words_for = compiled(_words_for)
ends_memory = compiled(_ends_memory)
put_sinks = compiled(_put_sinks)
pick = compiled(_pick)
mark = compiled(_mark)
look_up = compiled(_look_up)
near_rows = inner(_near_rows)
step_word = compiled(_step_word)
by_degree = compiled(_by_degree)
largest = compiled(_largest)
