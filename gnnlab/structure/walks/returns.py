"""Walk returns: the probability that a random walk is back at its start after t steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.effort import alike, require_time, stretches
from gnnlab.kernels.threads import over_items
from gnnlab.structure.hops.bfs import search
from gnnlab.structure.hops.node_search import forget

SAMPLE = 32
"""Nodes whose walks say what walks from every node would read."""
ARC = 10.0
"""Nanoseconds for one arc of a walk, most of which go into waiting for memory."""


def return_probabilities(rowptr: Array, col: Array, length: int, undirected: bool) -> Array:
    r"""Find the diagonals of the powers of the walk matrix, :math:`(P^t)_{ii}`, t = 1, …, k.

    A walk takes each arc that leaves a node with the same probability; at a node that none leaves
    it ends. From each node i, half of the way is walked: with :math:`r_a = e_i^\top P^a` and
    :math:`c_b = P^b e_i`, :math:`(P^{a+b})_{ii} = \langle r_a, c_b \rangle`, and on an undirected
    graph :math:`c_b(j) = r_b(j)\, d_i / d_j`.

    Args:
        rowptr, col: out-neighbours, each once.
        length: k.
        undirected: whether every arc has its reverse.

    Returns:
        (N, k) float64, exact but for rounding.

    Cost:
        O(k / 2) passes over the edges within k / 2 hops of each node, so O(N E k) at most; 8 N k
        bytes, and 36 N for each thread.
        Work of more than half a minute is told beforehand, and more than a day is refused.

    Raises:
        ValueError: it would take more than a day.
    """
    nodes = len(rowptr) - 1
    out, sides = np.zeros((nodes, length)), 1 if undirected else 2
    kernel: Callable[..., None] = back_rows if undirected else directed_rows
    graph = (rowptr, col) if undirected else (rowptr, col, *reverse(rowptr, col))
    cost = ARC * sides * nodes * walked_arcs(rowptr, col, length)
    require_time(
        cost,
        f"the exact return probabilities of {nodes:,} nodes after up to {length} steps",
        "fewer steps take less, and RandomWalkPE(k, probes=1000) estimates them with their "
        "standard errors",
    )
    for first, last in stretches(alike(nodes, cost), "node"):
        over_items(
            kernel, last - first, int(cost * (last - first) / max(nodes, 1)), first, *graph, out
        )
    return out


def reverse(rowptr: Array, col: Array) -> tuple[Array, Array]:
    """The arcs by the node where they end: ``starts`` (N + 1,), and where they come from."""
    nodes = len(rowptr) - 1
    order = np.argsort(col, kind="stable")
    into = np.repeat(np.arange(nodes), np.diff(rowptr))[order].astype(col.dtype)
    starts = np.zeros(nodes + 1, rowptr.dtype)
    np.cumsum(np.bincount(col, minlength=nodes), out=starts[1:])
    return starts, into


def walked_arcs(rowptr: Array, col: Array, length: int) -> float:
    """How many arcs half of a walk of ``length`` steps reads from a node: the mean of some.

    The nodes lie at equal steps from each other, so the answer is always the same.
    """
    nodes = len(rowptr) - 1
    if not nodes:
        return 0.0
    chosen = np.linspace(0, nodes - 1, min(SAMPLE, nodes)).astype(np.int64)
    arcs = np.zeros(len(chosen))
    over_items(count_arcs, len(chosen), len(col), rowptr, col, chosen, -(-length // 2), arcs)
    return float(arcs.mean())


def _count_arcs(
    first: int, last: int, rowptr: Array, col: Array, chosen: Array, steps: int, arcs: Array
) -> None:
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for k in range(first, last):
        reached = search(chosen[k], rowptr, col, steps - 1, dist, queue)
        for q in range(reached):
            u = queue[q]
            arcs[k] += (rowptr[u + 1] - rowptr[u]) * (steps - dist[u])
        forget(reached, dist, queue)


def _back_rows(first: int, last: int, start: int, rowptr: Array, col: Array, out: Array) -> None:
    nodes, length = out.shape
    now, then = np.zeros(nodes), np.zeros(nodes)
    reached, seen = np.empty(nodes, np.int32), np.full(nodes, -1, np.int32)
    for i in range(start + first, start + last):
        degree = rowptr[i + 1] - rowptr[i]
        if degree == 0:
            continue
        reached[0], seen[i], now[i], count = i, i, 1.0, 1
        for t in range(0, length, 2):
            before = count
            for q in range(before):
                u = reached[q]
                if now[u] == 0:
                    continue
                now[u] /= rowptr[u + 1] - rowptr[u]
                for p in range(rowptr[u], rowptr[u + 1]):
                    v = col[p]
                    if seen[v] != i:
                        seen[v], reached[count] = i, v
                        count += 1
                    then[v] += now[u]
            odd, even = 0.0, 0.0
            for q in range(before):
                u = reached[q]
                odd += then[u] * now[u]
                now[u] = 0
            out[i, t] = degree * odd
            if t + 1 < length:
                for q in range(count):
                    u = reached[q]
                    even += then[u] * then[u] / (rowptr[u + 1] - rowptr[u])
                out[i, t + 1] = degree * even
            now, then = then, now
        for q in range(count):
            now[reached[q]] = 0


def _directed_rows(
    first: int, last: int, start: int, rowptr: Array, col: Array, starts: Array, into: Array,
    out: Array,
) -> None:  # fmt: skip
    """The walk from i forwards in ``here``, the walk to i backwards in ``there``."""
    nodes, length = out.shape
    here, there, then = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes)
    ahead, behind = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    seen, met = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    for i in range(start + first, start + last):
        ahead[0], seen[i], here[i], size = i, i, 1.0, 1
        behind[0], met[i], there[i], back = i, i, 1.0, 1
        for t in range(0, length, 2):
            before = size
            for q in range(before):
                u = ahead[q]
                if here[u] == 0:
                    continue
                share = here[u] / max(rowptr[u + 1] - rowptr[u], 1)
                here[u] = 0
                for p in range(rowptr[u], rowptr[u + 1]):
                    v = col[p]
                    if seen[v] != i:
                        seen[v], ahead[size] = i, v
                        size += 1
                    then[v] += share
            here, then = then, here
            out[i, t] = meeting(behind, back, here, there)
            if t + 1 == length:
                break
            before = back
            for q in range(before):
                v = behind[q]
                if there[v] == 0:
                    continue
                for p in range(starts[v], starts[v + 1]):
                    u = into[p]
                    if met[u] != i:
                        met[u], behind[back] = i, u
                        back += 1
                    then[u] += there[v] / (rowptr[u + 1] - rowptr[u])
                there[v] = 0
            there, then = then, there
            out[i, t + 1] = meeting(behind, back, here, there)
        for q in range(size):
            here[ahead[q]] = 0
        for q in range(back):
            there[behind[q]] = 0


def _meeting_(nodes: Array, count: int, here: Array, there: Array) -> float:
    total = 0.0
    for q in range(count):
        total += here[nodes[q]] * there[nodes[q]]
    return total


count_arcs = compiled(_count_arcs)
meeting = compiled(_meeting_)
back_rows = compiled(_back_rows)
directed_rows = compiled(_directed_rows)
