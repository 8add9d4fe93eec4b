"""DAGNN: an MLP first, then propagation, and a gate for each node and each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.mlp import MLP, mlp_widths
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, gcn_steps

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class DAGNN(Predicting):
    r"""An MLP to class space, K steps of propagation there, and a gate on every step.

    .. math:: Z = \operatorname{MLP}(X), \quad H_k = \hat A^k Z, \quad
        Y = \sum_{k=0}^{K} \sigma(H_k s + b) \odot H_k, \quad
        \hat A = D^{-1/2} (A + I) D^{-1/2}

    The gate s, b is one Linear to a number, shared by all steps. Its values do not add up to 1.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: Linear maps of the MLP.
        out_channels: C to propagate the logits of C classes, as the paper does; None to propagate
            and gate hidden states.
        dropout: probability, before every Linear of the MLP.
        hops: K.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, fewer than 0 hops, edge weights that do
            not fit.

    Cost:
        O(K E C) a forward pass on top of the MLP's, and K + 1 states of (N, C).

    Source:
        Liu, Gao and Ji, "Towards Deeper Graph Neural Networks", KDD 2020, eq. 8
        (https://arxiv.org/abs/2007.09296). The bias of the gate is the release's.
    """

    predicts = "propagates and gates what it predicts"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        out_channels: int | None = None,
        dropout: float = 0.5,
        hops: int = 10,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_count("hops", hops, 0)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.hops = out_channels, hops
        widths = mlp_widths(in_channels, hidden_channels, num_layers, out_channels)
        self.mlp = MLP(widths, dropout=dropout)
        self.gate = nn.Linear(widths[-1], 1)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        graph, weight = weighted(adj, getattr(data, "edge_weight", None), add_self_loops=True)
        states = gcn_steps(self.mlp(data.x), graph, self.hops, weight)
        gates = torch.sigmoid(self.gate(states))
        return (gates * states).sum(0)

    def reset_parameters(self) -> None:
        reset_children(self)
