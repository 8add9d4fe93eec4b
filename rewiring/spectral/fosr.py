"""FoSR (first-order spectral rewiring): edges added that raise the spectral gap most."""

from __future__ import annotations

from dataclasses import dataclass

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.rewiring.base.amounts import amount, check_amount
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.spectra.first_order_gap import first_order


@checked
@dataclass(frozen=True)
class FoSR(Rewiring):
    r"""Add the edges that raise the spectral gap most, to first order.

    .. math::
        \{u, v\} = \arg\min_{\{i, j\} \notin E} \frac{x_i x_j}{\sqrt{(1 + d_i)(1 + d_j)}}, \qquad
        x \leftarrow \frac{(I + D^{-1/2} A D^{-1/2})\, x_\perp}{\| \cdot \|}

    x follows the second eigenvector by power iteration, kept orthogonal to the first, D^{1/2} 1:
    a few steps from a random start, then one after every edge. Of equal products the lowest (i, j)
    wins. Edges may join components (that is where the gap is 0) and isolated nodes; once the
    graph is complete, none is added. Edges are nested: the first k are those of FoSR(k).

    Args:
        num_edges: undirected edges to add, or what share of the graph's edges; fewer where fewer
            are absent.
        power_steps: before the first edge; the authors use 5.
        seed: of the random start.
        fill: what edge attributes hold for added edges.

    Shapes:
        edge_index (2, E) -> (2, E + 2 num_edges), edge_type alike

    Raises:
        ValueError: a ``Batch``, bad edges, a directed graph, bad settings.

    Cost:
        O(E + N log N) for each edge: the smallest product lies near the ends of the sorted vector.

    Source:
        Karhadkar, Banerjee and Montufar, "FoSR: First-order spectral rewiring for addressing
        oversquashing in GNNs", ICLR 2023 (https://arxiv.org/abs/2210.11790). The release starts
        from an unseeded vector and divides by zero at isolated nodes.
    """

    num_edges: int | float
    power_steps: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("num_edges", self.num_edges)
        check_count("power_steps", self.power_steps, 0)
        check_count("seed", self.seed, 0)

    def changes(self, graph: Graph) -> Changes:
        """Choose greedily."""
        start = 2 * graph.generator(self.seed).random(graph.num_nodes) - 1
        count = amount(self.num_edges, graph)
        pairs = first_order(graph.rowptr, graph.arcs[1], start, count, self.power_steps)
        return Changes(pairs)
