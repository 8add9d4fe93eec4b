"""k-path subgraphs: for every node, the nodes and arcs on paths of at most k edges from it.

An edge lies on a simple path of at most k edges from v if and only if one of its ends is at most
k - 1 hops from v (the shortest way to the nearer end, and then the edge, is such a path). So the
union of all these paths, of which there may be exponentially many, is found by a search from v: all
within k hops, without the edges between two nodes that are both k hops away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gnnlab.core.arguments import check_count
from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory, usable_memory
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.threads import over_rows
from gnnlab.structure.hops.bfs import search
from gnnlab.structure.hops.node_search import forget, growing, require_searches

LONGEST = 255
"""Edges of a path: distances are kept in bytes."""
PAIR, ARC = 48, 9
"""Bytes of a node in a subgraph (two numbers, distance, degree) and of an arc, and once more on the
way to the disk."""


class Rooted(NamedTuple):
    """The subgraphs of one graph, root by root; in each the nodes by their distance."""

    pairs: Array
    """(2, M) int64: node and root; the root itself comes first."""
    distance: Array
    """(M,) uint8: how many hops the node is from the root."""
    degree: Array
    """(M,) int32: how many arcs of the subgraph end at the node."""
    source: Array
    """(A,) int32: where each of these arcs begins, as a place in the subgraph, from 0."""


@dataclass(frozen=True, eq=False)
class RootedSets:
    """Graphs side by side, and how many nodes and arcs the subgraphs of their nodes have.

    Args:
        rowptr, col: the sources of each node's incoming arcs, without repeats and loops, all graphs
            numbered one after the other.
        starts: (G + 1,) int64, the first node of each graph, and the number of all.
        length: k, the edges of the longest path.
    """

    rowptr: Array
    col: Array
    starts: Array
    length: int

    @cached_property
    def counted(self) -> tuple[Array, bool]:
        """(N, 2) int64, nodes and arcs of the subgraph of each root, and whether all were counted.

        Counting stops where what was found cannot fit into memory.
        """
        roots, most = len(self.rowptr) - 1, usable_memory()
        counts, needed, first = np.zeros((roots, 2), np.int64), 0, 0
        cost = 2 * require_searches(self.rowptr, self.col, self.length)
        for last in growing(roots, cost):
            rows = self.rowptr[first : last + 1] - self.rowptr[first]
            over_rows(count_rooted, rows, 4, first, self.rowptr, self.col, self.length, counts)
            needed += bytes_of(*counts[first:last].sum(axis=0).tolist())
            if needed > most:
                return counts, False
            first = last
        return counts, True

    def subgraphs(self) -> list[Rooted]:
        """Those of each graph; the parts of all graphs lie in one piece of memory.

        Raises:
            ValueError: they do not fit into memory.

        Cost:
            two searches of k hops from every node.
        """
        require_rooted([self])
        ptr = np.zeros((len(self.rowptr), 2), np.int64)
        np.cumsum(self.counted[0], axis=0, out=ptr[1:])
        pairs, arcs = ptr[-1].tolist()
        found = Rooted(
            np.empty((2, pairs), np.int64), np.empty(pairs, np.uint8), np.empty(pairs, np.int32),
            np.empty(arcs, np.int32),
        )  # fmt: skip
        over_rows(fill_rooted, self.rowptr, self.length, self.col, self.length, ptr, *found)
        ends = ptr[self.starts].tolist()
        parts = zip(self.starts.tolist(), ends[:-1], ends[1:], strict=False)
        return [_part(found, *part) for part in parts]


def _part(found: Rooted, start: int, first: list[int], last: list[int]) -> Rooted:
    pairs, arcs = slice(first[0], last[0]), slice(first[1], last[1])
    own = found.pairs[:, pairs]
    own -= start
    return Rooted(own, found.distance[pairs], found.degree[pairs], found.source[arcs])


def bytes_of(pairs: int, arcs: int) -> int:
    """What so many nodes and arcs take."""
    return PAIR * pairs + ARC * arcs


def require_rooted(sets: Sequence[RootedSets]) -> None:
    """Refuse subgraphs that would not fit into memory, all together.

    Raises:
        ValueError: saying how many nodes and arcs they have, or more than how many.
    """
    if not sets:
        return
    pairs, arcs = np.sum([part.counted[0].sum(axis=0) for part in sets], axis=0).tolist()
    told = f"{pairs:,} nodes and {arcs:,} arcs in subgraphs of paths up to {sets[0].length} edges"
    if not all(part.counted[1] for part in sets):
        raise ValueError(
            f"there are more than {told}, of which a list takes more than "
            f"{bytes_of(pairs, arcs) / 1e9:.1f} GB, and so much is not free: lower length"
        )
    require_memory(bytes_of(pairs, arcs), f"a list of the {told}", "lower length")


def check_length(length: int) -> None:
    """Refuse a length that is none.

    Raises:
        ValueError: with what was given.
    """
    check_count("length", length)
    if length > LONGEST:
        raise ValueError(f"length is {length}, but paths have at most {LONGEST} edges here")


def _count_rooted(
    first: int, last: int, rows: Array, offset: int, rowptr: Array, col: Array, length: int,
    counts: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    for root in range(first + offset, last + offset):
        reached = search(root, rowptr, col, length, dist, queue)
        counts[root, 0] = reached
        for q in range(reached):
            for p in range(rowptr[queue[q]], rowptr[queue[q] + 1]):
                counts[root, 1] += inside(dist[queue[q]], dist[col[p]], length)
        forget(reached, dist, queue)


def _fill_rooted(
    first: int, last: int, rowptr: Array, col: Array, length: int, ptr: Array, pairs: Array,
    distance: Array, degree: Array, source: Array,
) -> None:  # fmt: skip
    nodes = rowptr.shape[0] - 1
    dist, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    place = np.empty(nodes, np.int32)
    for root in range(first, last):
        reached = search(root, rowptr, col, length, dist, queue)
        for q in range(reached):
            place[queue[q]] = q
        at, arc = ptr[root, 0], ptr[root, 1]
        for q in range(reached):
            u, before = queue[q], arc
            for p in range(rowptr[u], rowptr[u + 1]):
                if inside(dist[u], dist[col[p]], length):
                    source[arc] = place[col[p]]
                    arc += 1
            pairs[0, at + q], pairs[1, at + q] = u, root
            distance[at + q], degree[at + q] = dist[u], arc - before
        forget(reached, dist, queue)


def _inside(one: int, other: int, length: int) -> bool:
    """Whether an arc between nodes at these distances is in the subgraph; -1 is not reached."""
    return one >= 0 and other >= 0 and min(one, other) < length


inside = inner(_inside)
count_rooted = compiled(_count_rooted)
fill_rooted = compiled(_fill_rooted)
