"""Edge attributes as layers read them: numbers or categories, one row for each edge."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.categories import Categories, check_table
from gnnlab.ops import Adjacency, combinations, propagate, relu_propagate

EdgeDim = int | Sequence[int]


class EdgeSum(nn.Module):
    r"""Shift what each neighbour sends by what its edge is like, rectify it, and add up.

    .. math:: y_i = \sum_{j \to i} w_{ji} \operatorname{ReLU}(x_j + W e_{ji} + b)

    Args:
        channels: F, the width of ``x``.
        edge_dim: D, the width of ``edge_attr``; or the sizes of its K categorical columns, each
            value of which has a learned vector; None to look at no edge.

    Shapes:
        x (N, F), edge_attr (E, D) floating or (E, K) int64, edge_weight (E,) -> (N, F)

    Raises:
        ValueError: edge attributes that are missing or do not fit.
    """

    def __init__(self, channels: int, edge_dim: EdgeDim | None) -> None:
        super().__init__()
        if isinstance(edge_dim, Sequence):
            check_table(edge_dim)
        self.edges = edge_encoder(edge_dim, channels)

    def forward(
        self, x: Tensor, adj: Adjacency, edge_weight: Tensor | None, edge_attr: Tensor | None
    ) -> Tensor:
        if self.edges is None:
            return propagate(F.relu(x), adj, edge_weight)
        if isinstance(self.edges, Categories):
            codes = check_edge_attr(edge_attr, adj, self.edges.sizes)
            own = combinations(codes, self.edges.sizes)
            return relu_propagate(x, adj, self.edges.table(), own, edge_weight)
        numbers = check_edge_attr(edge_attr, adj, self.edges.in_features)
        shifted = x + self.edges.bias
        return relu_propagate(shifted, adj, self.edges.weight.t(), numbers, edge_weight)

    def reset_parameters(self) -> None:
        reset_children(self)


def edge_encoder(edge_dim: EdgeDim | None, channels: int) -> nn.Linear | Categories | None:
    """What maps ``edge_attr`` to rows of so many channels; None where it is not read.

    Raises:
        ValueError: a width or a size of a column below 1.
    """
    if edge_dim is None:
        return None
    if isinstance(edge_dim, Sequence):
        return Categories(edge_dim, channels)
    check_counts(edge_dim=edge_dim)
    return nn.Linear(edge_dim, channels)


def check_edge_attr(edge_attr: Tensor | None, adj: Adjacency, sizes: EdgeDim) -> Tensor:
    """Refuse attributes that are missing, or are not one row for every edge.

    Raises:
        ValueError: with what there is and what is needed.
    """
    if edge_attr is None:
        raise ValueError(
            f"the layer was built with edge_dim={sizes}, but the graph has no edge_attr: give one "
            f"row for each of {adj.num_edges} edges, or build it with edge_dim=None"
        )
    codes = isinstance(sizes, Sequence)
    shape = (adj.num_edges, len(sizes) if isinstance(sizes, Sequence) else sizes)
    fits = edge_attr.dtype == torch.int64 if codes else edge_attr.is_floating_point()
    if edge_attr.shape != shape or not fits:
        raise ValueError(
            f"edge_attr is {edge_attr.dtype} of shape {tuple(edge_attr.shape)}, but edge_dim="
            f"{sizes} asks for {'int64' if codes else 'floating numbers'} {shape}: reshape or "
            "convert it, or build the layer with another edge_dim"
        )
    return edge_attr
