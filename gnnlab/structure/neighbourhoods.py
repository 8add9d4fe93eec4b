"""Who of one neighbourhood is how near to whom of another, as sets of bits.

Between a neighbour of a and a neighbour of b, where a and b are joined, the distance is at most 3,
so two sets of bits hold all distances: who is one step away, and who is two. Small graphs keep
both sets for all nodes (``Net.near``, ``Net.wide``); large ones find them for each edge from the
neighbour lists, in memory of O(N) a thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.ops.backends.parallel import Array, compiled

from .bits import ONE, ZERO, bit_rows, first_bit, two_step_rows
from .csr import Graph

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
    sink: Array
    """The node at each place, 64 * word + bit, of the other side."""
    word: Array
    """Which word of ``Net.near`` each of the words stands for, in a small graph."""
    mask: Array
    """Which places of each word are taken."""
    place: Array
    """(N,) the place of each node + 1; zero between two uses. Large graphs only."""
    step: Array
    """(N,) which sinks of one word are a step from each node; zero between two uses."""


def net(graph: Graph, wide: bool = True) -> Net:
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
        return min(sinks, net.near.shape[1])
    return (sinks + 63) >> 6


def _ends_memory(net: Net, sources: int, sinks: int) -> Ends:
    words = words_for(net, sinks)
    nodes = 0 if net.near.shape[0] > 0 else net.rowptr.shape[0] - 1
    return Ends(
        np.empty(sources, np.int32), np.empty(64 * words, np.int32), np.empty(words, np.int32),
        np.empty(words, np.uint64), np.zeros(nodes, np.int32), np.zeros(nodes, np.uint64),
    )  # fmt: skip


def _put_sink(net: Net, ends: Ends, z: int, sinks: int, words: int) -> int:
    """Give node z a place after those of ``words`` words; return the place. z ascends."""
    if net.near.shape[0] == 0:
        place = sinks
    elif words > 0 and ends.word[words - 1] == z >> 6:
        place = (words - 1 << 6) + (z & 63)
    else:
        ends.word[words] = z >> 6
        place = (words << 6) + (z & 63)
    if place >> 6 == words:
        ends.mask[words] = ZERO
    ends.mask[place >> 6] |= ONE << np.uint64(place & 63)
    ends.sink[place] = z
    return place


def _near_rows(net: Net, ends: Ends, sources: int, words: int, rows: Array) -> None:
    """rows[s * words + k] = the sinks of word k that are neighbours of source s."""
    if net.near.shape[0] > 0:
        for s in range(sources):
            x = ends.source[s]
            for k in range(words):
                rows[s * words + k] = net.near[x, ends.word[k]] & ends.mask[k]
        return
    mark_sinks(ends, words)
    for s in range(sources):
        for k in range(words):
            rows[s * words + k] = ZERO
        x = ends.source[s]
        for p in range(net.rowptr[x], net.rowptr[x + 1]):
            place = ends.place[net.col[p]] - 1
            if place >= 0:
                rows[s * words + (place >> 6)] |= ONE << np.uint64(place & 63)
    unmark_sinks(ends, words)


def _mark_sinks(ends: Ends, words: int) -> None:
    for k in range(words):
        word = ends.mask[k]
        while word != ZERO:
            y = (k << 6) + first_bit(word)
            ends.place[ends.sink[y]] = y + 1
            word &= word - ONE


def _unmark_sinks(ends: Ends, words: int) -> None:
    for k in range(words):
        word = ends.mask[k]
        while word != ZERO:
            ends.place[ends.sink[(k << 6) + first_bit(word)]] = 0
            word &= word - ONE


def _two_step_word(net: Net, ends: Ends, k: int, among: np.uint64, clear: bool) -> None:
    """step[z] = which sinks of word k, and of ``among``, are neighbours of z; or clear it."""
    while among != ZERO:
        bit = first_bit(among)
        y = ends.sink[(k << 6) + bit]
        for p in range(net.rowptr[y], net.rowptr[y + 1]):
            if clear:
                ends.step[net.col[p]] = ZERO
            else:
                ends.step[net.col[p]] |= ONE << np.uint64(bit)
        among &= among - ONE


def _two_steps(net: Net, ends: Ends, s: int, k: int) -> np.uint64:
    """The sinks of word k that are within two steps of source s, as far as it is known."""
    x = ends.source[s]
    if net.near.shape[0] > 0:
        return net.wide[x, ends.word[k]]
    found = ZERO
    for p in range(net.rowptr[x], net.rowptr[x + 1]):
        found |= ends.step[net.col[p]]
    return found


words_for = compiled(_words_for)
ends_memory = compiled(_ends_memory)
put_sink = compiled(_put_sink)
mark_sinks = compiled(_mark_sinks)
unmark_sinks = compiled(_unmark_sinks)
near_rows = compiled(_near_rows)
two_step_word = compiled(_two_step_word)
two_steps = compiled(_two_steps)
