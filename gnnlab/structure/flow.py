"""Maximum flow from sources to sinks that lie one set of bits a source apart.

Blocking flows over layers (Dinic): a breadth-first search from all sources with something left
finds the shortest augmenting paths, and a depth-first search sends flow along them until none is
left. Sinks are bits, so that one instruction looks at 64 of them, and the flow that a sink
receives is a short list. A sink's number is its place in the words: 64 * word + bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.ops.backends.parallel import Array, compiled

from .bits import ONE, ZERO, first_bit

FULL = -1
"""What ``saturate`` returns when the lists outgrow their memory: ask again with more."""


class Flow(NamedTuple):
    """The memory of one problem, made once by ``flow_memory`` and used for many."""

    rows: Array
    """Source s may send to the bits of rows[s * words:(s + 1) * words]."""
    layers: Array
    """(L * words,): the sinks that are l steps back and forth away."""
    mask: Array
    """All sinks."""
    free: Array
    """The sinks that the last search did not reach."""
    want: Array
    """The sinks that still take something."""
    excess: Array
    """What each source has left."""
    level: Array
    """How many steps back and forth each source is from one with something left; else below 0."""
    cursor: Array
    queue: Array
    deficit: Array
    """What each sink still takes."""
    head: Array
    """The first arc into each sink, -1 for none."""
    arc: Array
    source: Array
    """The source of each arc; arcs are numbered as they come."""
    following: Array
    """The next arc into the same sink, -1 for none."""
    amount: Array
    """The flow on each arc."""
    path: Array
    """(3, L): sources, sinks and backward arcs of the path that is being searched."""
    used: Array
    """(1,): how many arcs there are."""


def _flow_memory(sources: int, words: int, arcs: int) -> Flow:
    """Memory for problems with at most so many sources, words of sinks, and arcs with flow."""
    cells = np.empty((2, (sources + 1) * words), np.uint64)
    sets = np.empty((3, words), np.uint64)
    counts = np.empty((4, sources), np.int32)
    wide = np.empty(sources, np.int64), np.empty(64 * words, np.int64)
    lists = np.empty((2, 64 * words), np.int32)
    pool = np.empty((2, arcs), np.int32)
    return Flow(
        cells[0], cells[1], sets[0], sets[1], sets[2], wide[0], counts[0], counts[1], counts[2],
        wide[1], lists[0], lists[1], pool[0], pool[1], np.empty(arcs, np.int64),
        np.empty((3, sources + 2), np.int32), np.zeros(1, np.int64),
    )  # fmt: skip


def _saturate(f: Flow, sources: int, words: int) -> int:
    """Send as much as can be sent and return how much that was, or FULL.

    The last search is left in ``level`` and ``free``: it says what can still be reached.
    """
    total = 0
    while True:
        depth = search(f, sources, words)
        if depth < 0:
            return total
        for s in range(sources):
            while f.level[s] == 0 and f.excess[s] > 0:
                sent = augment(f, s, depth, words)
                if sent < 0:
                    return -1
                if sent == 0:
                    break
                total += sent


def _search(f: Flow, sources: int, words: int) -> int:
    """Lay out the layers up to the first that still takes something; -1 if there is none."""
    last = 0
    for s in range(sources):
        f.level[s] = -1
        if f.excess[s] > 0:
            f.level[s] = 0
            f.cursor[s] = 0
            f.queue[last] = s
            last += 1
    for k in range(words):
        f.free[k] = f.mask[k]
    first, depth = 0, 0
    while first < last:
        base = depth * words
        spread(f, first, last, base, words)
        if _open(f, base, words):
            return depth
        first, last = last, step_back(f, last, depth, words)
        depth += 1
    return -1


def _spread(f: Flow, first: int, last: int, base: int, words: int) -> None:
    """One layer: the free sinks that the sources queue[first:last] may send to."""
    for k in range(words):
        f.layers[base + k] = ZERO
    for q in range(first, last):
        row = f.queue[q] * words
        for k in range(words):
            f.layers[base + k] |= f.rows[row + k]
    for k in range(words):
        f.layers[base + k] &= f.free[k]
        f.free[k] ^= f.layers[base + k]


def _open_(f: Flow, base: int, words: int) -> bool:
    """Whether a layer still takes something; if so it keeps only the sinks that do."""
    found = ZERO
    for k in range(words):
        found |= f.layers[base + k] & f.want[k]
    if found == ZERO:
        return False
    for k in range(words):
        f.layers[base + k] &= f.want[k]
    return True


def _step_back(f: Flow, last: int, depth: int, words: int) -> int:
    """Queue the sources whose flow into the layer could be sent elsewhere."""
    for k in range(words):
        word = f.layers[depth * words + k]
        while word != ZERO:
            y = (k << 6) + first_bit(word)
            word &= word - ONE
            f.arc[y] = f.head[y]
            a = f.head[y]
            while a >= 0:
                s = f.source[a]
                if f.level[s] < 0 and f.amount[a] > 0:
                    f.level[s] = depth + 1
                    f.cursor[s] = 0
                    f.queue[last] = s
                    last += 1
                a = f.following[a]
    return last


def _augment(f: Flow, root: int, depth: int, words: int) -> int:
    """Send something along one shortest path from ``root``; 0 if there is none, or FULL."""
    at = 0
    f.path[0, 0] = root
    while True:
        s = f.path[0, at]
        y = next_sink(f, s, at * words, words)
        if y < 0:
            f.level[s] = -2  # a dead end for the rest of this round
            if at == 0:
                return 0
            at -= 1
            continue
        f.path[1, at] = y
        if at == depth:
            return send(f, depth, words)
        a = f.arc[y]
        while a >= 0 and (f.amount[a] == 0 or f.level[f.source[a]] != at + 1):
            a = f.following[a]
        f.arc[y] = a
        if a < 0:
            f.layers[at * words + (y >> 6)] &= ~(ONE << np.uint64(y & 63))
            continue
        f.path[2, at] = a
        at += 1
        f.path[0, at] = f.source[a]


def _next_sink(f: Flow, s: int, base: int, words: int) -> int:
    """The first sink of a layer that the source may send to; layers only shrink in a round."""
    row = s * words
    for k in range(f.cursor[s], words):
        word = f.rows[row + k] & f.layers[base + k]
        if word != ZERO:
            f.cursor[s] = k
            return (k << 6) + first_bit(word)
    f.cursor[s] = words
    return -1


def _send(f: Flow, depth: int, words: int) -> int:
    """Send what fits along the path that was found."""
    y = f.path[1, depth]
    sent = min(f.excess[f.path[0, 0]], f.deficit[y])
    for at in range(depth):
        sent = min(sent, f.amount[f.path[2, at]])
    for at in range(depth + 1):
        if not deliver(f, f.path[0, at], f.path[1, at], sent):
            return -1
        if at < depth:
            f.amount[f.path[2, at]] -= sent
    f.excess[f.path[0, 0]] -= sent
    f.deficit[y] -= sent
    if f.deficit[y] == 0:
        f.want[y >> 6] &= ~(ONE << np.uint64(y & 63))
        f.layers[depth * words + (y >> 6)] &= ~(ONE << np.uint64(y & 63))
    return sent


def _deliver(f: Flow, s: int, y: int, sent: int) -> bool:
    """Add to the arc from s to y, taking one that is empty or new if there is none."""
    spare = -1
    a = f.head[y]
    while a >= 0:
        if f.source[a] == s:
            f.amount[a] += sent
            return True
        if f.amount[a] == 0:
            spare = a
        a = f.following[a]
    if spare < 0:
        spare = f.used[0]
        if spare == f.source.shape[0]:
            return False
        f.used[0] += 1
        f.following[spare] = f.head[y]
        f.head[y] = spare
    f.source[spare] = s
    f.amount[spare] = sent
    return True


flow_memory = compiled(_flow_memory)
_open = compiled(_open_)
spread = compiled(_spread)
step_back = compiled(_step_back)
next_sink = compiled(_next_sink)
deliver = compiled(_deliver)
send = compiled(_send)
augment = compiled(_augment)
search = compiled(_search)
saturate = compiled(_saturate)
