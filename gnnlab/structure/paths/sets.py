"""Path sets: the paths of 1, …, k edges from every node, of one or many graphs.

Paths are counted first, and refused where they would not fit; then they are written straight to
where they belong. Counting stops where the limit is passed, so that a graph with too many paths is
refused in seconds and not after a walk along each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_choice, check_count
from gnnlab.core.settings import checked
from gnnlab.kernels import memory
from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.budget import require_memory, usable_memory
from gnnlab.kernels.threads import over_rows
from gnnlab.structure.graphs.reading import read_arcs
from gnnlab.structure.paths.fill import Room, fill_paths
from gnnlab.structure.paths.search import Arcs, count_paths
from gnnlab.structure.paths.tie_breaking import way_costs

KINDS = ("shortest", "all_shortest", "all")
LONGEST = 255
"""Edges of a path: distances are kept in bytes."""
BYTES = 16
"""Bytes for a node of a path: its number, its distance, and once more on the way to the disk."""
SMALL = 1 << 12
"""Arcs up to which one thread is enough."""
MOST = 2.0**53
"""Shares of work are whole numbers up to here."""
TOLD = {
    "shortest": "shortest paths, one for each pair of nodes,",
    "all_shortest": "shortest paths",
    "all": "simple paths",
}


class Paths(NamedTuple):
    """The paths of one graph, by their number of edges."""

    nodes: list[Array]
    """For k = 1, 2, …: (k + 1, P_k) int64, each column a path, from where it begins; sorted."""
    distances: list[Array]
    """(P_k, k + 1) uint8, of each node from where the path begins; empty if not asked for."""


@dataclass(frozen=True, eq=False)
class PathSets:
    """Graphs side by side, and how many paths they have.

    A path that begins at v runs against the arcs: v hears its end along it. On an undirected graph
    that is no difference.

    Args:
        rowptr, col: the sources of each node's incoming arcs, ascending, without repeats and loops;
            all graphs numbered one after the other.
        starts: (G + 1,) int64, the first node of each graph, and the number of all.
        length: edges of the longest path.
        kind: ``"all"`` simple paths; ``"all_shortest"``: all shortest ways from a node to another;
            ``"shortest"``: one of them, see :func:`gnnlab.structure.paths.tie_breaking.way_costs`.
    """

    rowptr: Array
    col: Array
    starts: Array
    length: int
    kind: str

    def __post_init__(self) -> None:
        check_paths(self.length, self.kind)

    @cached_property
    def arcs(self) -> Arcs:
        """The graphs as kernels read them."""
        if self.kind == "shortest":
            return Arcs(self.rowptr, self.col, way_costs(self.rowptr, self.col, self.starts))
        return Arcs(self.rowptr, self.col, np.empty((2, 0), np.int64))

    @cached_property
    def counted(self) -> tuple[Array, bool]:
        """(N, length) float64, the paths of k edges from each node, and whether all were counted.

        Counting stops where what was found cannot fit into memory.
        """
        most = usable_memory() / (2 * BYTES)
        counts = count(self.arcs, self.length, self.kind, most)
        return counts, float(counts.sum()) <= most

    @cached_property
    def counts(self) -> Array:
        """(G, length) int64: paths of each graph that have 1, 2, … edges.

        Raises:
            ValueError: they do not fit into memory.
        """
        require_paths([self])
        ends = np.zeros((len(self.rowptr), self.length))
        np.cumsum(self.counted[0], axis=0, out=ends[1:])
        counts: Array = np.diff(ends[self.starts], axis=0).astype(np.int64)
        return counts

    def paths(self, distances: bool = False) -> list[Paths]:
        """The paths of each graph; those of all graphs lie in one piece of memory.

        Raises:
            ValueError: they do not fit into memory.

        Cost:
            some nanoseconds a path, twice: to count it and to write it.
        """
        counts, rank = self.counts, self._ranks()
        sizes = counts * np.arange(2, self.length + 2)
        ends = np.cumsum(sizes).reshape(sizes.shape)
        total = int(ends[-1, -1]) if ends.size else 0
        out = array(memory.empty((total,), torch.int64))
        dist = array(memory.empty((total if distances else 0,), torch.uint8))
        owner = np.arange(len(counts)).repeat(np.diff(self.starts))
        room = Room(owner, self.starts, counts, ends - sizes, rank, out, dist)
        over_nodes(fill_paths, self.arcs, self._work, self.length, self.kind, room)
        return views(counts, out, dist if distances else None)

    def _work(self, arcs: Arcs, length: int) -> Array:
        """(N,) float64: how many nodes are written for the paths from each."""
        work: Array = self.counted[0] @ np.arange(2, length + 2)
        return work

    def _ranks(self) -> Array:
        """(N, length) int64: of each node's paths of k edges, the number of the first."""
        counts = self.counted[0].astype(np.int64)
        before = np.cumsum(counts, axis=0) - counts
        first = before[np.minimum(self.starts[:-1], len(before) - 1)] if len(before) else before
        ranks: Array = before - first.repeat(np.diff(self.starts), axis=0)
        return ranks


@checked
def paths_from(
    edge_index: Tensor, num_nodes: int, length: int, kind: str = "shortest"
) -> list[Tensor]:
    r"""List the paths of k = 1, …, ``length`` edges that begin at each node.

    .. math:: \{(v_0, \dots, v_k) : v_{j + 1} \to v_j, \; v_i \neq v_j\}

    Self-loops and repeats of an edge count for nothing. On a directed graph a path runs against the
    arcs, from where it is heard to what it hears.

    Args:
        edge_index: (2, E) int64; an undirected graph holds both directions of every edge.
        num_nodes: N.
        length: edges of the longest path.
        kind: ``"all"`` simple paths, ``"all_shortest"`` paths between any two nodes, or one
            ``"shortest"`` for each; see :class:`gnnlab.structure.transforms.AddPaths` for the tie.

    Shapes:
        for each k: (k + 1, P_k) int64, a path a column, sorted

    Raises:
        ValueError: bad edges, a length below 1 or above 255, another kind; more paths than fit into
            memory, with their number.

    Cost:
        some nanoseconds a path, and 8 bytes for each of its nodes. Simple paths grow with the
        degree to the power of the length.

    Source:
        Michel, Nikolentzos, Lutzeyer and Vazirgiannis, "Path Neural Networks: Expressive and
        Accurate Graph Neural Networks", ICML 2023 (https://arxiv.org/abs/2306.05955).

    Example:
        >>> square = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 0], [1, 2, 3, 0, 0, 1, 2, 3]])
        >>> [paths.shape[1] for paths in paths_from(square, 4, 3, "all")]
        [8, 8, 8]
        >>> paths_from(square, 4, 2, "all_shortest")[1][:, :2].tolist()
        [[0, 0], [1, 3], [2, 2]]
    """
    check_paths(length, kind)
    graph = read_arcs(edge_index, num_nodes)
    sets = PathSets(*graph.sources, np.array([0, num_nodes]), length, kind)
    return [torch.from_numpy(nodes) for nodes in sets.paths()[0].nodes]


def count(arcs: Arcs, length: int, kind: str, most: float) -> Array:
    """(N, length) float64: paths of k edges from each node; stops where they are more than most."""
    counts = np.zeros((len(arcs.rowptr) - 1, length))
    over_nodes(count_paths, arcs, walks, length, kind, most, counts)
    return counts


def over_nodes(
    kernel: Callable[..., None],
    arcs: Arcs,
    work: Callable[[Arcs, int], Array],
    length: int,
    kind: str,
    *args: Any,
) -> None:
    """Call ``kernel(first, last, work, arcs, length, kind, *args)`` over nodes of equal work."""
    settings = (arcs, length, KINDS.index(kind), *args)
    ends = np.zeros(len(arcs.rowptr))
    if len(arcs.col) <= SMALL:
        kernel(0, len(arcs.rowptr) - 1, ends.astype(np.int64), *settings)
        return
    np.cumsum(work(arcs, length), out=ends[1:])
    ends *= min(1.0, MOST / max(ends[-1], 1.0))
    over_rows(kernel, ends.astype(np.int64), length, *settings)


def walks(arcs: Arcs, length: int) -> Array:
    """(N,) float64: in how many ways one may walk from each node, which no path has more of."""
    found = np.ones(len(arcs.rowptr) - 1)
    for _ in range(length):
        ends = np.zeros(len(arcs.col) + 1)
        np.cumsum(found[arcs.col], out=ends[1:])
        found = np.diff(ends[arcs.rowptr])
    return found


def views(counts: Array, out: Array, dist: Array | None) -> list[Paths]:
    """What each graph has of the nodes and distances that lie one after the other."""
    found, at = [], 0
    for row in counts.tolist():
        nodes, distances = [], []
        for edges, paths in enumerate(row, start=1):
            end = at + (edges + 1) * paths
            nodes.append(out[at:end].reshape(edges + 1, paths))
            if dist is not None:
                distances.append(dist[at:end].reshape(paths, edges + 1))
            at = end
        found.append(Paths(nodes, distances))
    return found


def require_paths(sets: Sequence[PathSets]) -> None:
    """Refuse paths that would not fit into memory, all together.

    Raises:
        ValueError: saying how many they are, or more than how many.
    """
    if not sets:
        return
    edges, kind = sets[0].length, sets[0].kind
    counts = np.sum([part.counted[0].sum(axis=0) for part in sets], axis=0)
    told = f"{counts.sum():,.0f} {TOLD[kind]} of up to {edges} edges"
    needed = BYTES * float(counts @ np.arange(2, edges + 2))
    if not all(part.counted[1] for part in sets):
        raise ValueError(
            f"there are more than {told}, of which a list takes more than {needed / 1e9:.1f} GB, "
            f"and so much is not free: {way_out(kind)}"
        )
    require_memory(int(needed), f"a list of the {told}", way_out(kind))


def way_out(kind: str) -> str:
    """What to do where there are too many."""
    return "lower length" + (", or take kind='all_shortest'" if kind == "all" else "")


def check_paths(length: int, kind: str) -> None:
    """Refuse a length or a kind that is none.

    Raises:
        ValueError: with what was given.
    """
    check_count("length", length)
    if length > LONGEST:
        raise ValueError(f"length is {length}, but paths of at most {LONGEST} edges are listed")
    check_choice("kind", kind, KINDS)
