"""Filling of arrays with the paths of each length, counted before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.structure.paths.search import (
    ALL,
    Arcs,
    Scratch,
    advance,
    begin,
    follows,
    forget,
    inlined,
    measure,
    scratch,
)


class Room(NamedTuple):
    """Where the paths of k edges of graph g are written, for every g and k.

    Path number r is a column of k + 1 nodes, at out[offset[g, k - 1] + r + j * paths[g, k - 1]] for
    j = 0 .. k, and its distances are a row, at dist[offset[g, k - 1] + r * (k + 1) + j].
    """

    owner: Array
    """(N,) int64: the graph of each node."""
    starts: Array
    """(G + 1,) int64: the first node of each graph."""
    paths: Array
    """(G, length) int64: how many there are."""
    offset: Array
    """(G, length) int64."""
    rank: Array
    """(N, length) int64: the number of the first path that begins at a node."""
    out: Array
    """int64: nodes, each graph's numbered from 0."""
    dist: Array
    """uint8: distances from the start; of length 0 where none are asked for."""


def _fill_paths(
    first: int, last: int, work: Array, arcs: Arcs, length: int, kind: int, room: Room
) -> None:
    """Write all paths that begin at the nodes first .. last - 1, sorted by their nodes."""
    s = scratch(arcs.rowptr.shape[0] - 1, length)
    rank = np.empty(length, np.int64)
    for v in range(first, last):
        fill_from(v, arcs, length, kind, rank, room, s)


def _fill_from(
    v: int, arcs: Arcs, length: int, kind: int, rank: Array, room: Room, s: Scratch
) -> None:
    """Write all paths that begin at v."""
    graph = room.owner[v]
    start = room.starts[graph]
    for k in range(length):
        rank[k] = room.rank[v, k]
    measured = kind != ALL or room.dist.shape[0] > 0
    reached = measure(v, arcs, length, kind, s) if measured else 0
    depth = begin(v, 0, arcs, s)
    while depth >= 0:
        paths, offset = room.paths[graph, depth], room.offset[graph, depth]
        rank[depth] = write(kind, depth, rank[depth], start, paths, offset, arcs, room, s)
        depth = advance(kind, depth, length, arcs, s)
    forget(reached, s)


def _write(
    kind: int, depth: int, rank: int, start: int, paths: int, offset: int, arcs: Arcs, room: Room,
    s: Scratch,
) -> int:  # fmt: skip
    """Write the paths that go one step on from the one on the stack; return the next number."""
    u = s.stack[depth]
    ends, then = offset + (depth + 1) * paths, rank
    for p in range(arcs.rowptr[u], arcs.rowptr[u + 1]):
        v = arcs.col[p]
        if follows(kind, u, v, depth, s):
            room.out[ends + then] = v - start
            then += 1
    for j in range(depth + 1):
        node, at = s.stack[j] - start, offset + j * paths
        for r in range(rank, then):
            room.out[at + r] = node
    if room.dist.shape[0] > 0:
        for r in range(rank, then):
            at = offset + r * (depth + 2)
            for j in range(depth + 1):
                room.dist[at + j] = s.dist[s.stack[j]]
            room.dist[at + depth + 1] = s.dist[room.out[ends + r] + start]
    return then


write = inlined(_write)
fill_from = inner(_fill_from)
fill_paths = compiled(_fill_paths)
