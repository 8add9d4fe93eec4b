"""Batch-norm stack: convolutions of one width, each with batch norm, ReLU, dropout and residual."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


class NormedStack(Encoder):
    r"""A Linear on the features, then ``num_layers`` convolutions of the same width.

    .. math:: h \leftarrow h + \operatorname{Dropout}(\operatorname{ReLU}(\operatorname{BN}(
        \operatorname{Conv}(h))))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        conv: makes one from its input and its output width.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability.
        residual: add the states before each convolution to those after it.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) and data.edge_attr (E, D) if
        there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int,
        conv: Callable[[int, int], nn.Module],
        *,
        out_channels: int | None = None,
        dropout: float = 0.0,
        residual: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.residual = out_channels, residual
        self.dropout = Dropout(dropout)
        self.input = Linear(in_channels, hidden_channels)
        self.convs = nn.ModuleList(
            conv(hidden_channels, hidden_channels) for _ in range(num_layers)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden_channels) for _ in self.convs)
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight, attr = getattr(data, "edge_weight", None), getattr(data, "edge_attr", None)
        h: Tensor = self.input(data.x)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            new = self.dropout(F.relu(norm(conv(h, adj, weight, attr))))
            h = h + new if self.residual else new
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
