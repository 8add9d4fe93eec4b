"""Exact optimal transport between the neighbourhoods of the two ends of an edge.

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

import numpy as np

from gnnlab.ops.backends.parallel import Array, compiled

from .bits import ONE, ZERO, first_bit
from .flow import Flow, deliver, flow_memory, saturate
from .neighbourhoods import (
    Ends,
    Net,
    ends_memory,
    near_rows,
    put_sink,
    two_step_word,
    two_steps,
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


def _supply(
    net: Net, m: Memory, a: int, b: int, lazy: Lazy
) -> tuple[int, int, int, int]:  # fmt: skip
    """Lay out what is left of both measures; a has no more neighbours than b.

    Returns the number of sources, of words of sinks, what is to be moved, and the mass of all.
    """
    rowptr, col = net.rowptr, net.col
    p, p_end, q, q_end = rowptr[a], rowptr[a + 1], rowptr[b], rowptr[b + 1]
    common = lcm(p_end - p, q_end - q)
    share_a = (lazy.whole - lazy.stay) * (common // (p_end - p))
    share_b = (lazy.whole - lazy.stay) * (common // (q_end - q))
    own = lazy.stay * common
    sources, sinks, words, moved = 0, 0, 0, 0
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
            m.ends.source[sources] = z
            m.flow.excess[sources] = left
            sources += 1
            moved += left
        elif left < 0:
            y = put_sink(net, m.ends, z, sinks, words)
            sinks += 1
            words = (y >> 6) + 1
            m.flow.deficit[y] = -left
            m.flow.head[y] = -1
    for k in range(words):
        m.flow.mask[k] = m.flow.want[k] = m.ends.mask[k]
    m.flow.used[0] = 0
    return sources, words, moved, lazy.whole * common


def _raise_prices(net: Net, m: Memory, sources: int, words: int) -> None:
    """Put the arcs that are tight after one rise in place of those of length one.

    A source that was reached may now send two steps to a sink that was not, and one step to one
    that was; any other source one step to a sink that was not.
    """
    f, large = m.flow, net.near.shape[0] == 0
    for k in range(words):
        unreached = f.free[k]
        if large:
            two_step_word(net, m.ends, k, unreached, False)
        for s in range(sources):
            cell = s * words + k
            if f.level[s] == -1:
                f.rows[cell] &= unreached
            else:
                f.rows[cell] &= ~unreached
                f.rows[cell] |= two_steps(net, m.ends, s, k) & unreached
        if large:
            two_step_word(net, m.ends, k, unreached, True)


def _solve(net: Net, m: Memory, a: int, b: int, lazy: Lazy) -> tuple[int, int, int, int]:
    """The cost, the mass of all, and the numbers of sources and words; cost -1 asks for memory.

    The flow of the last round stays in ``m.flow``; the rest is left as excess and deficit.
    """
    sources, words, moved, whole = supply(net, m, a, b, lazy)
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


def _move_rest(m: Memory, sources: int, words: int) -> bool:
    """Complete the plan: what is left goes three steps, in order of the nodes."""
    f, k = m.flow, 0
    for s in range(sources):
        while f.excess[s] > 0:
            while f.want[k] == ZERO:
                k += 1
            y = (k << 6) + first_bit(f.want[k])
            sent = min(f.excess[s], f.deficit[y])
            if not deliver(f, s, y, sent):
                return False
            f.excess[s] -= sent
            f.deficit[y] -= sent
            if f.deficit[y] == 0:
                f.want[k] &= f.want[k] - ONE
    return True


def _curvatures(
    first: int, last: int, work: Array, which: Array, ends: Array, net: Net, lazy: Lazy,
    out: Array,
) -> None:  # fmt: skip
    """out[t] = 1 - cost of edge which[t]; ends (2, M) has the end of lower degree first."""
    sources, sinks = largest(first, last, which, ends, net)
    arcs = 4 * (sources + sinks)
    m = memory(net, sources, sinks, arcs)
    for t in range(first, last):
        a, b = ends[0, which[t]], ends[1, which[t]]
        cost, whole, _, _ = solve(net, m, a, b, lazy)
        while cost < 0:
            arcs *= 2
            m = memory(net, sources, sinks, arcs)
            cost, whole, _, _ = solve(net, m, a, b, lazy)
        out[t] = (whole - cost) / whole


def _largest(first: int, last: int, which: Array, ends: Array, net: Net) -> tuple[int, int]:
    """How many sources and sinks the edges first .. last have at the most."""
    low, high = 0, 0
    for t in range(first, last):
        a, b = ends[0, which[t]], ends[1, which[t]]
        low = max(low, net.rowptr[a + 1] - net.rowptr[a])
        high = max(high, net.rowptr[b + 1] - net.rowptr[b])
    return low + 1, high + 1


memory = compiled(_memory)
lcm = compiled(_lcm)
supply = compiled(_supply)
raise_prices = compiled(_raise_prices)
solve = compiled(_solve)
move_rest = compiled(_move_rest)
largest = compiled(_largest)
curvatures = compiled(_curvatures)
