"""SAGE (GraphSAGE): a node's own state next to the mean of its neighbours'."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.prenorm_stack import Block, FeedForward, ResidualEncoder
from gnnlab.ops import Adjacency, AdjacencyLike, is_sparse, linear, propagate


@measured
class SAGEConv(nn.Module):
    r"""Map a node and the mean of its in-neighbours, each by weights of its own.

    .. math:: x_i' = W_1 \cdot \operatorname{mean}_{j \to i} w_{ji} x_j + b + W_2 x_i

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        bias: learn ``b``.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width below 1, edge weights that do not fit.

    Source:
        Hamilton, Ying and Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS
        2017, algorithm 1 with the mean aggregator (https://arxiv.org/abs/1706.02216). All
        neighbours are used instead of a sample, and nothing is normalised to unit length.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        self.neighbours = Linear(in_channels, out_channels, bias=bias)
        self.ego = Linear(in_channels, out_channels, bias=False)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        if is_sparse(x):  # their mean would be sparse no more: map them first
            mapped = linear(x, self.neighbours.weight)
            message = propagate(mapped, adj, edge_weight, reduce="mean")
            if self.neighbours.bias is not None:
                message = message + self.neighbours.bias
        else:
            message = self.neighbours(propagate(x, adj, edge_weight, reduce="mean"))
        out: Tensor = message + self.ego(x)
        return out

    def reset_parameters(self) -> None:
        self.neighbours.reset_parameters()
        self.ego.reset_parameters()

    def extra_repr(self) -> str:
        return f"{self.ego.in_features} -> {self.ego.out_features}"


class SAGEBlock(Block):
    """The mean of the neighbours beside the node itself, then a feed-forward."""

    def __init__(self, channels: int, *, dropout: float) -> None:
        super().__init__()
        self.feed_forward = FeedForward(2 * channels, channels, dropout=dropout)

    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        message = propagate(h, adj, edge_weight, reduce="mean")
        out: Tensor = self.feed_forward(torch.cat([h, message], dim=1))
        return out

    def reset_parameters(self) -> None:
        self.feed_forward.reset_parameters()


@measured
class SAGE(ResidualEncoder):
    r"""Residual blocks in which a node keeps its own state apart from its neighbours' mean.

    .. math:: h_i \leftarrow h_i + \operatorname{FF}([n_i, \operatorname{mean}_{j \to i} n_j]),
        \quad n = \operatorname{LayerNorm}(h)

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of blocks.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and twice in every feed-forward.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights that do not fit.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: Are we
        really making progress?", ICLR 2023, appendix B (https://arxiv.org/abs/2302.11640).
        No self-loops are added; those in the graph count as neighbours.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            lambda: [SAGEBlock(hidden_channels, dropout=dropout)],
            out_channels=out_channels,
            dropout=dropout,
        )
