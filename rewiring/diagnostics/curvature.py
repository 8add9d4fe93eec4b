"""Curvature of edges, Ollivier-Ricci and balanced Forman: low where a graph has a bottleneck."""

from __future__ import annotations

from numbers import Rational

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.structure.curvature.ollivier import Ollivier
from gnnlab.structure.curvature.short_cycles import cycles
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.graphs.undirected_lists import Neighbours, undirected

Whole = Array | int


@checked
def ollivier_ricci(
    edge_index: Tensor, num_nodes: int, alpha: float | Rational = 0.0, *, progress: bool = True
) -> Tensor:
    r"""Ollivier-Ricci curvature of every edge, exact.

    .. math:: \kappa(i, j) = 1 - W_1(\mu_i, \mu_j), \qquad
        \mu_i = \alpha \, \delta_i + \frac{1 - \alpha}{d_i} \sum_{k \sim i} \delta_k

    with hop distance as the ground distance. The transport is solved in whole numbers; only the
    last division is rounded. Each undirected edge is solved once.

    Args:
        edge_index: both directions of every edge, in any order. A repeated edge counts once;
            self-loops are not looked at, and their own value is NaN.
        num_nodes: N.
        alpha: the chance that a walker stays, 0 to 1: a fraction, or a number that is read as the
            one it prints as (``gnnlab.structure.curvature.ollivier.as_lazy``).
        progress: show a bar on a terminal when it takes more than two seconds.

    Shapes:
        edge_index (2, E) -> (E,) float64, in the order of ``edge_index``

    Raises:
        ValueError: a directed graph, a node outside the graph, or neighbourhoods too large for the
            memory that is free.

    Cost:
        about d D / 64 word operations, a few times, for an edge between degrees d <= D. N^2 / 4
        bytes up to 16,384 nodes, no matrix of pairs above.

    Source:
        Ollivier, "Ricci curvature of Markov chains on metric spaces", Journal of Functional
        Analysis 256 (2009), definition 3 (https://arxiv.org/abs/math/0701886); on graphs with
        laziness alpha: Lin, Lu and Yau, "Ricci curvature of graphs", Tohoku Mathematical Journal
        63 (2011), section 2.

    Example:
        >>> triangle = torch.tensor([[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]])
        >>> ollivier_ricci(triangle, num_nodes=3).tolist()
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    graph = undirected(edge_index, num_nodes)
    return _to_columns(Ollivier(graph, alpha).curvature(progress=progress), graph, edge_index)


@checked
def balanced_forman(edge_index: Tensor, num_nodes: int) -> Tensor:
    r"""Balanced Forman curvature of every edge.

    .. math::
        \mathrm{Ric}(i, j) = \frac{2}{d_i} + \frac{2}{d_j} - 2
        + 2 \frac{|\sharp_\Delta|}{\max(d_i, d_j)} + \frac{|\sharp_\Delta|}{\min(d_i, d_j)}
        + \frac{|\sharp^i_\square| + |\sharp^j_\square|}{\gamma_{\max} \max(d_i, d_j)}

    and 0 where an end has degree 1. Here :math:`\sharp_\Delta` are the common neighbours,
    :math:`\sharp^i_\square` the neighbours of i on a 4-cycle through the edge without diagonals,
    and :math:`\gamma_{\max}` is the most such cycles through one of those nodes.

    Args:
        edge_index: both directions of every edge, in any order. A repeated edge counts once;
            self-loops are not looked at, and their own value is NaN.
        num_nodes: N.

    Shapes:
        edge_index (2, E) -> (E,) float64, in the order of ``edge_index``

    Raises:
        ValueError: a directed graph, or a node outside the graph.

    Cost:
        about d D / 64 word operations for an edge between degrees d <= D; N^2 / 8 bytes up to
        16,384 nodes, no matrix of pairs above.

    Source:
        Topping, Di Giovanni, Chamberlain, Dong and Bronstein, "Understanding over-squashing and
        bottlenecks on graphs via curvature", ICLR 2022, definition 1
        (https://arxiv.org/abs/2111.14522). The released loops differ in four places: on the CPU
        they stop at the first node that is no neighbour and leave nearly every edge at 0; they
        count a path through the edge itself as part of a 4-cycle; they take 1 off the paths between
        joined nodes, where cycles with a diagonal are to be left out; and an end of degree 1 has
        the formula's value, not 0.

    Example:
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> balanced_forman(square, num_nodes=4).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    graph = undirected(edge_index, num_nodes)
    return _to_columns(forman_of_edges(graph), graph, edge_index)


def forman_of_edges(graph: Neighbours, which: Array | None = None) -> Array:
    """Balanced Forman curvature of the edges ``which`` (all if None) of neighbour lists."""
    found = cycles(graph, which)
    ends = graph.low, graph.high
    low, high = (end if which is None else end[which] for end in ends)
    degree = np.diff(graph.rowptr)
    squares = found.low + found.high
    return forman(degree[low], degree[high], found.triangles, squares, found.most)


def forman(d_i: Whole, d_j: Whole, triangles: Whole, squares: Whole, most: Whole) -> Array:
    """The formula of balanced Forman curvature, elementwise."""
    small, large = np.minimum(d_i, d_j), np.maximum(d_i, d_j)
    tree = 2 / small + 2 / large - 2
    cycles = 2 * triangles / large + triangles / small + squares / (np.maximum(most, 1) * large)
    return np.where(small > 1, tree + cycles, 0.0)


def _to_columns(values: Array, graph: Neighbours, edge_index: Tensor) -> Tensor:
    """Values of undirected edges in the caller's order; NaN for self-loops."""
    padded = np.append(values, np.nan)  # edge -1, a loop, takes the last
    return torch.from_numpy(padded[graph.edge]).to(edge_index.device)
