"""Stand-ins for features of graphs without any: a learned vector a node, or a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.inputs.base import Input, replaced

if TYPE_CHECKING:
    from torch_geometric.data import Data


class ConstantFeatures(Input):
    r"""Replace the features of every node by the number 1; those that are there are not read.

    Shapes:
        data.x (N, F), F may be 0 -> data.x (N, 1)
    """

    reads_features = False

    def forward(self, data: Data) -> Data:
        return replaced(data, x=data.x.new_ones(data.x.shape[0], 1))

    def width(self, in_channels: int) -> int:
        return 1


@measured
class NodeEmbedding(Input):
    r"""Replace the features of every node by a learned vector, :math:`x_i = e_i`.

    The features that are there, if any, are not read. What is learnt belongs to the nodes of one
    graph.

    Args:
        num_nodes: N.
        channels: H.

    Shapes:
        data.x (N, F), F may be 0 -> data.x (N, H)

    Raises:
        ValueError: a size below 1; another number of nodes.

    Source:
        As the baselines of Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on
        Graphs", NeurIPS 2020 (https://arxiv.org/abs/2005.00687), for ogbl-ddi, Xavier's
        initialisation included.
    """

    transductive = "learns a vector for every node of the training graph"
    reads_features = False

    def __init__(self, num_nodes: int, channels: int) -> None:
        super().__init__()
        check_counts(num_nodes=num_nodes, channels=channels)
        self.channels = channels
        self.rows = nn.Parameter(torch.empty(num_nodes, channels))
        self.reset_parameters()

    def forward(self, data: Data) -> Data:
        if data.x.shape[0] != len(self.rows):
            raise ValueError(
                f"data has {data.x.shape[0]} nodes, but NodeEmbedding has learnt vectors for "
                f"{len(self.rows)}: build it with num_nodes={data.x.shape[0]}"
            )
        rows: Tensor = self.rows
        return replaced(data, x=rows)

    def width(self, in_channels: int) -> int:
        return self.channels

    def reset_parameters(self) -> None:
        nn.init.xavier_uniform_(self.rows)
