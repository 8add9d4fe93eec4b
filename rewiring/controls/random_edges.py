"""Random edges: the control that adds and removes as many pairs, drawn uniformly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.amounts import amount, check_amount
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.graphs.absent_pairs import absent_pairs
from gnnlab.structure.graphs.graph import Graph


@checked
@dataclass(frozen=True)
class RandomEdges(Rewiring):
    r"""Add and remove pairs drawn uniformly: what a method must beat at the same number of edges.

    .. math::
        E' = (E \setminus R) \cup A, \qquad R \sim U\binom{E}{\text{remove}},
        \quad A \sim U\binom{V^{(2)} \setminus E}{\text{add}}

    Where fewer pairs are left than asked for, all of them are taken. An added pair may join two
    components. Pairs added were never in the graph: those removed do not come back.

    Args:
        add: undirected edges to add (arcs if not ``undirected``), or what share of the graph's.
        remove: as many to remove.
        like: count as this rewiring does on each graph, and mark as many edges with each of its
            types; ``add`` and ``remove`` stay 0 then.
        seed: of the draw; each graph draws from the seed and its own content.
        undirected: add and remove both arcs together.
        fill: what edge attributes hold for added edges.

    Shapes:
        edge_index (2, E) -> (2, E + 2 add - 2 remove), edge_type alike

    Raises:
        ValueError: a ``Batch``, bad edges, a directed graph with ``undirected=True``, bad settings.

    Cost:
        O(E log E), and O(N^2) once a quarter of all absent pairs is asked for.

    Source:
        the control of "same number of random edges" as Tori, Holst and Ginis ask for it, "The
        effectiveness of curvature-based rewiring and the role of hyperparameters in GNNs
        revisited", ICLR 2025 (https://arxiv.org/abs/2407.09381).
    """

    add: int | float = 0
    remove: int | float = 0
    like: Rewiring | None = None
    seed: int = 0
    undirected: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("add", self.add)
        check_amount("remove", self.remove)
        check_count("seed", self.seed, 0)
        if self.like is not None:
            self._check_like(self.like)

    def _check_like(self, like: Rewiring) -> None:
        if not isinstance(like, Rewiring):
            raise ValueError(
                f"like is {like!r}, which changes no edge, so there is nothing to count: give a "
                "rewiring such as LASER()"
            )
        if self.add or self.remove:
            raise ValueError(
                f"add is {self.add} and remove {self.remove}, but like={like!r} does the counting: "
                "give one or the other"
            )
        if like.undirected != self.undirected:
            raise ValueError(
                f"like={like!r} has undirected={like.undirected}, but RandomEdges was given "
                f"undirected={self.undirected}: they count different things, so make them agree"
            )

    @property
    def types(self) -> int:
        """The types of ``like``, or one."""
        return 1 if self.like is None else self.like.types

    def changes(self, graph: Graph) -> Changes:
        """Draw what to remove, then what to add."""
        add, remove, kind = amount(self.add, graph), amount(self.remove, graph), None
        if self.like is not None:
            wanted = self.like.changes(graph)
            add, remove, kind = wanted.added.shape[1], wanted.removed.shape[1], wanted.kind
        random = graph.generator(self.seed)
        gone = random.choice(graph.num_pairs, min(remove, graph.num_pairs), replace=False)
        added = absent_pairs(graph, add, random)
        if kind is not None:
            kind = random.permutation(kind)[: added.shape[1]]
        return Changes(added, graph.pairs[:, np.sort(gone)], kind)
