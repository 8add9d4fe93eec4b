"""Personalised PageRank by pushes, which visit only nodes near the source."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.threads import over_items
from gnnlab.structure.graphs.in_neighbours import Asked, SimpleRows, asked


def pair_pagerank(rows: SimpleRows, pairs: Array, alpha: float, error: float) -> Array:
    r"""The PageRank of each pair's second node for its first: (2, P) -> (P,) float64.

    The chance that a walk from i, which stops at every step with probability alpha, stops at j. On
    an undirected graph it is too small by ``error`` times the degree of j at the most. A node
    without neighbours keeps its walks.

    Cost:
        O(N + 1 / (alpha error)) for each different first node, however many edges; 21 N bytes a
        thread.

    Source:
        Andersen, Chung and Lang, "Local Graph Partitioning using PageRank Vectors", FOCS 2006, with
        a walk that always moves where theirs stays half of the time.
    """
    out, grouped = np.zeros(pairs.shape[1]), asked(pairs)
    sources = len(grouped.source)
    work = _work(rows, sources, alpha, error)
    over_items(read_pairs, sources, work, rows.rowptr, rows.col, grouped, alpha, error, out)
    return out


def pagerank_rows(rows: SimpleRows, sources: Array, alpha: float, error: float) -> Array:
    """The PageRank of all nodes for some: (S,) -> (S, N) float64; see :func:`pair_pagerank`."""
    nodes = len(rows.rowptr) - 1
    require_memory(
        8 * nodes * len(sources),
        f"PageRank from {len(sources)} to all of {nodes} nodes",
        "ask for fewer sources at a time",
    )
    out = np.zeros((len(sources), nodes))
    work = _work(rows, len(sources), alpha, error)
    over_items(fill_rows, len(sources), work, rows.rowptr, rows.col, sources, alpha, error, out)
    return out


def _work(rows: SimpleRows, sources: int, alpha: float, error: float) -> int:
    """How many numbers are touched, roughly."""
    return int(sources * min(1 / (alpha * error), 20 * (len(rows.col) + len(rows.rowptr))))


def _push_from(
    source: int, rowptr: Array, col: Array, alpha: float, error: float, rank: Array, rest: Array,
    queue: Array, waits: Array,
) -> None:  # fmt: skip
    """Push until every node's rest is below ``error`` times its degree.

    ``rank`` and ``rest`` arrive as zeros and ``waits`` as False, as which it leaves.
    """
    size = queue.shape[0]
    rest[source] = 1.0
    queue[0] = source
    waits[source] = True
    head, tail = 0, 1
    while head != tail:
        u = queue[head]
        head = head + 1 if head + 1 < size else 0
        waits[u] = False
        degree = rowptr[u + 1] - rowptr[u]
        if degree == 0:
            rank[u] += rest[u]
            rest[u] = 0.0
            continue
        rank[u] += alpha * rest[u]
        share = (1 - alpha) * rest[u] / degree
        rest[u] = 0.0
        for p in range(rowptr[u], rowptr[u + 1]):
            v = col[p]
            rest[v] += share
            if not waits[v] and rest[v] >= error * (rowptr[v + 1] - rowptr[v]):
                queue[tail] = v
                tail = tail + 1 if tail + 1 < size else 0
                waits[v] = True


def _read_pairs(
    first: int, last: int, rowptr: Array, col: Array, grouped: Asked, alpha: float, error: float,
    out: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    rank, rest = np.zeros(nodes), np.zeros(nodes)
    queue, waits = np.empty(nodes + 1, np.int32), np.zeros(nodes, np.bool_)
    for s in range(first, last):
        push_from(grouped.source[s], rowptr, col, alpha, error, rank, rest, queue, waits)
        for p in range(grouped.start[s], grouped.start[s + 1]):
            out[grouped.order[p]] = rank[grouped.target[grouped.order[p]]]
        rank[:] = 0.0
        rest[:] = 0.0


def _fill_rows(
    first: int, last: int, rowptr: Array, col: Array, sources: Array, alpha: float, error: float,
    out: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    rest = np.zeros(nodes)
    queue, waits = np.empty(nodes + 1, np.int32), np.zeros(nodes, np.bool_)
    for s in range(first, last):
        push_from(sources[s], rowptr, col, alpha, error, out[s], rest, queue, waits)
        rest[:] = 0.0


push_from = inner(_push_from)
read_pairs = compiled(_read_pairs)
fill_rows = compiled(_fill_rows)
