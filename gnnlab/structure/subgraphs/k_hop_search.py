"""Search for k-hop subgraphs: compiled loops that find nodes, the edges inside, and their order."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.prefetch import prefetch
from gnnlab.structure.hops.bfs import search

LOW = (1 << 32) - 1
"""Where a key holds the place of its edge."""
BYTE = 257
"""Room to count what each byte begins at, and one more."""
LINE = 16
"""Numbers of 32 bits that arrive at once."""


def _fetch(reached: int, rowptr: Array, col: Array, order: Array, queue: Array) -> None:
    """Ask for the rows of all nodes that were reached: one miss after the other costs the most."""
    lines = rowptr.reshape(1, -1), col.reshape(1, -1), order.reshape(1, -1)
    for q in range(reached):
        prefetch(lines[0], 0, queue[q])
    for q in range(reached):
        first, last = rowptr[queue[q]], rowptr[queue[q] + 1]
        for p in range(first, last, LINE):
            prefetch(lines[1], 0, p)
            prefetch(lines[2], 0, p)
        if first < last:
            prefetch(lines[1], 0, last - 1)
            prefetch(lines[2], 0, last - 1)


def _edges_of(
    reached: int, hops: int, directed: bool, rowptr: Array, col: Array, dist: Array, queue: Array
) -> int:  # fmt: skip
    """How many edges lie between the nodes that were reached."""
    edges = 0
    for q in range(reached):
        u = queue[q]
        if directed and dist[u] == hops:
            continue
        for p in range(rowptr[u], rowptr[u + 1]):
            if dist[col[p]] >= 0:
                edges += 1
    return edges


def _edges_at(
    reached: int, hops: int, directed: bool, rowptr: Array, col: Array, order: Array, dist: Array,
    queue: Array, key: Array, ends: Array,
) -> int:  # fmt: skip
    """Write down the edges in the order of the search; return how many.

    key = number << 32 | place in ``ends``.
    """
    at = 0
    for q in range(reached):
        u = queue[q]
        if directed and dist[u] == hops:
            continue
        for p in range(rowptr[u], rowptr[u + 1]):
            if dist[col[p]] >= 0:
                key[at] = np.int64(order[p]) << 32 | at
                ends[0, at] = col[p]
                ends[1, at] = u
                at += 1
    return at


def _in_order(keys: Array, spare: Array, count: Array, shift: int, most: int) -> None:
    """Sort keys by what they hold above ``shift``, a number up to ``most``, byte by byte."""
    here, there, bits = keys, spare, 0
    while most >> bits:
        count[:] = 0
        for i in range(keys.shape[0]):
            count[(here[i] >> shift + bits & 255) + 1] += 1
        for b in range(1, 256):
            count[b] += count[b - 1]
        for i in range(keys.shape[0]):
            byte = here[i] >> shift + bits & 255
            there[count[byte]] = here[i]
            count[byte] += 1
        here, there, bits = there, here, bits + 8
    if bits & 8:
        for i in range(keys.shape[0]):
            keys[i] = spare[i]


def _settle(
    root: int, reached: int, relabel: bool, edges: int, dist: Array, queue: Array, ends: Array,
    spare: Array, count: Array, subset: Array, edge_index: Array, edge_id: Array,
) -> int:  # fmt: skip
    """Put nodes and edges in order, and make ready for another search; return the root's place.

    ``edge_id`` arrives with the keys of the edges; ``edges`` is how many the graph has.
    """
    for q in range(reached):
        subset[q] = queue[q]
    in_order(subset, spare, count, 0, dist.shape[0])
    for q in range(reached):
        dist[subset[q]] = q  # the distances have served
    place: int = dist[root]
    in_order(edge_id, spare, count, 32, edges)
    for e in range(edge_id.shape[0]):
        at = edge_id[e] & LOW
        edge_id[e] >>= 32
        for end in range(2):
            node = ends[end, at]
            edge_index[end, e] = dist[node] if relabel else node
    for q in range(reached):
        dist[subset[q]] = -1
    return place


def _cut_one(
    root: int, hops: int, directed: bool, relabel: bool, rowptr: Array, col: Array, order: Array,
    dist: Array, queue: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    reached = search(root, rowptr, col, hops, dist, queue)
    fetch(reached, rowptr, col, order, queue)
    most = 0
    for q in range(reached):
        most += rowptr[queue[q] + 1] - rowptr[queue[q]]
    # Room for all edges that end here: a pass to count those that are kept would take longer.
    keys, ends = np.empty(most, np.int64), np.empty((2, most), np.int32)
    edges = edges_at(reached, hops, directed, rowptr, col, order, dist, queue, keys, ends)
    edge_id, edge_index = keys[:edges].copy(), np.empty((2, edges), np.int64)
    subset, mapping = np.empty(reached, np.int64), np.empty(1, np.int64)
    spare, count = np.empty(max(reached, edges), np.int64), np.empty(BYTE, np.int64)
    mapping[0] = settle(
        root, reached, relabel, col.shape[0], dist, queue, ends, spare, count, subset, edge_index,
        edge_id,
    )  # fmt: skip
    return subset, edge_index, mapping, edge_id


def _count_many(
    first: int, last: int, roots: Array, hops: int, directed: bool, rowptr: Array, col: Array,
    order: Array, sizes: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for r in range(first, last):
        reached = search(roots[r], rowptr, col, hops, dist, queue)
        fetch(reached, rowptr, col, order, queue)
        sizes[0, r + 1] = reached
        sizes[1, r + 1] = edges_of(reached, hops, directed, rowptr, col, dist, queue)
        for q in range(reached):
            dist[queue[q]] = -1


def _cut_many(
    first: int, last: int, roots: Array, hops: int, directed: bool, relabel: bool, rowptr: Array,
    col: Array, order: Array, ptr: Array, subset: Array, edge_index: Array, mapping: Array,
    edge_id: Array,
) -> None:  # fmt: skip
    nodes, most = rowptr.shape[0] - 1, 0
    for r in range(first, last):
        most = max(most, ptr[0, r + 1] - ptr[0, r], ptr[1, r + 1] - ptr[1, r])
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    ends, spare = np.empty((2, most), np.int32), np.empty(most, np.int64)
    count = np.empty(BYTE, np.int64)
    for r in range(first, last):
        at, end = ptr[1, r], ptr[1, r + 1]
        own, keys = subset[ptr[0, r] : ptr[0, r + 1]], edge_id[at:end]
        reached = search(roots[r], rowptr, col, hops, dist, queue)
        fetch(reached, rowptr, col, order, queue)
        edges_at(reached, hops, directed, rowptr, col, order, dist, queue, keys, ends)
        mapping[r] = settle(
            roots[r], reached, relabel, col.shape[0], dist, queue, ends, spare, count, own,
            edge_index[:, at:end], keys,
        )  # fmt: skip


fetch = compiled(_fetch)
edges_of = inner(_edges_of)
edges_at = inner(_edges_at)
in_order = inner(_in_order)
settle = compiled(_settle)
cut_one = compiled(_cut_one)
count_many = compiled(_count_many)
cut_many = compiled(_cut_many)
