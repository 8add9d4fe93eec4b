"""Dirichlet energy: the squared differences of neighbours' states, summed over edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.analysis.checks import check_rows
from gnnlab.core.settings import checked
from gnnlab.ops import Adjacency, AdjacencyLike


@checked
def dirichlet_energy(
    h: Tensor, adj: AdjacencyLike, *, normalised: bool = True, relative: bool = False
) -> float:
    r"""Sum the squared differences over the edges of an undirected graph.

    .. math:: E(h) = \frac{1}{2} \sum_{(j, i) \in E}
        \Big\| \frac{h_i}{\sqrt{1 + d_i}} - \frac{h_j}{\sqrt{1 + d_j}} \Big\|^2
        = \operatorname{tr}(h^\top \tilde\Delta h)

    The augmented normalised Laplacian's quadratic form, which a step of GCN never raises. Every
    arc counts a half, so that an edge stored both ways counts once; self-loops count nothing.

    Args:
        h: states.
        adj: the graph; both arcs of every edge.
        normalised: False leaves the degrees out: :math:`\|h_i - h_j\|^2`.
        relative: divide by :math:`\|h\|^2`, so that scale plays no part (the Rayleigh quotient, 0
            to 2 where normalised); 0 for states that are 0.

    Shapes:
        h (N, F)

    Raises:
        ValueError: ``h`` is no table of N floating-point rows, or bad edges.

    Source:
        Cai and Wang, "A note on over-smoothing for graph neural networks", 2020, definition 2.1
        (https://arxiv.org/abs/2006.13318).
    """
    check_rows("h", h)
    edges = Adjacency.of(adj, h.shape[0])
    source, target = edges.source, edges.target
    h = h.detach().double()
    scaled = h
    if normalised:
        degree = torch.bincount(target[source != target], minlength=len(h)).to(h)
        scaled = h / (1 + degree).sqrt()[:, None]
    energy = float((scaled[source] - scaled[target]).square().sum()) / 2
    if not relative:
        return energy
    size = float(h.square().sum())
    return energy / size if size else 0.0
