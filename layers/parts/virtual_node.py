"""Virtual node: one extra node a graph that reads all of its nodes and sends to all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.ops import segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class VirtualNode(nn.Module):
    r"""Let a graph's virtual node hear all of its nodes, and speak to them, before a layer.

    .. math:: v \leftarrow v + \operatorname{MLP}\Big(v + \sum_i h'_i\Big), \qquad
        h_i \leftarrow h_i + v

    with :math:`\operatorname{MLP}(z) = \operatorname{ReLU}(\operatorname{LN}(W_2
    \operatorname{ReLU}(\operatorname{LN}(W_1 z))))`, and :math:`h'` the states that the layer
    before has read, v among them; the first v is learned and the same for all graphs.

    Args:
        channels: H.
        dropout: probability, after the MLP.

    Shapes:
        h (N, H), before None or what it returned before the last layer, data of B graphs ->
        h (N, H), v (B, H)

    Raises:
        ValueError: a width below 1.

    Source:
        Gilmer, Schoenholz, Riley, Vinyals and Dahl, "Neural Message Passing for Quantum Chemistry",
        ICML 2017, section 5.2 (https://arxiv.org/abs/1704.01212), in the form of Hu et al., "Open
        Graph Benchmark", NeurIPS 2020 (https://arxiv.org/abs/2005.00687), with residual
        connections. Its first v is 0, and its norms are over the batch: a batch of one graph has
        but one virtual node, of which there are no statistics.
    """

    def __init__(self, channels: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        check_counts(channels=channels)
        self.first = nn.Parameter(torch.zeros(channels))
        self.update = nn.Sequential(
            nn.Linear(channels, 2 * channels),
            nn.LayerNorm(2 * channels),
            nn.ReLU(),
            nn.Linear(2 * channels, channels),
            nn.LayerNorm(channels),
            nn.ReLU(),
        )
        self.dropout = Dropout(dropout)

    def forward(
        self, h: Tensor, before: tuple[Tensor, Tensor] | None, data: Data
    ) -> tuple[Tensor, Tensor]:
        batch: Tensor | None = getattr(data, "batch", None)
        index = h.new_zeros(h.shape[0], dtype=torch.int64) if batch is None else batch
        graphs = 1 if batch is None else int(data.num_graphs)
        if before is None:
            v = self.first.expand(graphs, -1)
        else:
            read, v = before
            v = v + self.dropout(self.update(v + segment_reduce(read, index, graphs)))
        return h + v[index], v

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.first)
        reset_children(self.update)
