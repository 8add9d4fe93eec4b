"""LINKX: features and adjacency rows mapped apart, joined, and read by an MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.graph_arguments import nodes_of_first
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count
from gnnlab.layers.parts.adjacency_rows import times_rows
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.mlp import mlp_widths
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class LINKX(Predicting):
    r"""Map features and adjacency apart, put them together, and predict by an MLP.

    .. math:: a = A W_A + b_A, \quad x = X W_X + b_X, \quad
        y = \operatorname{MLP}\big(\operatorname{ReLU}(W [a, x] + c + a + x)\big)

    A node's row of A holds its out-neighbours, :math:`A_{ij} = 1` for an edge :math:`i \to j`.
    Between two Linear maps of the MLP lie ReLU, batch normalisation and dropout.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: Linear maps of the MLP.
        num_nodes: N: there is one row of weights for every node of the graph.
        out_channels: C to predict by itself, None to have the MLP end in H columns.
        dropout: probability, inside the MLP alone.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers or nodes below 1; a graph with another number of
            nodes; edge weights that do not fit.

    Cost:
        O(E H) on top of the MLP's: A is never written out, and N * H of the parameters are its.

    Source:
        Lim et al., "Large Scale Learning on Non-Homophilous Graphs: New Benchmarks and Strong
        Simple Methods", NeurIPS 2021, section 4 (https://arxiv.org/abs/2110.14446). Batch
        normalisation needs two nodes to train.
    """

    predicts = "ends in an MLP"
    transductive = "learns one row of weights for every node of the training graph"
    from_graph = {"num_nodes": nodes_of_first}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 1,
        *,
        num_nodes: int,
        out_channels: int | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_count("num_nodes", num_nodes)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels = out_channels
        self.rows = nn.Parameter(torch.empty(num_nodes, hidden_channels))
        self.bias = nn.Parameter(torch.empty(hidden_channels))
        self.input = Linear(in_channels, hidden_channels)
        self.join = nn.Linear(2 * hidden_channels, hidden_channels)
        widths = mlp_widths(hidden_channels, hidden_channels, num_layers, out_channels)
        self.linears = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths[1:-1])
        self.dropout = Dropout(dropout)
        self.reset_parameters()

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight: Tensor | None = getattr(data, "edge_weight", None)
        a = times_rows(adj.transpose, self.rows, self, weight) + self.bias
        x = self.input(data.x)
        h: Tensor = F.relu(self.join(torch.cat([a, x], dim=1)) + a + x)
        h = self.linears[0](h)
        for norm, linear in zip(self.norms, list(self.linears)[1:], strict=True):
            h = linear(self.dropout(norm(F.relu(h))))
        return h

    def reset_parameters(self) -> None:
        reset_children(self)
        bound = len(self.rows) ** -0.5  # as of a Linear that is N wide
        for parameter in (self.rows, self.bias):
            nn.init.uniform_(parameter, -bound, bound)
