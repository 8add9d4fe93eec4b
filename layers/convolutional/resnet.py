"""ResNet: the baseline that ignores the graph, and two forms that add the graph to its input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.contracts.graph_arguments import nodes_of_first
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count
from gnnlab.layers.parts.adjacency_rows import times_rows
from gnnlab.layers.parts.prenorm_stack import FeedForwardBlock, ResidualEncoder
from gnnlab.ops import Adjacency, gcn_propagate, is_sparse, linear


@measured
class ResNet(ResidualEncoder):
    r"""Residual feed-forward blocks that never look at the graph: the control beside every GNN.

    .. math:: h \leftarrow h + \operatorname{FF}(\operatorname{LayerNorm}(h))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of blocks.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and twice in every feed-forward.

    Shapes:
        data.x (N, F) -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: Are we
        really making progress?", ICLR 2023, section 4 (https://arxiv.org/abs/2302.11640).
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
            lambda: [FeedForwardBlock(hidden_channels, dropout=dropout)],
            out_channels=out_channels,
            dropout=dropout,
        )


@measured
class ResNetSGC(ResNet):
    r"""ResNet on the features and, beside them, the features smoothed over the graph.

    .. math:: [X, \hat A^K X], \quad \hat A = D^{-1/2} (A + I) D^{-1/2}

    Args:
        in_channels: F, the width of ``data.x``; the first Linear is 2F wide.
        hidden_channels: H.
        num_layers: number of blocks.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and twice in every feed-forward.
        hops: K, how often the features are smoothed.

    Shapes:
        data.x (N, F), data.edge_index (2, E) -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, fewer than 0 hops.

    Cost:
        O(K E F) a forward pass on top of ResNet's.

    Source:
        Platonov et al., ICLR 2023, section 4 (https://arxiv.org/abs/2302.11640), after Wu et al.,
        "Simplifying Graph Convolutional Networks", ICML 2019 (https://arxiv.org/abs/1902.07153).
        Self-loops of the graph count no more than the one each node is given; edge weights are not
        read.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        hops: int = 5,
    ) -> None:
        check_count("in_channels", in_channels)
        super().__init__(
            2 * in_channels, hidden_channels, num_layers, out_channels=out_channels, dropout=dropout
        )
        check_count("hops", hops, 0)
        self.in_channels, self.hops = in_channels, hops

    def embed(self, x: Tensor, adj: Adjacency) -> Tensor:
        looped, smooth = adj.without_self_loops().with_self_loops(), x
        if is_sparse(x):  # smoothed, it would be sparse no more: map it first
            smooth = linear(x, self.input.weight[:, self.in_channels :])
        for _ in range(self.hops):
            smooth = gcn_propagate(smooth, looped)
        if is_sparse(x):
            return linear(x, self.input.weight[:, : self.in_channels], self.input.bias) + smooth
        h: Tensor = self.input(torch.cat([x, smooth], dim=1))
        return h


@measured
class ResNetAdj(ResNet):
    r"""ResNet on the features and, beside them, each node's row of the adjacency matrix.

    .. math:: \operatorname{Linear}([X, A]) = X W_x + A W_a + b

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of blocks.
        num_nodes: N: there is one row of weights for every node of the graph.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and twice in every feed-forward.

    Shapes:
        data.x (N, F), data.edge_index (2, E) -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers or nodes below 1; a graph with another number of
            nodes.

    Source:
        Platonov et al., ICLR 2023, section 4 (https://arxiv.org/abs/2302.11640). The N columns of A
        are never stored: a row of A times W_a is a sum over neighbours. Self-loops and edge weights
        are left out of A.
    """

    transductive = "learns one row of weights for every node of the training graph"
    from_graph = {"num_nodes": nodes_of_first}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        num_nodes: int,
        out_channels: int | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(
            in_channels, hidden_channels, num_layers, out_channels=out_channels, dropout=dropout
        )
        check_count("num_nodes", num_nodes)
        self.rows = nn.Parameter(torch.empty(num_nodes, hidden_channels))
        self.reset_parameters()

    def embed(self, x: Tensor, adj: Adjacency) -> Tensor:
        adj = adj.without_self_loops()
        h: Tensor = self.input(x) + times_rows(adj, self.rows, self)
        return h

    def reset_parameters(self) -> None:
        super().reset_parameters()
        # One Linear over [X, A] would draw all its weights from a range set by its whole width.
        bound = (self.in_channels + len(self.rows)) ** -0.5
        for parameter in (self.input.weight, self.input.bias, self.rows):
            nn.init.uniform_(parameter, -bound, bound)
