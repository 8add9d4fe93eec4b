"""Eccentricity labels: the distance to the farthest node within some hops, in equal classes."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked


@checked
def hop_eccentricity(
    edge_index: Tensor, num_nodes: int, length: Tensor | None = None, max_hop: int = 16
) -> Tensor:
    r"""Say how far the farthest node of each node's neighbourhood is, along ways inside it.

    .. math:: \varepsilon(v) = \max_{u \in B(v)} d_{G[B(v)]}(v, u), \qquad
        B(v) = \{u : \text{at most } k \text{ edges lie between } u \text{ and } v\}

    Args:
        edge_index: (2, E) int64, both directions of every edge; loops do not count.
        num_nodes: N.
        length: (E,) of the edges, 0 or more; the mean of all columns between the same two nodes
            counts. 1 each if None.
        max_hop: k.

    Shapes: (N,) float64; 0 where a node has no neighbour.

    Raises:
        ValueError: bad edges, an edge without its reverse, lengths that do not fit.

    Cost: for every node a search in its ball of k hops.

    Source:
        Liang, Borde, Sripathmanathan, Bronstein and Dong, "Towards Quantifying Long-Range
        Interactions in Graph Machine Learning: a Large Graph Dataset and a Measurement", 2025
        (https://arxiv.org/abs/2503.09008), with k = 16 and lengths of roads.
    """
    from gnnlab.structure.graphs.undirected_lists import undirected
    from gnnlab.structure.hops.eccentricity import ball_eccentricities

    check_count("max_hop", max_hop, 0)
    graph = undirected(edge_index, num_nodes)
    between = torch.ones(graph.num_edges, dtype=torch.float64)
    if length is not None:
        _check_length(length, edge_index.shape[1])
        edge = torch.from_numpy(graph.edge).long()
        there = edge >= 0
        sums = torch.bincount(edge[there], length[there].double(), minlength=graph.num_edges)
        between = sums / torch.bincount(edge[there], minlength=graph.num_edges)
    lengths = between.numpy()[graph.number]
    return torch.from_numpy(ball_eccentricities(graph.rowptr, graph.col, lengths, max_hop))


def _check_length(length: Tensor, edges: int) -> None:
    if length.shape != (edges,):
        raise ValueError(
            f"length has shape {tuple(length.shape)}, but there are {edges} edges: give (E,)"
        )
    if not bool(torch.isfinite(length).all()) or (edges and float(length.min()) < 0):
        raise ValueError("length holds negative or infinite numbers, and no road has such a length")


@checked
def equal_shares(values: Tensor, classes: int = 10) -> Tensor:
    r"""Label the values by size, equally many of each class: deciles for ten.

    .. math:: y_i = \lfloor C\, |\{j : v_j < v_i\}| / N \rfloor

    Equal values are of one class, where the release of City-Networks tears them apart by the order
    of the nodes; the classes are then of unequal size.

    Args:
        values: (N,).
        classes: C.

    Shapes: (N,) int64 in 0 … C - 1.

    Raises:
        ValueError: fewer than one class.

    Example:
        >>> equal_shares(torch.tensor([3.0, 1.0, 2.0, 2.0]), classes=2).tolist()
        [1, 0, 0, 0]
    """
    check_count("classes", classes)
    ordered = values.sort().values
    below = torch.searchsorted(ordered, values.contiguous())
    return classes * below // len(values)
