"""Total resistance (Kirchhoff index): the sum of effective resistances over all pairs."""

from __future__ import annotations

import math

from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.structure.graphs.components import components, induced
from gnnlab.structure.graphs.undirected_lists import undirected
from gnnlab.structure.spectra.resistance import pseudo_inverse


@checked
def total_resistance(
    edge_index: Tensor, num_nodes: int, *, within_components: bool = False
) -> float:
    r"""Add up the effective resistance of all pairs of nodes (the Kirchhoff index).

    .. math:: R_{tot} = \sum_{u < v} R_{uv} = N \operatorname{tr} L^+

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.
        within_components: leave out pairs in different components; otherwise a disconnected graph
            comes to infinity.

    Shapes:
        a number; 0 for a single node

    Raises:
        ValueError: bad edges, an edge without its reverse, or a component that does not fit.

    Cost:
        O(n^3) and 24 n^2 bytes for a component of n nodes.

    Source:
        Klein and Randic, "Resistance distance", Journal of Mathematical Chemistry 12, 1993
        (https://doi.org/10.1007/BF01164627).
    """
    graph = undirected(edge_index, num_nodes)
    parts = components(graph.rowptr, graph.col)
    if len(parts) > 1 and not within_components:
        return math.inf
    total = 0.0
    for part in parts:
        if len(part) > 1:
            inverse = pseudo_inverse(*induced(graph.rowptr, graph.col, part))
            total += len(part) * float(inverse.trace())
    return total
