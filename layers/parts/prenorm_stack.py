"""Pre-norm stack of residual blocks, shared by the models of Platonov et al."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.layers.parts.building import check_sizes
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


class FeedForward(nn.Module):
    """Two Linear maps with GELU between them and dropout after each.

    Args:
        in_channels: width of the input.
        out_channels: width of the hidden layer and of the output.
        dropout: probability of dropping an entry.

    Shapes:
        x (N, in_channels) -> (N, out_channels)
    """

    def __init__(self, in_channels: int, out_channels: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.expand = nn.Linear(in_channels, out_channels)
        self.contract = nn.Linear(out_channels, out_channels)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(self.contract(F.gelu(self.dropout(self.expand(x)))))
        return out

    def reset_parameters(self) -> None:
        self.expand.reset_parameters()
        self.contract.reset_parameters()


class Block(nn.Module, ABC):
    """What a residual encoder repeats: node states and a graph in, an update of the states out.

    Shapes:
        h (N, H), adj with N nodes, edge_weight (E,) or None -> (N, H)
    """

    @abstractmethod
    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        """Return what is added to the states."""


class FeedForwardBlock(Block):
    """A feed-forward that does not look at the graph."""

    def __init__(self, channels: int, *, dropout: float) -> None:
        super().__init__()
        self.feed_forward = FeedForward(channels, channels, dropout=dropout)

    def forward(self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None = None) -> Tensor:
        out: Tensor = self.feed_forward(h)
        return out

    def reset_parameters(self) -> None:
        self.feed_forward.reset_parameters()


class ResidualEncoder(Encoder):
    r"""Input Linear, dropout and GELU, then blocks that each add to the states, and a last norm.

    .. math:: h \leftarrow h + \operatorname{Block}(\operatorname{LayerNorm}(h))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: how often ``layer`` is called.
        layer: makes the blocks of one layer, in the order in which they are applied.
        out_channels: C to end with a Linear and predict by itself; None returns the states.
        dropout: after the input Linear.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: Are we
        really making progress?", ICLR 2023, appendix B (https://arxiv.org/abs/2302.11640).
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int,
        layer: Callable[[], Iterable[Block]],
        *,
        out_channels: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        # Blocks draw their weights before the input does: recorded results rest on that order.
        blocks = [block for _ in range(num_layers) for block in layer()]
        self.in_channels = in_channels
        self.hidden_channels = hidden_channels
        self.out_channels = out_channels
        self.input = Linear(in_channels, hidden_channels)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(blocks)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_channels) for _ in self.blocks)
        self.last_norm = nn.LayerNorm(hidden_channels)
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight = getattr(data, "edge_weight", None)
        h: Tensor = F.gelu(self.dropout(self.embed(data.x, adj)))
        for norm, block in zip(self.norms, self.blocks, strict=True):
            h = h + block(norm(h), adj, weight)
        h = self.last_norm(h)
        if self.output is not None:
            h = self.output(h)
        return h

    def embed(self, x: Tensor, adj: Adjacency) -> Tensor:
        """Map the features to the hidden width, (N, F) -> (N, H)."""
        h: Tensor = self.input(x)
        return h

    def reset_parameters(self) -> None:
        for module in (self.input, *self.blocks, *self.norms, self.last_norm, self.output):
            if module is not None:
                module.reset_parameters()
