"""GTR (greedy total resistance): edges added that lower the total effective resistance most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnnlab.core.settings import checked
from gnnlab.rewiring.base.amounts import amount, check_amount
from gnnlab.rewiring.base.changes import NO_PAIRS, Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.graphs.components import components, induced
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.spectra.resistance_updates import Best, Resistances


@checked
@dataclass(frozen=True)
class GTR(Rewiring):
    r"""Add, one after the other, the edges that lower the total effective resistance most.

    .. math::
        \{s, t\} = \arg\max_{\{i, j\} \notin E} \; n\, \frac{B_{ij}}{1 + R_{ij}}, \qquad
        R_{ij} = e_{ij}^\top L^+ e_{ij}, \quad B_{ij} = e_{ij}^\top (L^+)^2 e_{ij}, \quad
        e_{ij} = e_i - e_j

    The gain is exactly the drop of the sum of R over all pairs. Of gains that agree to 1e-9 the
    lowest (i, j) wins. The resistance between components is infinite and left out of the sum: no
    edge joins two components, and n is the number of nodes of the pair's component. Once every
    component is complete, no edge is added. Edges are nested: the first k are those of GTR(k).

    Args:
        num_edges: undirected edges to add, or what share of the graph's edges; fewer where fewer
            are left.
        fill: what edge attributes hold for added edges.

    Shapes:
        edge_index (2, E) -> (2, E + 2 num_edges), edge_type alike

    Raises:
        ValueError: a ``Batch``, bad edges, a directed graph, bad settings, or a component whose
            dense matrices do not fit into memory.

    Cost:
        O(n^3) for each component once and after every 500 edges, O(n^2) for each edge; 16 n^2
        bytes, 32 n^2 to begin with.

    Source:
        Black, Wan, Nayyeri and Wang, "Understanding oversquashing in GNNs through the lens of
        effective resistance", ICML 2023 (https://arxiv.org/abs/2302.06835). The release appends
        the self-loop (0, 0) once the graph is complete, leaves out n where components compete,
        and breaks ties by rounding errors.
    """

    num_edges: int | float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("num_edges", self.num_edges)

    def changes(self, graph: Graph) -> Changes:
        """Choose greedily, over all components that have an absent pair."""
        count = amount(self.num_edges, graph)
        if count == 0:
            return Changes()
        parts = [_Part(graph, nodes) for nodes in components(graph.rowptr, graph.arcs[1])]
        added: list[tuple[int, int]] = []
        while len(added) < count and parts:
            part = min(parts, key=_Part.rank)
            if part.best.gain <= 0:
                break
            added.append(part.take())
        return Changes(np.array(added, np.int64).T if added else NO_PAIRS)


class _Part:
    """A component with its best pair."""

    def __init__(self, graph: Graph, nodes: Array) -> None:
        self.nodes = nodes
        rowptr, col = induced(graph.rowptr, graph.arcs[1], nodes)
        complete = len(col) == len(nodes) * (len(nodes) - 1)
        self.resistances = None if complete else Resistances(rowptr, col)
        self.best = Best(0, 0, 0) if self.resistances is None else self.resistances.best()

    def rank(self) -> tuple[float, int]:
        """Sorts the best part first; gains that agree to nine digits by the lowest node."""
        return -float(f"{self.best.gain:.9e}"), int(self.nodes[self.best.low])

    def take(self) -> tuple[int, int]:
        """Add the best pair, find the next, and return it in the graph's numbers."""
        pair = int(self.nodes[self.best.low]), int(self.nodes[self.best.high])
        if self.resistances is not None:
            self.best = self.resistances.add(self.best.low, self.best.high)
        return pair
