"""Plain stack of convolutions, with an activation between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


class ConvStack(Encoder):
    r"""Dropout, a convolution and ReLU, ``num_layers`` times.

    .. math:: h \leftarrow \operatorname{ReLU}(\operatorname{Conv}(\operatorname{Dropout}(h)))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        conv: makes one from its input and its output width.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability.
        head: predict by a Linear after the convolutions; if not, by the last convolution, without
            a ReLU after it.
        batch_norm: normalise what each convolution gives, before its ReLU.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight and data.edge_type (E,) if there
        -> (N, H) or (N, C)

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
        head: bool = True,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels = out_channels
        self.ends_bare = out_channels is not None and not head
        last = out_channels if self.ends_bare and out_channels else hidden_channels
        widths = [in_channels, *[hidden_channels] * (num_layers - 1), last]
        self.dropout = Dropout(dropout)
        self.convs = nn.ModuleList(conv(a, b) for a, b in zip(widths[:-1], widths[1:], strict=True))
        bare = self.ends_bare
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(hidden_channels) for _ in range(num_layers - bare if batch_norm else 0)
        )
        self.output = (
            nn.Linear(hidden_channels, out_channels) if head and out_channels is not None else None
        )

    def forward(self, data: Data) -> Tensor:
        h: Tensor = data.x
        adj = Adjacency.of(data.edge_index, h.shape[0])
        weight, kind = getattr(data, "edge_weight", None), getattr(data, "edge_type", None)
        for number, conv in enumerate(self.convs, start=1):
            h = conv(self.dropout(h), adj, weight, edge_type=kind)
            if number < len(self.convs) or not self.ends_bare:
                h = F.relu(self.norms[number - 1](h) if self.norms else h)
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
