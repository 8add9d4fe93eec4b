"""LASER (locality-aware sequential rewiring): edges added between nodes a few hops apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gnnlab.core.arguments import check_count, check_positive, check_share
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array, distinct, ends
from gnnlab.structure.hops.farthest import FIRST, sparsest


@checked
@dataclass(frozen=True)
class LASER(Rewiring):
    r"""Join every node to the worst connected nodes of each hop distance, one snapshot a distance.

    .. math::
        E_r = \{\{i, j\} : d(i, j) = r,\; j \in S_r(i) \text{ or } i \in S_r(j)\}, \qquad
        S_r(i) = \rho\text{-share of } \{j : d(i, j) = r\} \text{ with the smallest }
        \mu_{ij} = \big((A + I)^k\big)_{ij}

    The graph itself is snapshot 1; snapshot r = 2, …, ``snapshots`` has the edge type T + r - 2, so
    that a relational layer weighs each in every layer. Distances are exact, in the given graph.
    From every orbit that is not empty max(1, rho times its size, rounded half up) nodes are
    selected.

    As an edge is added when either end selects it, more than the share rho of an orbit is joined:
    ``data.laser_density`` (1, snapshots - 1) holds the share of all pairs at each distance that was
    added, 0 where there is none.

    Equal mu are ordered at random, by the seed, the graph and the two nodes; up to those ties the
    result moves with the nodes. Walk counts above 2^53 are rounded.

    Args:
        snapshots: the largest distance, 2 or more.
        rho: the share of an orbit that is selected, above 0.
        walk_length: k.
        seed: of the order of ties.
        fill: what edge attributes hold for added edges.

    Shapes:
        edge_index (2, E) -> (2, E'), edge_type (E',), laser_density (1, snapshots - 1)

    Raises:
        ValueError: a ``Batch``, bad edges, a directed graph, bad settings.

    Cost:
        for every node a search of (snapshots + k) / 2 hops and k sweeps over what it reaches;
        12 bytes for each pair within ``snapshots`` hops.

    Source:
        Barbero, Velingker, Saberi, Bronstein and Di Giovanni, "Locality-aware graph rewiring in
        GNNs", ICLR 2024 (https://arxiv.org/abs/2310.01668). The release selects for each node among
        those of lower number alone, so that its choice follows the numbering, stores the arc from
        the higher to the lower node alone, and changes the matrix that it takes powers of, so that
        from its third snapshot on distances are too small; none of this is offered here.
    """

    snapshots: int = 3
    rho: float = 0.5
    walk_length: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("snapshots", self.snapshots, 2)
        check_count("walk_length", self.walk_length)
        check_count("seed", self.seed, 0)
        check_positive("rho", self.rho)
        check_share("rho", self.rho)

    @property
    def types(self) -> int:
        """One for each snapshot after the first."""
        return self.snapshots - 1

    def changes(self, graph: Graph) -> Changes:
        """Choose for one graph."""
        return next(self.changes_many([graph]))

    def changes_many(self, graphs: Iterable[Graph]) -> Iterator[Changes]:
        """Choose for many graphs, laid side by side as one with no edge between them."""
        graphs = list(graphs)
        if not graphs:
            return
        union, bounds = join(graphs)
        starts, last, sizes = bounds[:-1], bounds[1:], np.diff(bounds)
        rowptr, col = union.rowptr, union.arcs[1]
        seeds = np.array([graph.hashed(self.seed) for graph in graphs], np.uint64)
        low, high, hop, orbits = sparsest(
            rowptr, col, self.snapshots, self.rho, self.walk_length,
            seeds.repeat(sizes), starts.repeat(sizes), last.repeat(sizes),
        )  # fmt: skip
        # Sorted by graph, then snapshot, then pair; pairs that both ends selected are merged.
        total = len(rowptr) - 1
        part = np.repeat(np.arange(len(graphs)), sizes)[low]
        group = part * self.types + hop - FIRST
        keys = distinct(group * total**2 + low.astype(np.int64) * total + high)
        group, pair = np.divmod(keys, max(total**2, 1))
        chosen = np.bincount(group, minlength=len(graphs) * self.types).reshape(-1, self.types)
        there = _sums(orbits, starts, last) // 2
        density = np.divide(chosen, there, out=np.zeros(there.shape), where=there > 0)
        pairs = ends(pair, total) - starts.repeat(chosen.sum(axis=1))
        kind = np.tile(np.arange(self.types), len(graphs)).repeat(chosen.reshape(-1))
        cuts = [0, *np.cumsum(chosen.sum(axis=1)).tolist()]
        for number, row in enumerate(density):
            own = slice(cuts[number], cuts[number + 1])
            yield Changes(pairs[:, own], kind=kind[own], notes={"laser_density": row})


def _sums(rows: Array, starts: Array, stops: Array) -> Array:
    """Sums of rows start ... stop - 1, also where there are none."""
    running = np.zeros((len(rows) + 1, rows.shape[1]), np.int64)
    np.cumsum(rows, axis=0, out=running[1:])
    sums: Array = running[stops] - running[starts]
    return sums
