"""Depth-first search for the paths that begin at a node.

All kinds are one search that differs in what may follow: a node that is not on the path yet; a node
one step farther from the start; or, of those, the ones whose chosen way leads through here. What is
searched are the arcs into a node, so that a path runs from where it is heard to what it hears.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import Kernel, compiled, inner

SHORTEST, ALL_SHORTEST, ALL = 0, 1, 2
"""The kinds, as kernels know them."""


class Arcs(NamedTuple):
    """Graphs side by side."""

    rowptr: Array
    col: Array
    """The sources of each node's incoming arcs, without repeats and loops."""
    weight: Array
    """(2, A) int64: what an arc adds to a way, for the choice between ways; (2, 0) if none is."""


class Scratch(NamedTuple):
    """What a search writes down, ready for the next one when it ends."""

    on: Array
    """(N,) bool: the node is on the path; false."""
    dist: Array
    """(N,) int32: its distance from the start; -1."""
    parent: Array
    """(N,) int32: the node before it on the chosen way."""
    cost: Array
    """(2, N) int64: what that way costs."""
    ways: Array
    """(N,) float64: how many shortest ways lead to it."""
    queue: Array
    stack: Array
    """(length + 1,): the nodes of the path."""
    place: Array
    """(length + 1,): which arc each of them tries next."""


def inlined(kernel: Kernel) -> Kernel:
    """Compile a part into what calls it: a call would hand over the shape of every array."""
    return compiled(kernel, inline="always")


def _scratch(nodes: int, length: int) -> Scratch:
    return Scratch(
        np.zeros(nodes, np.bool_),
        np.full(nodes, -1, np.int32),
        np.empty(nodes, np.int32),
        np.empty((2, nodes), np.int64),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.int32),
        np.empty(length + 1, np.int32),
        np.empty(length + 1, np.int64),
    )


def _measure(start: int, arcs: Arcs, length: int, kind: int, s: Scratch) -> int:
    """Find all nodes up to ``length`` steps away; return how many, the start among them.

    Leaves distances and, as the kind asks, the number of shortest ways or the one that is chosen:
    of the least cost, and of equal ones the one that was met first.
    """
    s.dist[start], s.ways[start], s.queue[0] = 0, 1.0, start
    s.cost[0, start] = s.cost[1, start] = 0
    head, reached = 0, 1
    while head < reached:
        u = s.queue[head]
        head += 1
        if s.dist[u] == length:
            break
        for p in range(arcs.rowptr[u], arcs.rowptr[u + 1]):
            v = arcs.col[p]
            new = s.dist[v] < 0
            if new:
                s.dist[v] = s.dist[u] + 1
                s.ways[v] = 0.0
                s.queue[reached] = v
                reached += 1
            if s.dist[v] == s.dist[u] + 1:
                if kind == ALL_SHORTEST:
                    s.ways[v] += s.ways[u]
                elif kind == SHORTEST:
                    choose(u, v, p, new, arcs, s)
    return reached


def _choose(u: int, v: int, p: int, new: bool, arcs: Arcs, s: Scratch) -> None:
    """Let the way to v lead through u, if that costs less."""
    first, second = s.cost[0, u] + arcs.weight[0, p], s.cost[1, u] + arcs.weight[1, p]
    if new or first < s.cost[0, v] or (first == s.cost[0, v] and second < s.cost[1, v]):
        s.parent[v], s.cost[0, v], s.cost[1, v] = u, first, second


def _forget(reached: int, s: Scratch) -> None:
    for q in range(reached):
        s.dist[s.queue[q]] = -1


def _follows(kind: int, u: int, v: int, depth: int, s: Scratch) -> bool:
    """Whether a path that has come to u, ``depth`` steps from its start, may go on to v."""
    if kind == ALL:
        return not s.on[v]
    return s.dist[v] == depth + 1 and (kind == ALL_SHORTEST or s.parent[v] == u)


def _begin(v: int, depth: int, arcs: Arcs, s: Scratch) -> int:
    """Put v on the path, ``depth`` steps from its start; return that depth."""
    s.stack[depth], s.place[depth], s.on[v] = v, arcs.rowptr[v], True
    return depth


def _advance(kind: int, depth: int, length: int, arcs: Arcs, s: Scratch) -> int:
    """Go on to the next path of fewer than ``length`` edges; return how many, or -1 at the end."""
    while depth >= 0:
        u = s.stack[depth]
        while depth + 1 < length and s.place[depth] < arcs.rowptr[u + 1]:
            v = arcs.col[s.place[depth]]
            s.place[depth] += 1
            if follows(kind, u, v, depth, s):
                return begin(v, depth + 1, arcs, s)
        s.on[u] = False
        depth -= 1
    return -1


def _count_paths(
    first: int, last: int, work: Array, arcs: Arcs, length: int, kind: int, limit: float,
    counts: Array,
) -> None:  # fmt: skip
    """counts[v, k - 1] = paths of k edges that begin at v; stop where they are beyond the limit."""
    s = scratch(arcs.rowptr.shape[0] - 1, length)
    total = 0.0
    for v in range(first, last):
        if kind == ALL:
            total += count_simple(v, arcs, length, limit - total, s, counts[v])
        else:
            total += count_shortest(v, arcs, length, kind, s, counts[v])
        if total > limit:
            return


def _count_simple(
    v: int, arcs: Arcs, length: int, limit: float, s: Scratch, counts: Array
) -> float:  # fmt: skip
    """Count what begins at v; beyond the limit, stop and leave the path where it is."""
    total, depth = 0.0, begin(v, 0, arcs, s)
    while depth >= 0 and total <= limit:
        free = count_free(s.stack[depth], arcs, s)
        counts[depth] += free
        total += free
        depth = advance(ALL, depth, length, arcs, s)
    return total


def _count_free(u: int, arcs: Arcs, s: Scratch) -> int:
    """In how many ways a simple path that has come to u may go on."""
    free = 0
    for p in range(arcs.rowptr[u], arcs.rowptr[u + 1]):
        free += not s.on[arcs.col[p]]
    return free


def _count_shortest(
    v: int, arcs: Arcs, length: int, kind: int, s: Scratch, counts: Array
) -> float:  # fmt: skip
    """Count without going each way: all that lead to a node are those of the nodes before it."""
    total = 0.0
    reached = measure(v, arcs, length, kind, s)
    for q in range(1, reached):
        u = s.queue[q]
        ways = s.ways[u] if kind == ALL_SHORTEST else 1.0
        counts[s.dist[u] - 1] += ways
        total += ways
    forget(reached, s)
    return total


scratch = compiled(_scratch)
choose = inlined(_choose)
measure = inner(_measure)
forget = inner(_forget)
follows = inlined(_follows)
begin = inlined(_begin)
advance = inlined(_advance)
count_free = inlined(_count_free)
count_simple = inner(_count_simple)
count_shortest = inner(_count_shortest)
count_paths = compiled(_count_paths)
