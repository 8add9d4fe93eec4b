"""Layers of subgraph networks: they act on pairs of nodes; and the readout of graphs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.layers.convolutional.gin import GINUpdate
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.edge_attr import EdgeDim, check_edge_attr, edge_encoder
from gnnlab.ops import Pairs, pair_aggregate, pair_reduce, segment_reduce

LOCAL = ("uL", "vL")


class PairMLP(nn.Module):
    r""":math:`z \mapsto W_2 \operatorname{ReLU}(\operatorname{BN}(W_1 z + b_1)) + b_2`, on rows.

    Shapes:
        z (n, channels) -> the same
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)
        self.update = GINUpdate(channels)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.update(self.linear(z))
        return out

    def reset_parameters(self) -> None:
        reset_children(self)


class SubgraphLayer(nn.Module):
    r"""An MLP for each aggregation, their sum, batch normalisation and ReLU.

    .. math:: h'_{uv} = \operatorname{ReLU}\Big(\operatorname{BN}\Big(\sum_a \operatorname{MLP}_a
        \big((1 + \epsilon_a) h_{uv} + \operatorname{agg}_a(h)_{uv}\big)\Big)\Big)

    Messages along edges are :math:`\operatorname{ReLU}(h + s_e)`, with a map s of ``edge_attr`` for
    each aggregation; without ``edge_attr`` s is 0.

    Args:
        channels: H.
        symbols: the aggregations; see :func:`gnnlab.ops.pair_aggregate`.
        edge_dim: D, the width of ``edge_attr``, or the sizes of its categorical columns; None to
            read none.

    Shapes:
        h (P, H), edge_attr (E, D) or (E, K), inside (P,) bool -> (P, H)
    """

    def __init__(self, channels: int, symbols: Sequence[str], edge_dim: EdgeDim | None) -> None:
        super().__init__()
        self.symbols, self.edge_dim = tuple(symbols), edge_dim
        self.eps = nn.Parameter(torch.zeros(len(self.symbols)))
        self.local = [symbol for symbol in self.symbols if symbol in LOCAL]
        encoders = (edge_encoder(edge_dim, channels) for _ in self.local)
        self.edges = nn.ModuleList(encoder for encoder in encoders if encoder is not None)
        self.mlps = nn.ModuleList(PairMLP(channels) for _ in self.symbols)
        self.norm = nn.BatchNorm1d(channels)

    def forward(
        self, h: Tensor, pairs: Pairs, edge_attr: Tensor | None = None, inside: Tensor | None = None
    ) -> Tensor:
        shifts = self.shifts(h, pairs, edge_attr)
        sums = pair_aggregate(
            h, pairs, self.symbols, shifts=shifts, scale=1 + self.eps, inside=inside
        )
        first, *rest = (mlp(total) for mlp, total in zip(self.mlps, sums, strict=True))
        total: Tensor = first
        for other in rest:
            total = total + other
        return F.relu(self.norm(total))

    def shifts(self, h: Tensor, pairs: Pairs, edge_attr: Tensor | None) -> dict[str, Tensor]:
        """What each edge adds to what passes along it, for either direction."""
        if self.edge_dim is None:
            none = h.new_zeros((pairs.adj.num_edges, h.shape[1]))
            return dict.fromkeys(self.local, none)
        attr = check_edge_attr(edge_attr, pairs.adj, self.edge_dim)
        attr = attr.to(self.eps.dtype) if attr.is_floating_point() else attr
        return {s: encoder(attr) for s, encoder in zip(self.local, self.edges, strict=True)}

    def reset_parameters(self) -> None:
        reset_children(self)
        nn.init.zeros_(self.eps)


class PairReadout(nn.Module):
    r"""Pool the pairs of each node, map, and average over the nodes of a graph.

    .. math:: r = \frac{1}{n} \sum_u \operatorname{ReLU}\Big(\operatorname{BN}\Big(
        \operatorname{MLP}\Big(\sum_v h_{uv}\Big)\Big)\Big)

    Args:
        channels: H.
        end: ``"u"`` as written; ``"v"`` pools :math:`\sum_u h_{uv}` and averages over v.

    Shapes:
        h (P, H), batch (N,) or None for one graph -> (B, H)
    """

    def __init__(self, channels: int, end: str) -> None:
        super().__init__()
        self.end, self.mlp, self.norm = end, PairMLP(channels), nn.BatchNorm1d(channels)

    def forward(self, h: Tensor, pairs: Pairs, batch: Tensor | None, graphs: int) -> Tensor:
        nodes = F.relu(self.norm(self.mlp(pair_reduce(h, pairs, self.end))))
        if batch is None:
            return nodes.mean(0, keepdim=True)
        return segment_reduce(nodes, batch, graphs, "mean")

    def reset_parameters(self) -> None:
        reset_children(self)

    def extra_repr(self) -> str:
        return f"end={self.end!r}"
