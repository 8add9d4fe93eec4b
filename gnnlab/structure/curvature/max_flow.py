"""Maximum flow from sources to sinks, where each source's sinks are a set of bits.

Blocking flows over layers (Dinic): a breadth-first search from all sources with something left
finds the shortest augmenting paths, and a depth-first search sends flow along them until none is
left. Sinks are bits, so that one instruction looks at 64 of them, and the flow that a sink
receives is a short list. A sink's number is its place in the words: 64 * word + bit.

The loops take the arrays of ``Flow`` one by one: taking one out of the tuple costs an atomic
count, more than a whole step of the inner loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.words import ONE, ZERO, first_bit

MASK, FREE, WANT = 0, 1, 2
"""Rows of ``Flow.sets``: all sinks; those the last search did not reach; those not full yet."""
LEVEL, CURSOR, QUEUE = 0, 1, 2
"""Rows of ``Flow.source``: steps back and forth from a source with something left, or below 0."""
HEAD, ARC = 0, 1
"""Rows of ``Flow.sink``: the first arc into it, and the arc that the search looks at."""
SOURCE, NEXT, COUNT = 0, 1, 2
"""Rows of ``Flow.arc``: where it comes from; the next into the same sink; [COUNT, 0] = how many."""
AT, TO, BACK = 0, 1, 2
"""Rows of ``Flow.path``: sources, sinks and backward arcs of the path that is being searched."""


class Flow(NamedTuple):
    """The memory of one problem, made once by ``flow_memory`` and used for many."""

    rows: Array
    """Source s may send to the bits of rows[s * words:(s + 1) * words]."""
    layers: Array
    """The sinks that are l steps back and forth away are layers[l * words:(l + 1) * words]."""
    sets: Array
    excess: Array
    """What each source has left."""
    source: Array
    deficit: Array
    """What each sink still takes."""
    sink: Array
    arc: Array
    amount: Array
    """The flow on each arc."""
    path: Array


def _flow_memory(sources: int, words: int, arcs: int) -> Flow:
    """Memory for problems with at most so many sources, words of sinks, and arcs with flow."""
    cells = (sources + 1) * words
    return Flow(
        np.empty(cells, np.uint64), np.empty(cells, np.uint64), np.empty((3, words), np.uint64),
        np.empty(sources, np.int64), np.empty((3, sources), np.int32),
        np.empty(64 * words, np.int64), np.empty((2, 64 * words), np.int32),
        np.empty((3, arcs), np.int32), np.empty(arcs, np.int64),
        np.empty((3, sources + 2), np.int32),
    )  # fmt: skip


def _saturate(f: Flow, sources: int, words: int) -> int:
    """Send as much as can be sent and return how much that was, or -1 if the arcs need more room.

    The last search is left in ``source[LEVEL]`` and ``sets[FREE]``: what can still be reached.
    """
    rows, layers, sets, excess, source = f.rows, f.layers, f.sets, f.excess, f.source
    deficit, sink, arc, amount, path = f.deficit, f.sink, f.arc, f.amount, f.path
    total = fill(rows, sets, excess, deficit, sink, arc, amount, sources, words)
    while total >= 0:
        depth = search(rows, layers, sets, excess, source, sink, arc, amount, sources, words)
        if depth < 0:
            break
        for s in range(sources):
            while source[LEVEL, s] == 0 and excess[s] > 0:
                end = augment(rows, layers, source, sink, arc, amount, path, s, depth, words)
                if end < 0:
                    break
                sent = send(layers, sets, excess, deficit, sink, arc, amount, path, depth, words)
                if sent < 0:
                    return -1
                total += sent
    return total


def _fill(
    rows: Array, sets: Array, excess: Array, deficit: Array, sink: Array, arc: Array,
    amount: Array, sources: int, words: int,
) -> int:  # fmt: skip
    """Send what can be sent directly, source by source and sink by sink; -1 asks for room."""
    total = 0
    for s in range(sources):
        for k in range(words):
            word = rows[s * words + k] & sets[WANT, k]
            while word != ZERO and excess[s] > 0:
                y = (k << 6) + first_bit(word)
                word &= word - ONE
                sent = min(excess[s], deficit[y])
                if not deliver(sink, arc, amount, s, y, sent):
                    return -1
                excess[s] -= sent
                total += sent
                take(sets, deficit, y, sent)
            if excess[s] == 0:
                break
    return total


def _take(sets: Array, deficit: Array, y: int, sent: int) -> None:
    deficit[y] -= sent
    if deficit[y] == 0:
        sets[WANT, y >> 6] &= ~(ONE << np.uint64(y & 63))


def _deliver(sink: Array, arc: Array, amount: Array, s: int, y: int, sent: int) -> bool:
    """Add to the arc from s to y, taking one that is empty, or new, if there is none."""
    spare = -1
    a = sink[HEAD, y]
    while a >= 0:
        if arc[SOURCE, a] == s:
            amount[a] += sent
            return True
        if amount[a] == 0:
            spare = a
        a = arc[NEXT, a]
    if spare < 0:
        spare = arc[COUNT, 0]
        if spare == amount.shape[0]:
            return False
        arc[COUNT, 0] += 1
        arc[NEXT, spare] = sink[HEAD, y]
        sink[HEAD, y] = spare
    arc[SOURCE, spare] = s
    amount[spare] = sent
    return True


def _search(
    rows: Array, layers: Array, sets: Array, excess: Array, source: Array, sink: Array,
    arc: Array, amount: Array, sources: int, words: int,
) -> int:  # fmt: skip
    """Lay out the layers up to the first that still takes something; -1 if there is none."""
    first, last, depth = 0, 0, 0
    for s in range(sources):
        source[LEVEL, s] = -1
        if excess[s] > 0:
            source[LEVEL, s] = 0
            source[CURSOR, s] = 0
            source[QUEUE, last] = s
            last += 1
    for k in range(words):
        sets[FREE, k] = sets[MASK, k]
    while first < last:
        base = depth * words
        if spread(rows, layers, sets, source, first, last, base, words):
            return depth
        first = last
        last = step_back(layers, source, sink, arc, amount, last, depth, words)
        depth += 1
    return -1


def _spread(
    rows: Array, layers: Array, sets: Array, source: Array, first: int, last: int, base: int,
    words: int,
) -> bool:  # fmt: skip
    """One layer: the free sinks within reach. If some take something, only those, and True."""
    for k in range(words):
        layers[base + k] = ZERO
    for q in range(first, last):
        row = source[QUEUE, q] * words
        for k in range(words):
            layers[base + k] |= rows[row + k]
    found = ZERO
    for k in range(words):
        layers[base + k] &= sets[FREE, k]
        sets[FREE, k] ^= layers[base + k]
        found |= layers[base + k] & sets[WANT, k]
    if found != ZERO:
        for k in range(words):
            layers[base + k] &= sets[WANT, k]
    return bool(found != ZERO)


def _step_back(
    layers: Array, source: Array, sink: Array, arc: Array, amount: Array, last: int, depth: int,
    words: int,
) -> int:  # fmt: skip
    """Queue the sources whose flow into the layer could be sent elsewhere."""
    for k in range(words):
        word = layers[depth * words + k]
        while word != ZERO:
            y = (k << 6) + first_bit(word)
            word &= word - ONE
            a = sink[HEAD, y]
            sink[ARC, y] = a
            while a >= 0:
                s = arc[SOURCE, a]
                if source[LEVEL, s] < 0 and amount[a] > 0:
                    source[LEVEL, s] = depth + 1
                    source[CURSOR, s] = 0
                    source[QUEUE, last] = s
                    last += 1
                a = arc[NEXT, a]
    return last


def _augment(
    rows: Array, layers: Array, source: Array, sink: Array, arc: Array, amount: Array,
    path: Array, root: int, depth: int, words: int,
) -> int:  # fmt: skip
    """Find a shortest path from ``root`` and return its last sink, -1 if there is none left."""
    at = 0
    path[AT, 0] = root
    while at >= 0:
        s = path[AT, at]
        y = next_sink(rows, layers, source, s, at * words, words)
        if y < 0:
            source[LEVEL, s] = -2  # a dead end for the rest of this round
            at -= 1
            continue
        path[TO, at] = y
        if at == depth:
            return y
        a = sink[ARC, y]
        while a >= 0 and (amount[a] == 0 or source[LEVEL, arc[SOURCE, a]] != at + 1):
            a = arc[NEXT, a]
        sink[ARC, y] = a
        if a < 0:
            layers[at * words + (y >> 6)] &= ~(ONE << np.uint64(y & 63))
            continue
        path[BACK, at] = a
        at += 1
        path[AT, at] = arc[SOURCE, a]
    return -1


def _next_sink(rows: Array, layers: Array, source: Array, s: int, base: int, words: int) -> int:
    """The first sink of a layer that the source may send to; layers only shrink in a round."""
    row = s * words
    for k in range(source[CURSOR, s], words):
        word = rows[row + k] & layers[base + k]
        if word != ZERO:
            source[CURSOR, s] = k
            return int((k << 6) + first_bit(word))
    source[CURSOR, s] = words
    return -1


def _send(
    layers: Array, sets: Array, excess: Array, deficit: Array, sink: Array, arc: Array,
    amount: Array, path: Array, depth: int, words: int,
) -> int:  # fmt: skip
    """Send what fits along the path that was found; -1 asks for room."""
    root, y = path[AT, 0], path[TO, depth]
    sent = min(excess[root], deficit[y])
    for at in range(depth):
        sent = min(sent, amount[path[BACK, at]])
    for at in range(depth + 1):
        if not deliver(sink, arc, amount, path[AT, at], path[TO, at], sent):
            return -1
        if at < depth:
            amount[path[BACK, at]] -= sent
    excess[root] -= sent
    take(sets, deficit, y, sent)
    layers[depth * words + (y >> 6)] &= sets[WANT, y >> 6]
    return int(sent)


flow_memory = compiled(_flow_memory)
take = compiled(_take)
deliver = compiled(_deliver)
fill = compiled(_fill)
spread = compiled(_spread)
step_back = compiled(_step_back)
search = compiled(_search)
next_sink = compiled(_next_sink)
augment = compiled(_augment)
send = compiled(_send)
saturate = inner(_saturate)
