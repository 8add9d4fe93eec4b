"""Homophily of a graph's labels: four measures of how much an edge tells about them.

Every function reads the graph as simple and undirected: directions are dropped, repeats merged,
self-loops and edges at unlabelled nodes (y < 0) left out.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.ops import Adjacency


@checked
def edge_homophily(edge_index: Tensor, y: Tensor) -> float:
    r"""Give the share of edges that join equal labels.

    .. math:: h_{edge} = |\{(u, v) \in E : y_u = y_v\}| \,/\, |E|

    Args:
        edge_index: (2, E) int64.
        y: (N,) int64, negative where unknown.

    Returns:
        A fraction; nan where no edge joins two labelled nodes.

    Source:
        Platonov, Kuznedelev, Babenko and Prokhorenkova, "Characterizing graph datasets for node
        classification: homophily-heterophily dichotomy and beyond", NeurIPS 2023, section 2
        (https://arxiv.org/abs/2209.06177).
    """
    source, target = labelled_edges(edge_index, y)
    return float((y[source] == y[target]).double().mean())


@checked
def node_homophily(edge_index: Tensor, y: Tensor) -> float:
    r"""Average over nodes the share of neighbours that have the node's label.

    .. math:: h_{node} = \frac{1}{|V'|} \sum_{v \in V'} |\{u \in N(v) : y_u = y_v\}| \,/\, d(v)

    V' are the labelled nodes with at least one labelled neighbour (the paper has no others).

    Args:
        edge_index: (2, E) int64.
        y: (N,) int64, negative where unknown.

    Returns:
        A fraction; nan where no edge joins two labelled nodes.

    Source:
        Platonov et al., NeurIPS 2023, section 2 (https://arxiv.org/abs/2209.06177); first in Pei et
        al., "Geom-GCN", ICLR 2020.
    """
    source, target = labelled_edges(edge_index, y)
    degree = torch.bincount(target, minlength=len(y)).double()
    equal = torch.bincount(target[y[source] == y[target]], minlength=len(y)).double()
    return float((equal / degree)[degree > 0].mean())


@checked
def adjusted_homophily(edge_index: Tensor, y: Tensor) -> float:
    r"""Give edge homophily corrected for what the classes' degrees alone would make of it.

    .. math::
        h_{adj} = \frac{h_{edge} - \sum_k \bar p_k^2}{1 - \sum_k \bar p_k^2},
        \qquad \bar p_k = D_k / 2|E|

    D_k is the sum of degrees over class k. 1 is perfect homophily, 0 what chance gives.

    Args:
        edge_index: (2, E) int64.
        y: (N,) int64, negative where unknown.

    Returns:
        At most 1, possibly negative; nan where only one class has edges.

    Source:
        Platonov et al., NeurIPS 2023, eq. 1 (https://arxiv.org/abs/2209.06177).
    """
    joint = class_pairs(edge_index, y)
    mass = joint.sum(dim=0)
    if int((mass > 0).sum()) < 2:
        return float("nan")
    chance = mass.square().sum()
    return float((joint.trace() - chance) / (1 - chance))


@checked
def label_informativeness(edge_index: Tensor, y: Tensor) -> float:
    r"""Say how much a neighbour's label tells about a node's, as a share of its entropy.

    .. math::
        LI = I(y_\xi, y_\eta) / H(y_\xi)
           = 2 - \frac{\sum_{c,d} p(c,d) \log p(c,d)}{\sum_c \bar p_c \log \bar p_c}

    where (xi, eta) is an edge drawn uniformly, in either direction.

    Args:
        edge_index: (2, E) int64.
        y: (N,) int64, negative where unknown.

    Returns:
        From 0 (nothing) to 1 (everything); nan where only one class has edges.

    Source:
        Platonov et al., NeurIPS 2023, eq. 4, LI_edge (https://arxiv.org/abs/2209.06177).
    """
    joint = class_pairs(edge_index, y)
    mass = joint.sum(dim=0)
    if int((mass > 0).sum()) < 2:
        return float("nan")
    return float(2 - torch.special.entr(joint).sum() / torch.special.entr(mass).sum())


def class_pairs(edge_index: Tensor, y: Tensor) -> Tensor:
    """Give the joint distribution of the labels at the two ends of an edge: (C, C) float64.

    C counts the labels that edges have; others have no row.
    """
    source, target = labelled_edges(edge_index, y)
    found, label = torch.unique(y[torch.cat([source, target])], return_inverse=True)
    classes, (first, second) = len(found), label.view(2, -1)
    pair = torch.bincount(first * classes + second, minlength=classes * classes)
    return pair.view(classes, classes).double() / max(len(source), 1)


def labelled_edges(edge_index: Tensor, y: Tensor) -> Tensor:
    """Give both directions of every edge between two labelled nodes, without loops or repeats.

    Raises:
        ValueError: bad edges, or labels that are no whole numbers (N,).
    """
    if y.dim() != 1 or y.is_floating_point() or y.is_complex() or y.layout is not torch.strided:
        raise ValueError(
            f"y is {y.dtype} of shape {tuple(y.shape)}, but each node has one label: give int64 "
            "(N,), negative where unknown"
        )
    Adjacency.of(edge_index, len(y))  # for what it refuses: a node of -1 would have a label
    edges = both_directions(edge_index, len(y), loops=False)
    return edges[:, (y[edges] >= 0).all(dim=0)]
