"""GAT (graph attention network), and GAT-sep, which keeps a node apart from its neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.attention_heads import additive_attention, check_heads, split_heads
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.prenorm_stack import Block, FeedForward, ResidualEncoder
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, AdjacencyLike, attend


@measured
class GATConv(nn.Module):
    r"""Average the neighbours, weighted by attention of additive scores, in K heads.

    .. math:: x_i' = \big\Vert_k \sum_{j \to i} \alpha^k_{ji} W^k x_j + b, \quad
        \alpha^k_{ji} = \operatorname{softmax}_j
        \operatorname{LeakyReLU}_{0.2}(a_k^\top W^k x_j + c_k^\top W^k x_i)

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: width of one head; the heads are concatenated.
        heads: K.
        bias: learn ``b``.
        add_self_loops: let each node attend to itself as well.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, K * out_channels)

    Raises:
        ValueError: a width or a number of heads below 1, edge weights that do not fit.

    Source:
        Veličković et al., "Graph Attention Networks", ICLR 2018, eq. 1-4
        (https://arxiv.org/abs/1710.10903). An ``edge_weight`` scales the attended message after
        the softmax; a node that has self-loops keeps them as they are given, two as two, and gets
        none beside them.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        heads: int = 1,
        bias: bool = True,
        add_self_loops: bool = True,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, heads=heads)
        self.heads, self.add_self_loops = heads, add_self_loops
        self.linear = Linear(in_channels, heads * out_channels, bias=False)
        self.source = nn.Parameter(torch.empty(heads, out_channels))
        self.target = nn.Parameter(torch.empty(heads, out_channels))
        self.bias = nn.Parameter(torch.empty(heads * out_channels)) if bias else None
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
        h = split_heads(self.linear(x), self.heads)  # (N, K, out_channels)
        graph, weight = weighted(adj, edge_weight, self.add_self_loops)
        # A sum of node scores needs no concatenated (E, 2F) features: score nodes, not edges.
        source, target = (h * self.source).sum(-1), (h * self.target).sum(-1)
        out = attend(h, graph, source=source, target=target, weight=weight).flatten(1)
        return out if self.bias is None else out + self.bias

    def attention(self, x: Tensor, adj: AdjacencyLike) -> Tensor:
        """Return how much each edge is attended to, before its weight, (E, K)."""
        h = split_heads(self.linear(x), self.heads)
        source, target = (h * self.source).sum(-1), (h * self.target).sum(-1)
        return additive_attention(source, target, adj, self.add_self_loops)

    def reset_parameters(self) -> None:
        for weight in (self.linear.weight, self.source, self.target):
            nn.init.xavier_uniform_(weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def extra_repr(self) -> str:
        return f"{self.linear.in_features} -> {self.linear.out_features}, heads={self.heads}"


class GATBlock(Block):
    """Attend to the neighbours (and, if separate, stand beside them), then a feed-forward."""

    def __init__(self, channels: int, *, heads: int, dropout: float, separate: bool) -> None:
        super().__init__()
        check_heads("hidden_channels", channels, heads)
        self.heads, self.separate = heads, separate
        self.linear = nn.Linear(channels, channels)
        self.source_score = nn.Linear(channels, heads)
        self.target_score = nn.Linear(channels, heads, bias=False)
        width = 2 * channels if separate else channels
        self.feed_forward = FeedForward(width, channels, dropout=dropout)

    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        h = self.linear(h)
        graph, weight = weighted(adj, edge_weight, not self.separate)
        source, target = self.source_score(h), self.target_score(h)
        value = split_heads(h, self.heads)
        message = attend(value, graph, source=source, target=target, weight=weight).flatten(1)
        out: Tensor = self.feed_forward(torch.cat([h, message], 1) if self.separate else message)
        return out

    def attention(self, h: Tensor, adj: AdjacencyLike) -> Tensor:
        """Return how much each edge is attended to, before its weight, (E, K)."""
        h = self.linear(h)
        source, target = self.source_score(h), self.target_score(h)
        return additive_attention(source, target, adj, not self.separate)

    def reset_parameters(self) -> None:
        for module in (self.linear, self.source_score, self.target_score, self.feed_forward):
            module.reset_parameters()


@measured
class GAT(ResidualEncoder):
    r"""Residual blocks in which a node attends to its neighbours and to itself.

    .. math:: h \leftarrow h + \operatorname{FF}(\sum_{j \to i} \alpha_{ji} W n_j), \quad
        n = \operatorname{LayerNorm}(h)

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, a multiple of ``heads``.
        num_layers: number of blocks.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and twice in every feed-forward.
        heads: K.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, heads that do not divide
            ``hidden_channels``, edge weights that do not fit.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: Are we
        really making progress?", ICLR 2023, appendix B (https://arxiv.org/abs/2302.11640). The
        release interleaves the heads' channels; ours lie side by side, a permutation.
    """

    separate = False

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        heads: int = 8,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            lambda: [
                GATBlock(hidden_channels, heads=heads, dropout=dropout, separate=self.separate)
            ],
            out_channels=out_channels,
            dropout=dropout,
        )


class GATSep(GAT):
    r"""Residual blocks in which a node stands beside what it attends to, without a self-loop.

    .. math:: h \leftarrow h + \operatorname{FF}([W n_i, \sum_{j \to i} \alpha_{ji} W n_j])

    Args, shapes and source are those of :class:`GAT`.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, heads that do not divide
            ``hidden_channels``, edge weights that do not fit.

    Source:
        Platonov et al., ICLR 2023 (https://arxiv.org/abs/2302.11640), the models marked "-sep".
    """

    separate = True
