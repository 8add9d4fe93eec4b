"""SIGN (scalable inception graph network): an MLP on the features of every hop side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.gcn_conv import smooth
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.mlp import MLP, mlp_widths
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class SIGN(Predicting):
    r"""An MLP on the features of every hop side by side, each hop with a map of its own.

    .. math:: Y = \operatorname{MLP}(\operatorname{ReLU}(
        [X \Theta_0, \hat A X \Theta_1, \dots, \hat A^K X \Theta_K] + b)), \quad
        \hat A = D^{-1/2} (A + I) D^{-1/2}

    There is no nonlinearity between hops: it is the baseline that tells how much a deeper network
    gains over one look at each hop. The maps are applied first and their results propagated, H
    columns a hop, so that wide or sparse features cost no more.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, the width of each hop.
        num_layers: Linear maps of the MLP.
        out_channels: C to predict by itself, None to return H columns.
        dropout: probability, of the features and before every Linear of the MLP.
        hops: K.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, fewer than 0 hops, edge weights that do
            not fit.

    Cost:
        O(K^2 E H / 2) a forward pass on top of the maps', and K + 1 states of (N, H).

    Source:
        Frasca, Rossi, Eynard, Chamberlain, Bronstein and Monti, "SIGN: Scalable Inception Graph
        Neural Networks", 2020, eq. 2 (https://arxiv.org/abs/2004.11198), with powers of the one
        operator above. ReLU stands for its PReLU.
    """

    predicts = "is an MLP on all hops, to the classes"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        out_channels: int | None = None,
        dropout: float = 0.5,
        hops: int = 3,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_count("hops", hops, 0)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.hops = out_channels, hops
        width = (hops + 1) * hidden_channels
        self.dropout = Dropout(dropout)
        self.maps = Linear(in_channels, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(width))
        self.mlp = MLP(
            mlp_widths(width, hidden_channels, num_layers, out_channels), dropout=dropout
        )

    def forward(self, data: Data) -> Tensor:
        adj, weight = Adjacency.of(data.edge_index, data.x.shape[0]), data.get("edge_weight")
        rest, states = self.maps(self.dropout(data.x)), []
        for _ in range(self.hops):
            states.append(rest[:, : self.hidden_channels])
            rest = smooth(rest[:, self.hidden_channels :], adj, weight)
        # The bias comes last: smoothed, it would be another one at every node.
        out: Tensor = self.mlp(F.relu(torch.cat([*states, rest], dim=1) + self.bias))
        return out

    def reset_parameters(self) -> None:
        reset_children(self)
        nn.init.zeros_(self.bias)
