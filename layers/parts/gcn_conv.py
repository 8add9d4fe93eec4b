"""GCN convolution of Kipf and Welling: a sum over neighbours, normalised by both ends' degrees."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, AdjacencyLike, gcn_propagate, is_sparse


def smooth(x: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
    r"""Average over a node and its neighbours, each edge weighted by both its ends' degrees.

    .. math:: Y = D^{-1/2} (A + I) D^{-1/2} X

    A node that already has loops keeps them, all of them, and gets no other.

    Shapes:
        x (N, F), edge_weight (E,) -> (N, F)
    """
    return gcn_propagate(x, *weighted(adj, edge_weight, add_self_loops=True))


@measured
class GCNConv(nn.Module):
    r"""Average over a node and its neighbours, each edge weighted by both its ends' degrees.

    .. math:: X' = D^{-1/2} (A + I) D^{-1/2} X W + b

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        bias: learn ``b``.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width below 1, edge weights that do not fit, a node whose edge weights add up
            to less than 0.

    Source:
        Kipf and Welling, "Semi-Supervised Classification with Graph Convolutional Networks", ICLR
        2017, eq. 2 (https://arxiv.org/abs/1609.02907). A node that has self-loops keeps them as
        they are given, two as two, and gets none beside them; loops added here have weight 1.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        self.linear = Linear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.reset_parameters()

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        adj = Adjacency.of(adj, x.shape[0])
        # The narrower side is the one to send over the edges; sparse features are mapped first.
        if self.linear.in_features < self.linear.out_features and not is_sparse(x):
            out: Tensor = self.linear(smooth(x, adj, edge_weight))
        else:
            out = smooth(self.linear(x), adj, edge_weight)
        return out if self.bias is None else out + self.bias

    def reset_parameters(self) -> None:
        nn.init.xavier_uniform_(self.linear.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def extra_repr(self) -> str:
        return f"{self.linear.in_features} -> {self.linear.out_features}"
