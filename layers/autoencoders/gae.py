"""GAE and VGAE (graph auto-encoders): states whose dot products predict edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count, check_not_negative
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.ops import Adjacency

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class GAE(Encoder):
    r"""GCN convolutions with ReLU between them and nothing after the last.

    .. math:: Z = \hat A \operatorname{ReLU}(\hat A X W_1) W_2

    With the head ``dot`` of :class:`gnnlab.tasks.LinkPrediction` this is the graph auto-encoder;
    the paper reads the links that it predicts (``mask_targets=False``).

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, the width of the states.
        num_layers: how many convolutions.
        inner_channels: width between them; H if None.
        dropout: probability, before every convolution.
        out_channels: C to end with a Linear and predict by itself, None to return the states.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights that do not fit.

    Source:
        Kipf and Welling, "Variational Graph Auto-Encoders", NeurIPS 2016 workshop on Bayesian deep
        learning (https://arxiv.org/abs/1611.07308), with biases as GCN has them.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        inner_channels: int | None = None,
        dropout: float = 0.0,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        inner = hidden_channels if inner_channels is None else inner_channels
        check_count("inner_channels", inner)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels = out_channels
        self.dropout = Dropout(dropout)
        widths = [in_channels, *[inner] * (num_layers - 1), hidden_channels]
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        self.convs = nn.ModuleList(GCNConv(before, after) for before, after in pairs)
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        before, adj, weight = self._before_last(data)
        h: Tensor = self.convs[-1](before, adj, weight)
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)

    def _before_last(self, data: Data) -> tuple[Tensor, Adjacency, Tensor | None]:
        """What the last convolution reads."""
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight: Tensor | None = getattr(data, "edge_weight", None)
        h: Tensor = self.dropout(data.x)
        for conv in self.convs[:-1]:
            h = self.dropout(F.relu(conv(h, adj, weight)))
        return h, adj, weight


@measured
class VGAE(GAE):
    r"""A graph auto-encoder whose states are drawn from a normal distribution of each node's own.

    .. math:: \mu = \hat A H W_\mu, \quad \log \sigma = \hat A H W_\sigma, \quad
        Z = \mu + \sigma \odot \epsilon

    Training adds the divergence from a standard normal distribution to the loss,

    .. math:: \frac{\beta}{N} \cdot \frac{1}{N} \sum_i \operatorname{KL}\left(
        \mathcal N(\mu_i, \sigma_i^2) \,\|\, \mathcal N(0, I)\right),

    which every task takes from :meth:`with_loss`. In evaluation the states are :math:`\mu`.

    Args:
        in_channels, hidden_channels, num_layers, inner_channels, dropout, out_channels: as
            :class:`GAE`; the last convolution is there twice.
        divergence: :math:`\beta`.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, a divergence below 0, edge weights that
            do not fit.

    Source:
        Kipf and Welling, "Variational Graph Auto-Encoders", NeurIPS 2016 workshop on Bayesian deep
        learning (https://arxiv.org/abs/1611.07308). The factor 1 / N is the release's; its
        log-deviations are not bounded, here they are 10 at the most.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        inner_channels: int | None = None,
        dropout: float = 0.0,
        divergence: float = 1.0,
        out_channels: int | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            inner_channels=inner_channels,
            dropout=dropout,
            out_channels=out_channels,
        )
        check_not_negative("divergence", divergence)
        self.divergence = divergence
        last: GCNConv = self.convs[-1]  # type: ignore[assignment]
        self.deviation = GCNConv(last.linear.in_features, hidden_channels)

    def forward(self, data: Data) -> Tensor:
        return self.with_loss(data)[0]

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor]:
        """Return the states and what a step of training adds to its loss."""
        h, adj, weight = self._before_last(data)
        mean = self.convs[-1](h, adj, weight)
        log_deviation = self.deviation(h, adj, weight).clamp(max=MOST)
        z = mean
        if self.training:
            z = mean + torch.randn_like(mean) * log_deviation.exp()
        loss = self.divergence / max(mean.shape[0], 1) * divergence(mean, log_deviation)
        return (z if self.output is None else self.output(z)), loss


def divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    r"""Return the mean over rows of the divergence from a standard normal distribution.

    .. math:: \frac{1}{N} \sum_i \frac{1}{2} \sum_k (\mu_{ik}^2 + \sigma_{ik}^2 - 1) -
        \log \sigma_{ik}

    Shapes:
        mean, log_deviation (N, H)
    """
    each = (mean.square() + (2 * log_deviation).exp() - 1) / 2 - log_deviation
    return each.sum(1).mean()


MOST = 10.0
"""Log-deviations above it would overflow."""
