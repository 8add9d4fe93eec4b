"""Optimal transport between the neighbourhoods of the two ends of an edge, exact.

A lazy walker at node a stays with probability alpha and else moves to a neighbour. The cost of
turning a's next step into b's, with hop distance as the price, is found in whole numbers:

1. What both walkers may reach stays where it is (optimal by the triangle inequality). What is left
   lies 1, 2 or 3 steps from where it must go.
2. As much as possible moves one step: a maximum flow (``flow``).
3. The sources and sinks that the last search reached raise their prices by one. As much as
   possible moves along the arcs that are now tight, which costs two steps a unit.
4. By then every source that has something left is three steps from every sink that lacks something,
   and no longer way can pay off: the rest moves three steps.

Prices and flow together prove the optimum (complementary slackness). Two maximum flows replace
the network simplex, because whole prices between 1 and 3 leave room for no more than two rounds.
"""

from __future__ import annotations

from typing import NamedTuple

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.structure.curvature.max_flow import (
    COUNT,
    FREE,
    HEAD,
    LEVEL,
    MASK,
    WANT,
    Flow,
    fill,
    flow_memory,
    saturate,
)
from gnnlab.structure.curvature.neighbourhoods import (
    Ends,
    Net,
    ends_memory,
    near_rows,
    put_sinks,
    step_word,
    words_for,
)


class Lazy(NamedTuple):
    """alpha = stay / whole."""

    stay: int
    whole: int


class Memory(NamedTuple):
    """What one thread works in."""

    ends: Ends
    flow: Flow


def _memory(net: Net, sources: int, sinks: int, arcs: int) -> Memory:
    flow = flow_memory(sources, words_for(net, sinks), arcs)
    return Memory(ends_memory(net, sources, sinks), flow)


def _lcm(a: int, b: int) -> int:
    x, y = a, b
    while y > 0:
        x, y = y, x % y
    return a // x * b


def _lay_out(net: Net, m: Memory, a: int, b: int, lazy: Lazy) -> tuple[int, int, int, int]:
    """Lay out what is left of both measures; a has no more neighbours than b.

    Returns the numbers of sources and of words of sinks, what is to be moved, and the mass of all.
    """
    ends, flow = m.ends, m.flow
    sources, sinks, moved, whole = subtract(
        net.rowptr, net.col, a, b, lazy, ends.source, flow.excess, ends.member, ends.lack
    )
    large = net.near.shape[0] == 0
    words = put_sinks(ends.member, sinks, large, ends.place, ends.sink, ends.word, ends.mask)
    start(ends.place, ends.lack, sinks, flow.deficit, flow.sink)
    clear(flow.sets, ends.mask, flow.arc, words)
    return sources, words, moved, whole


def _subtract(
    rowptr: Array, col: Array, a: int, b: int, lazy: Lazy, source: Array, excess: Array,
    member: Array, lack: Array,
) -> tuple[int, int, int, int]:  # fmt: skip
    """What a's walker has more than b's goes to ``excess``, what it has less to ``lack``."""
    p, p_end, q, q_end = rowptr[a], rowptr[a + 1], rowptr[b], rowptr[b + 1]
    common = lcm(p_end - p, q_end - q)
    share_a = (lazy.whole - lazy.stay) * (common // (p_end - p))
    share_b = (lazy.whole - lazy.stay) * (common // (q_end - q))
    own = lazy.stay * common
    sources, sinks, moved = 0, 0, 0
    while p < p_end or q < q_end:
        z = col[p] if q == q_end or (p < p_end and col[p] <= col[q]) else col[q]
        left = own * (int(z == a) - int(z == b))
        if p < p_end and col[p] == z:
            left += share_a
            p += 1
        if q < q_end and col[q] == z:
            left -= share_b
            q += 1
        if left > 0:
            source[sources] = z
            excess[sources] = left
            sources += 1
            moved += left
        elif left < 0:
            member[sinks] = z
            lack[sinks] = -left
            sinks += 1
    return sources, sinks, moved, lazy.whole * common


def _start(place: Array, lack: Array, sinks: int, deficit: Array, sink: Array) -> None:
    for t in range(sinks):
        y = place[t]
        deficit[y] = lack[t]
        sink[HEAD, y] = -1


def _clear(sets: Array, mask: Array, arc: Array, words: int) -> None:
    arc[COUNT, 0] = 0
    for k in range(words):
        sets[MASK, k] = sets[WANT, k] = mask[k]


def _raise_prices(net: Net, m: Memory, sources: int, words: int) -> None:
    """Put the arcs that are tight after one rise in place of those of length one.

    A source that was reached may now send two steps to a sink that was not, and one step to one
    that was; any other source one step to a sink that was not.
    """
    rows, sets, level, ends = m.flow.rows, m.flow.sets, m.flow.source, m.ends
    for s in range(sources):
        for k in range(words):
            reached = level[LEVEL, s] != -1
            rows[s * words + k] &= ~sets[FREE, k] if reached else sets[FREE, k]
    if net.near.shape[0] > 0:
        widen_small(net.wide, ends.source, ends.word, rows, sets, level, sources, words)
    else:
        widen_large(
            net.rowptr, net.col, ends.source, ends.sink, ends.step, rows, sets, level, sources,
            words,
        )  # fmt: skip


def _widen_small(
    wide: Array, source: Array, word: Array, rows: Array, sets: Array, level: Array,
    sources: int, words: int,
) -> None:  # fmt: skip
    for s in range(sources):
        if level[LEVEL, s] != -1:
            for k in range(words):
                rows[s * words + k] |= wide[source[s], word[k]] & sets[FREE, k]


def _widen_large(
    rowptr: Array, col: Array, source: Array, sink: Array, step: Array, rows: Array, sets: Array,
    level: Array, sources: int, words: int,
) -> None:  # fmt: skip
    for k in range(words):
        step_word(rowptr, col, sink, step, k, sets[FREE, k], True)
        for s in range(sources):
            if level[LEVEL, s] != -1:
                x = source[s]
                for p in range(rowptr[x], rowptr[x + 1]):
                    rows[s * words + k] |= step[col[p]]
        step_word(rowptr, col, sink, step, k, sets[FREE, k], False)


def _solve(net: Net, m: Memory, a: int, b: int, lazy: Lazy) -> tuple[int, int, int, int]:
    """The cost, the mass of all, and the numbers of sources and words; cost -1 asks for memory.

    The flow of the last round stays in ``m.flow``; the rest is left as excess and deficit.
    """
    sources, words, moved, whole = lay_out(net, m, a, b, lazy)
    near_rows(net, m.ends, sources, words, m.flow.rows)
    one = saturate(m.flow, sources, words)
    if one < 0:
        return -1, whole, sources, words
    two = 0
    if one < moved:
        raise_prices(net, m, sources, words)
        two = saturate(m.flow, sources, words)
        if two < 0:
            return -1, whole, sources, words
    return one + 2 * two + 3 * (moved - one - two), whole, sources, words


def _move_rest(f: Flow, sources: int, words: int) -> int:
    """Complete the plan: what is left goes three steps, in order of the nodes; -1 asks for room."""
    for s in range(sources):
        for k in range(words):
            f.rows[s * words + k] = f.sets[MASK, k]
    return fill(
        f.rows, f.sets, f.excess, f.deficit, f.sink, f.arc, f.amount, sources, words
    )  # fmt: skip


memory = compiled(_memory)
lcm = compiled(_lcm)
start = compiled(_start)
subtract = compiled(_subtract)
clear = compiled(_clear)
widen_small = compiled(_widen_small)
widen_large = compiled(_widen_large)
lay_out = inner(_lay_out)
raise_prices = inner(_raise_prices)
solve = inner(_solve)
move_rest = compiled(_move_rest)
