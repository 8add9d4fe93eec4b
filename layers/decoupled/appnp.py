"""APPNP: predictions spread by personalised PageRank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count, check_share
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.mlp import MLP, mlp_widths
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, gcn_norm, gcn_propagate, propagate

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class APPNP(Predicting):
    r"""An MLP, then K steps of propagation that each return to its output with probability alpha.

    .. math:: H_0 = \operatorname{MLP}(X), \quad H_{k+1} = (1 - \alpha) \hat A H_k + \alpha H_0,
        \quad \hat A = D^{-1/2} (A + I) D^{-1/2}

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: Linear maps of the MLP.
        out_channels: C to propagate the logits of C classes, as the paper does; None to propagate
            hidden states.
        dropout: probability, before every Linear of the MLP.
        hops: K.
        alpha: how much of the MLP's output each step brings back, 0 to 1.
        edge_dropout: probability that a step leaves an entry of :math:`\hat A` out while training,
            anew for each step; the paper has 0.5. Not under ``torch.compile``.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, fewer than 0 hops, alpha or a dropout
            outside 0..1, edge weights that do not fit.

    Cost:
        O(K E C) a forward pass on top of the MLP's.

    Source:
        Gasteiger, Bojchevski and Günnemann, "Predict then Propagate: Graph Neural Networks meet
        Personalized PageRank", ICLR 2019, eq. 4 (https://arxiv.org/abs/1810.05997).
    """

    predicts = "propagates what it predicts"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        out_channels: int | None = None,
        dropout: float = 0.5,
        hops: int = 10,
        alpha: float = 0.1,
        edge_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_count("hops", hops, 0)
        check_share("alpha", alpha)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.hops, self.alpha = out_channels, hops, alpha
        widths = mlp_widths(in_channels, hidden_channels, num_layers, out_channels)
        self.mlp = MLP(widths, dropout=dropout)
        self.edge_dropout = Dropout(edge_dropout)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        graph, weight = weighted(adj, getattr(data, "edge_weight", None), add_self_loops=True)
        start: Tensor = self.mlp(data.x)
        h = start
        for _ in range(self.hops):
            h = (1 - self.alpha) * self.step(h, graph, weight) + self.alpha * start
        return h

    def step(self, h: Tensor, graph: Adjacency, weight: Tensor | None) -> Tensor:
        """Propagate once, with entries of the matrix dropped while training."""
        if not (self.training and self.edge_dropout.p):
            return gcn_propagate(h, graph, weight)
        entries = gcn_norm(graph, weight, h.dtype)
        return propagate(h, graph, self.edge_dropout(entries))

    def reset_parameters(self) -> None:
        reset_children(self)
