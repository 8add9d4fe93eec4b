"""GCN blocks without a pre-norm: the stacks behind two of the variants of GCN."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.layers.parts.activations import Activation, find_activation
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.layers.parts.linear import Linear, input_map
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Stack(nn.Module, ABC):
    """Unpack the data once; the models below say what happens to the states."""

    def __init__(self, hidden: int, outputs: int | None, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.output = None if outputs is None else nn.Linear(hidden, outputs)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        h = self.states(data.x, adj, getattr(data, "edge_weight", None))
        out: Tensor = h if self.output is None else self.output(h)
        return out

    @abstractmethod
    def states(self, x: Tensor, adj: Adjacency, edge_weight: Tensor | None) -> Tensor:
        """Return the nodes' states, (N, H)."""

    def reset_parameters(self) -> None:
        reset_children(self)


class Tuned(Stack):
    """A learned linear skip beside every convolution, and LayerNorm."""

    def __init__(
        self, channels: int, hidden: int, num_layers: int, outputs: int | None, dropout: float
    ) -> None:
        super().__init__(hidden, outputs, dropout)
        self.input = Linear(channels, hidden)
        self.convs = nn.ModuleList(GCNConv(hidden, hidden) for _ in range(num_layers))
        self.skips = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(num_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(num_layers))

    def states(self, x: Tensor, adj: Adjacency, edge_weight: Tensor | None) -> Tensor:
        h: Tensor = self.dropout(self.input(x))
        for conv, skip, norm in zip(self.convs, self.skips, self.norms, strict=True):
            h = self.dropout(F.relu(norm(conv(h, adj, edge_weight) + skip(h))))
        return h


class Residual(Stack):
    """The states before each convolution, its norm if it has one, and its activation are added."""

    def __init__(
        self,
        channels: int,
        hidden: int,
        num_layers: int,
        outputs: int | None,
        dropout: float,
        *,
        activation: Activation,
        map_input: bool,
        batch_norm: bool,
    ) -> None:
        super().__init__(hidden, outputs, dropout)
        self.activation = find_activation(activation)
        self.input = input_map(channels, hidden, map_input)
        self.convs = nn.ModuleList(GCNConv(hidden, hidden) for _ in range(num_layers))
        norms = (nn.BatchNorm1d(hidden) for _ in range(num_layers))
        self.norms = nn.ModuleList(norms) if batch_norm else None

    def states(self, x: Tensor, adj: Adjacency, edge_weight: Tensor | None) -> Tensor:
        h: Tensor = self.input(x)
        for number, conv in enumerate(self.convs):
            new = conv(h, adj, edge_weight)
            new = new if self.norms is None else self.norms[number](new)
            h = h + self.dropout(self.activation(new))
        return h
