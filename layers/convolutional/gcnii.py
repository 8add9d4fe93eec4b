"""GCNII: a deep GCN with an initial residual and weights near the identity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_not_negative, check_share
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, gcn_propagate

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class GCNII(Predicting):
    r"""Graph convolutions with an initial residual and weights that stay near the identity.

    .. math:: H_{l} = \operatorname{ReLU}\big(((1 - \alpha) \hat A H_{l-1} + \alpha H_0)
        ((1 - \beta_l) I + \beta_l W_l)\big), \quad \beta_l = \log(\theta / l + 1), \quad
        H_0 = \operatorname{ReLU}(X W_0 + b_0)

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L, the number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability: of the features before their Linear, and of the states before every
            convolution and before the last Linear.
        alpha: how much of :math:`H_0` each layer brings back, 0 to 1.
        theta: how fast the layers come near the identity; the paper calls it lambda.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, alpha or dropout outside 0..1, theta
            below 0, edge weights that do not fit.

    Source:
        Chen, Wei, Huang, Ding and Li, "Simple and Deep Graph Convolutional Networks", ICML 2020,
        eq. 5 (https://arxiv.org/abs/2007.02133). The released settings decay the convolutions and
        the two Linear maps differently: ``training.groups`` does that.
    """

    predicts = "drops states before the Linear to the classes"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 64,
        *,
        out_channels: int | None = None,
        dropout: float = 0.6,
        alpha: float = 0.1,
        theta: float = 0.5,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_share("alpha", alpha)
        check_not_negative("theta", theta)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.alpha, self.theta = out_channels, alpha, theta
        self.dropout = Dropout(dropout)
        self.input = Linear(in_channels, hidden_channels)
        self.maps = nn.ModuleList(
            nn.Linear(hidden_channels, hidden_channels, bias=False) for _ in range(num_layers)
        )
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        graph, weight = weighted(adj, getattr(data, "edge_weight", None), add_self_loops=True)
        h = start = F.relu(self.input(self.dropout(data.x)))
        for layer, map_ in enumerate(self.maps, start=1):
            beta = math.log(self.theta / layer + 1)
            message = gcn_propagate(self.dropout(h), graph, weight)
            message = (1 - self.alpha) * message + self.alpha * start
            h = F.relu((1 - beta) * message + beta * map_(message))
        return h if self.output is None else self.output(self.dropout(h))

    def reset_parameters(self) -> None:
        reset_children(self)
