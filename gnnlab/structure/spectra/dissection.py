"""Nested dissection: an elimination order for sparse symmetric matrices, and the fill-in it causes.

A separator is eliminated after the parts that it separates, so that these never meet. It is a level
of a breadth-first search from a node at the rim, near the middle and as small as there is one.
"""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled

LEAF = 32
"""Parts of up to so many nodes are left as they are."""
MARGIN = 0.25
"""A separator leaves at least this share of the nodes on either side, where it can."""


def nested_dissection(rowptr: Array, col: Array) -> Array:
    """The nodes in the order in which they are eliminated, (N,) int64.

    Args:
        rowptr, col: a simple graph, both directions.

    Cost:
        O(E log N) where separators are small; 40 N bytes.

    Source:
        George, "Nested dissection of a regular finite element mesh", SIAM Journal on Numerical
        Analysis 10, 1973 (https://doi.org/10.1137/0710032), with separators as in George and Liu,
        "An automatic nested dissection algorithm for irregular finite element problems", 1978
        (https://doi.org/10.1137/0715069).
    """
    order = np.arange(len(rowptr) - 1)
    if len(order):
        dissect(rowptr, col, order)
    return order


def count_fill(rowptr: Array, col: Array, order: Array, most: int) -> tuple[int, float]:
    """How many entries the triangular factor has beside its diagonal, and its multiplications.

    Counting stops beyond ``most`` entries.

    Cost: O(the entries); 32 N bytes.

    Source:
        Davis, "Algorithm 849: a concise sparse Cholesky factorization package", ACM TOMS 31, 2005
        (https://doi.org/10.1145/1114268.1114277): the elimination tree is found along the way.
    """
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    entries, products = fill_of(rowptr, col, order, place, most)
    return int(entries), float(products)


def _dissect(rowptr: Array, col: Array, order: Array) -> None:
    nodes = order.shape[0]
    part, level = np.zeros(nodes, np.int64), np.empty(nodes, np.int64)
    queue, waiting = np.empty(nodes, np.int64), np.empty((2, nodes + 1), np.int64)
    waiting[0, 0], waiting[1, 0], left, label = 0, nodes, 1, 1
    while left:
        left -= 1
        a, b = waiting[0, left], waiting[1, left]
        if b - a <= LEAF:
            continue
        old, at, whole = part[order[a]], a, True
        for i in range(a, b):
            if part[order[i]] == old:
                end = sweep(order[i], old, label, rowptr, col, part, level, queue, at)
                label += 1
                if end - at < b - a:
                    whole = False
                    waiting[0, left], waiting[1, left] = at, end
                    left += 1
                at = end
        order[a:b] = queue[a:b]
        if not whole:
            continue
        sweep(order[b - 1], label - 1, label, rowptr, col, part, level, queue, a)
        order[a:b] = queue[a:b]
        first, second = split(a, b, label, rowptr, col, part, level, order, queue)
        label += 3
        if first == a:  # everything is near everything: hubs come last
            degree = rowptr[order[a:b] + 1] - rowptr[order[a:b]]
            order[a:b] = order[a:b][np.argsort(degree, kind="mergesort")]
            continue
        waiting[0, left], waiting[1, left] = a, first
        waiting[0, left + 1], waiting[1, left + 1] = first, second
        left += 2


def _sweep(
    root: int, old: int, new: int, rowptr: Array, col: Array, part: Array, level: Array,
    queue: Array, at: int,
) -> int:  # fmt: skip
    """Search the part ``old`` from a root, making it ``new``; write it to queue[at:], return its
    end."""
    part[root], level[root], queue[at] = new, 0, root
    head, end = at, at + 1
    while head < end:
        u = queue[head]
        head += 1
        for p in range(rowptr[u], rowptr[u + 1]):
            v = col[p]
            if part[v] == old:
                part[v], level[v], queue[end] = new, level[u] + 1, v
                end += 1
    return end


def _split(
    a: int, b: int, label: int, rowptr: Array, col: Array, part: Array, level: Array,
    order: Array, queue: Array,
) -> tuple[int, int]:  # fmt: skip
    """Lay order[a:b], which is sorted by level, out as two sides and what separates them.

    Returns where the second side and the separator begin; a twice where there are fewer than three
    levels.
    """
    depth = level[order[b - 1]] + 1
    if depth < 3:
        return a, a
    cut = middle(a, b, level, order, depth)
    first, last = a, b
    for i in range(a, b):  # the nearer side from the front, the separator from the back
        u = order[i]
        if level[u] > cut:
            continue
        joined = False
        if level[u] == cut:
            for p in range(rowptr[u], rowptr[u + 1]):
                if part[col[p]] == label and level[col[p]] == cut + 1:
                    joined = True
                    break
        if joined:
            last -= 1
            queue[last] = u
        else:
            queue[first] = u
            first += 1
    second = first
    for i in range(a, b):
        if level[order[i]] > cut:
            queue[second] = order[i]
            second += 1
    for i in range(a, b):
        part[queue[i]] = label + 1 if i < first else label + 2 if i < second else -1
    order[a:b] = queue[a:b]
    return first, second


def _middle(a: int, b: int, level: Array, order: Array, depth: int) -> int:
    """The smallest level that leaves enough on either side, else the one that halves best."""
    cut, width, off = 1, b - a + 1, b - a + 1
    found, start = False, a
    for i in range(a, b):
        if i + 1 < b and level[order[i + 1]] == level[order[i]]:
            continue
        at, size = level[order[i]], i + 1 - start
        below, above = start - a, b - 1 - i
        if 1 <= at <= depth - 2:
            wide = min(below, above) >= MARGIN * (b - a)
            if wide and (not found or size < width):
                cut, width, found = at, size, True
            elif not found and abs(below - above) < off:
                cut, off = at, abs(below - above)
        start = i + 1
    return cut


def _fill_of(
    rowptr: Array, col: Array, order: Array, place: Array, most: int
) -> tuple[int, float]:  # fmt: skip
    nodes = order.shape[0]
    parent, flag = np.full(nodes, -1), np.full(nodes, -1)
    entries = np.zeros(nodes, np.int64)
    total = 0
    for k in range(nodes):
        flag[k] = k
        for p in range(rowptr[order[k]], rowptr[order[k] + 1]):
            i = place[col[p]]
            while i < k and flag[i] != k:
                if parent[i] < 0:
                    parent[i] = k
                entries[i] += 1
                total += 1
                flag[i] = k
                i = parent[i]
        if total > most:
            break
    products = 0.0
    for k in range(nodes):
        products += entries[k] * (entries[k] + 3.0)
    return total, products


sweep = compiled(_sweep)
middle = compiled(_middle)
split = compiled(_split)
dissect = compiled(_dissect)
fill_of = compiled(_fill_of)
