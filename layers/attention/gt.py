"""GT (graph transformer): dot-product attention over the neighbours."""

from __future__ import annotations

from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.attention_heads import check_heads, inner_attention, split_heads
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.prenorm_stack import Block, FeedForwardBlock, ResidualEncoder
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, AdjacencyLike, attend


@measured
class GTConv(nn.Module):
    r"""Average the neighbours' values, weighted by attention of queries to keys, in K heads.

    .. math:: x_i' = W_o \big\Vert_k \sum_{j \to i} \alpha^k_{ji} V^k x_j, \quad
        \alpha^k_{ji} = \operatorname{softmax}_j \frac{\langle Q^k x_i, K^k x_j \rangle}{\sqrt d}

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output, a multiple of ``heads``.
        heads: K; each has d = out_channels / heads channels.
        separate: put the node's own input beside what it attends to, before W_o.
        add_self_loops: let each node attend to itself as well.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width or a number of heads below 1, ``heads`` that do not divide
            ``out_channels``, edge weights that do not fit.

    Source:
        Shi et al., "Masked Label Prediction: Unified Message Passing Model for Semi-Supervised
        Classification", IJCAI 2021, eq. 3-4 (https://arxiv.org/abs/2009.03509), as used by Platonov
        et al., ICLR 2023 (https://arxiv.org/abs/2302.11640), whose output projection is W_o. An
        ``edge_weight`` scales the attended message after the softmax.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        heads: int = 1,
        separate: bool = False,
        add_self_loops: bool = True,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_heads("out_channels", out_channels, heads)
        self.heads, self.separate, self.add_self_loops = heads, separate, add_self_loops
        self.query = Linear(in_channels, out_channels)
        self.key = Linear(in_channels, out_channels)
        self.value = Linear(in_channels, out_channels)
        width = out_channels + in_channels if separate else out_channels
        self.output = Linear(width, out_channels)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        adj = Adjacency.of(adj, x.shape[0])
        graph, weight = weighted(adj, edge_weight, self.add_self_loops)
        query, key, value = (
            split_heads(part(x), self.heads) for part in (self.query, self.key, self.value)
        )  # (N, K, d) each
        message = attend(value, graph, query=query, key=key, weight=weight).flatten(1)
        return self.output.beside(x, message) if self.separate else self.output(message)

    def attention(self, x: Tensor, adj: AdjacencyLike) -> Tensor:
        """Return how much each edge is attended to, before its weight, (E, K)."""
        query, key = (split_heads(part(x), self.heads) for part in (self.query, self.key))
        return inner_attention(query, key, adj, self.add_self_loops)

    def reset_parameters(self) -> None:
        for module in (self.query, self.key, self.value, self.output):
            module.reset_parameters()

    def extra_repr(self) -> str:
        return f"{self.query.in_features} -> {self.query.out_features}, heads={self.heads}"


class GTBlock(Block):
    """Dot-product attention with dropout; the feed-forward is a block of its own."""

    def __init__(self, channels: int, *, heads: int, dropout: float, separate: bool) -> None:
        super().__init__()
        self.conv = GTConv(
            channels, channels, heads=heads, separate=separate, add_self_loops=not separate
        )
        self.dropout = Dropout(dropout)

    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        out: Tensor = self.dropout(self.conv(h, adj, edge_weight))
        return out

    def reset_parameters(self) -> None:
        self.conv.reset_parameters()


@measured
class GT(ResidualEncoder):
    r"""Layers of two residual blocks: attention to the neighbours and itself, then a feed-forward.

    .. math:: h \leftarrow h + \operatorname{GTConv}(\operatorname{LayerNorm}(h)), \quad
        h \leftarrow h + \operatorname{FF}(\operatorname{LayerNorm}(h))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, a multiple of ``heads``.
        num_layers: number of layers, of two blocks each.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input, the attention and twice in every feed-forward.
        heads: K.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, heads that do not divide
            ``hidden_channels``, edge weights that do not fit.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: Are we
        really making progress?", ICLR 2023, appendix B (https://arxiv.org/abs/2302.11640).
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
                GTBlock(hidden_channels, heads=heads, dropout=dropout, separate=self.separate),
                FeedForwardBlock(hidden_channels, dropout=dropout),
            ],
            out_channels=out_channels,
            dropout=dropout,
        )


class GTSep(GT):
    r"""Like :class:`GT`, with a node beside what it attends to and without self-loops.

    .. math:: h_i \leftarrow h_i + W_o [n_i, \sum_{j \to i} \alpha_{ji} V n_j]

    Args, shapes and source are those of :class:`GT`.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, heads that do not divide
            ``hidden_channels``, edge weights that do not fit.

    Source:
        Platonov et al., ICLR 2023 (https://arxiv.org/abs/2302.11640), the models marked "-sep".
    """

    separate = True
