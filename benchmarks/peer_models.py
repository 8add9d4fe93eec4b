"""The models that epochs.py times, written with PyG's convolutions."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import GATConv, GCNConv, SimpleConv, TransformerConv
from torch_geometric.nn.conv.gcn_conv import gcn_norm


class Kipf(nn.Module):
    """Two GCNConvs with dropout before each, as in PyG's example."""

    def __init__(self, channels: int, hidden: int, classes: int, cached: bool) -> None:
        super().__init__()
        self.first = GCNConv(channels, hidden, cached=cached)
        self.second = GCNConv(hidden, classes, cached=cached)

    def forward(self, data: Data) -> Tensor:
        x = F.dropout(data.x, 0.5, self.training)
        x = F.dropout(F.relu(self.first(x, data.edge_index)), 0.5, self.training)
        return self.second(x, data.edge_index)


class FeedForward(nn.Module):
    """Linear, GELU, Linear, dropout after each."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.expand, self.contract = nn.Linear(width, hidden), nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.contract(F.gelu(self.dropout(self.expand(x)))))


class GCN(nn.Module):
    """The normalised sum, then a feed-forward."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv, self.norm = SimpleConv(aggr="sum"), None
        self.feed_forward = FeedForward(hidden, hidden, dropout)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        if self.norm is None:
            self.norm = gcn_norm(edge_index, None, len(h))
        return self.feed_forward(self.conv(h, *self.norm))


class SAGE(nn.Module):
    """The neighbours' mean beside the node, then a feed-forward."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv = SimpleConv(aggr="mean")
        self.feed_forward = FeedForward(2 * hidden, hidden, dropout)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        return self.feed_forward(torch.cat([h, self.conv(h, edge_index)], 1))


class GATSep(nn.Module):
    """What is attended to beside the node, then a feed-forward; 8 heads."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv = GATConv(hidden, hidden // 8, heads=8, add_self_loops=False)
        self.feed_forward = FeedForward(2 * hidden, hidden, dropout)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        return self.feed_forward(torch.cat([h, self.conv(h, edge_index)], 1))


class GT(nn.Module):
    """Dot-product attention of 8 heads and an output map."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv = TransformerConv(hidden, hidden // 8, heads=8, root_weight=False)
        self.output, self.dropout = nn.Linear(hidden, hidden), nn.Dropout(dropout)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        return self.dropout(self.output(self.conv(h, edge_index)))


class Plain(nn.Module):
    """A feed-forward that does not look at the graph."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.feed_forward = FeedForward(hidden, hidden, dropout)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        return self.feed_forward(h)


class Residual(nn.Module):
    """Pre-norm residual blocks between an input and an output Linear."""

    def __init__(
        self, blocks: list[Callable[[int, float], nn.Module]], channels: int, hidden: int,
        num_layers: int, classes: int, dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.input, self.output = nn.Linear(channels, hidden), nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(dropout)
        every = [block for _ in range(num_layers) for block in blocks]
        self.blocks = nn.ModuleList(block(hidden, dropout) for block in every)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in [*every, None])

    def forward(self, data: Data) -> Tensor:
        h = F.gelu(self.dropout(self.input(data.x)))
        for norm, block in zip(self.norms, self.blocks, strict=False):
            h = h + block(norm(h), data.edge_index)
        return self.output(self.norms[-1](h))
