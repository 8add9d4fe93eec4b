"""First-order spectral gap: greedy choice of edges that raise it, with a power step for each."""

from __future__ import annotations

import math

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled


def first_order(rowptr: Array, col: Array, x: Array, count: int, warm_up: int) -> Array:
    """Choose ``count`` absent pairs, each with the smallest y_u y_v, y = x / sqrt(1 + degree).

    x follows the second eigenvector of the normalised adjacency: ``warm_up`` power steps before
    the first pair and one after each.

    Args:
        rowptr, col: a simple graph, both directions.
        x: (N,) float64, where to start.
        count: pairs to add; fewer where fewer are absent.
        warm_up: power steps before the first.

    Returns:
        (2, A) int64, u < v, in the order they were chosen; of equal products the lowest (u, v).

    Cost: O(E + N log N) for each pair; 100 N + 48 count bytes.
    """
    nodes = len(rowptr) - 1
    absent = (nodes * (nodes - 1) - len(col)) // 2
    pairs = np.empty((2, min(count, absent)), np.int64)
    lists = np.full((3, max(nodes, 2 * pairs.shape[1])), -1)
    first_order_loop(rowptr, col, x.astype(np.float64), warm_up, lists, pairs)
    return pairs


def _first_order_loop(
    rowptr: Array, col: Array, x: Array, warm_up: int, lists: Array, pairs: Array
) -> None:
    nodes = x.shape[0]
    degree = np.empty(nodes)
    for u in range(nodes):
        degree[u] = rowptr[u + 1] - rowptr[u]
    scratch, of_node = np.empty(nodes), np.empty(nodes)
    mark = np.full(nodes, -1)
    for _ in range(warm_up):
        power_step(rowptr, col, lists, degree, x, scratch)
    for k in range(pairs.shape[1]):
        for u in range(nodes):
            scratch[u] = x[u] / math.sqrt(degree[u] + 1)
        mark[:] = -1
        u, v = smallest_product(scratch, rowptr, col, lists, mark, of_node)
        pairs[0, k], pairs[1, k] = u, v
        link(lists, 2 * k, u, v)
        link(lists, 2 * k + 1, v, u)
        degree[u] += 1
        degree[v] += 1
        power_step(rowptr, col, lists, degree, x, scratch)


def _link(lists: Array, place: int, u: int, v: int) -> None:
    """Put v in front of the added neighbours of u: lists are heads, next and node."""
    lists[1, place], lists[2, place] = lists[0, u], v
    lists[0, u] = place


def _power_step(
    rowptr: Array, col: Array, lists: Array, degree: Array, x: Array, scaled: Array
) -> None:
    """x <- (I + D^-1/2 A D^-1/2) x, orthogonal to D^1/2 1, of norm 1; in place."""
    nodes = x.shape[0]
    along, mass = 0.0, 0.0
    for u in range(nodes):
        along += x[u] * math.sqrt(degree[u])
        mass += degree[u]
    for u in range(nodes):
        root = math.sqrt(degree[u])
        if mass > 0:
            x[u] -= along * root / mass
        scaled[u] = x[u] / root if root > 0 else 0.0
    norm = 0.0
    for u in range(nodes):
        total = 0.0
        for p in range(rowptr[u], rowptr[u + 1]):
            total += scaled[col[p]]
        e = lists[0, u]
        while e >= 0:
            total += scaled[lists[2, e]]
            e = lists[1, e]
        if degree[u] > 0:
            x[u] += total / math.sqrt(degree[u])
        norm += x[u] * x[u]
    norm = math.sqrt(norm)
    for u in range(nodes):
        x[u] = x[u] / norm if norm > 0 else 0.0


def _smallest_product(
    y: Array, rowptr: Array, col: Array, lists: Array, mark: Array, of_node: Array
) -> tuple[int, int]:
    """The lowest absent (u, v) with the smallest y_u y_v; mark arrives as -1.

    For a negative y_u the product falls with y_v, for a positive one it rises: the best partner
    is the first absent one from that end of the sorted vector. Nodes are walked from both ends
    inwards and left as soon as not even the other end could make them the best.
    """
    nodes = y.shape[0]
    order = np.argsort(y)
    of_node[:] = np.inf
    best = np.inf
    low, high = y[order[0]], y[order[nodes - 1]]
    for a in range(nodes):
        u = order[a]
        if y[u] > 0 or (high > 0 and y[u] * high > best):
            break
        best = min(best, best_partner(u, y, order, True, rowptr, col, lists, mark, of_node))
    for a in range(nodes - 1, -1, -1):
        u = order[a]
        if y[u] <= 0 or (low < 0 and y[u] * low > best):
            break
        best = min(best, best_partner(u, y, order, False, rowptr, col, lists, mark, of_node))
    for u in range(nodes):
        if of_node[u] == best:
            mark_neighbors(u, nodes + u, rowptr, col, lists, mark)
            for v in range(u + 1, nodes):
                if mark[v] != nodes + u and y[u] * y[v] == best:
                    return u, v
    return -1, -1


def _best_partner(
    u: int, y: Array, order: Array, from_above: bool, rowptr: Array, col: Array, lists: Array,
    mark: Array, of_node: Array,
) -> float:  # fmt: skip
    """The smallest product that u has with an absent partner, kept in of_node."""
    nodes = y.shape[0]
    mark_neighbors(u, u, rowptr, col, lists, mark)
    for b in range(nodes):
        v = order[nodes - 1 - b] if from_above else order[b]
        if mark[v] != u:
            of_node[u] = y[u] * y[v]
            return float(of_node[u])
    return float(np.inf)


def _mark_neighbors(
    u: int, stamp: int, rowptr: Array, col: Array, lists: Array, mark: Array
) -> None:
    """Stamp u and everything it is joined to."""
    mark[u] = stamp
    for p in range(rowptr[u], rowptr[u + 1]):
        mark[col[p]] = stamp
    e = lists[0, u]
    while e >= 0:
        mark[lists[2, e]] = stamp
        e = lists[1, e]


link = compiled(_link)
mark_neighbors = compiled(_mark_neighbors)
best_partner = compiled(_best_partner)
smallest_product = compiled(_smallest_product)
power_step = compiled(_power_step)
first_order_loop = compiled(_first_order_loop)
