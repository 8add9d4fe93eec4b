"""GIN (graph isomorphism network): the sum of a node and its neighbours, mapped by an MLP."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts, check_number
from gnnlab.layers.parts.activations import Activation, find_activation
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.plain_stack import ConvStack
from gnnlab.ops import AdjacencyLike, is_sparse, linear, propagate


class GINUpdate(nn.Module):
    r"""What follows the first map of a GIN's MLP: :math:`z \mapsto W_2 \operatorname{ReLU}(
    \operatorname{BN}(z)) + b_2`, or with another activation.

    Shapes:
        z (N, channels) -> the same
    """

    def __init__(self, channels: int, activation: Activation = "relu") -> None:
        super().__init__()
        self.activation = find_activation(activation)
        self.norm = nn.BatchNorm1d(channels)
        self.linear = nn.Linear(channels, channels)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.linear(self.activation(self.norm(z)))
        return out

    def reset_parameters(self) -> None:
        self.norm.reset_parameters()
        self.linear.reset_parameters()


class BareUpdate(nn.Module):
    r"""The same without a norm: :math:`z \mapsto \operatorname{Dropout}(W_2 \operatorname{Dropout}(
    \sigma(z)) + b_2)`.

    Shapes:
        z (N, channels) -> the same
    """

    def __init__(self, channels: int, activation: Activation, dropout: float) -> None:
        super().__init__()
        self.activation, self.dropout = find_activation(activation), Dropout(dropout)
        self.linear = nn.Linear(channels, channels)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.dropout(self.linear(self.dropout(self.activation(z))))
        return out

    def reset_parameters(self) -> None:
        self.linear.reset_parameters()


@measured
class GINConv(nn.Module):
    r"""Add up a node and its neighbours, and map the sum by an MLP.

    .. math:: x_i' = \operatorname{MLP}\Big((1 + \epsilon)\, x_i + \sum_{j \to i} w_{ji} x_j\Big),
        \qquad \operatorname{MLP}(z) = W_2 \operatorname{ReLU}(\operatorname{BN}(W_1 z + b_1)) + b_2

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output and of the MLP's hidden layer.
        eps: how much more than a neighbour the node itself counts.
        train_eps: learn it, from ``eps`` on.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width below 1, edge weights that do not fit.

    Source:
        Xu, Hu, Leskovec and Jegelka, "How Powerful are Graph Neural Networks?", ICLR 2019, eq. 4.1
        (https://arxiv.org/abs/1810.00826). A self-loop of the graph counts as a neighbour. While
        training, batch normalisation needs at least two nodes.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, eps: float = 0.0, train_eps: bool = False
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_number("eps", eps)
        self.initial_eps = float(eps)
        self.eps: Tensor | float = (
            nn.Parameter(torch.tensor(self.initial_eps)) if train_eps else eps
        )
        self.linear = Linear(in_channels, out_channels)
        self.update = GINUpdate(out_channels)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        out: Tensor
        # The sum and the first map are both linear: the narrower side goes over the edges, and
        # never sparse features, whose sum would be sparse no more.
        if self.linear.in_features < self.linear.out_features and not is_sparse(x):
            out = self.linear((1 + self.eps) * x + propagate(x, adj, edge_weight))
        else:
            h = linear(x, self.linear.weight)
            out = (1 + self.eps) * h + propagate(h, adj, edge_weight) + self.linear.bias
        out = self.update(out)
        return out

    def reset_parameters(self) -> None:
        self.linear.reset_parameters()
        self.update.reset_parameters()
        if isinstance(self.eps, nn.Parameter):
            nn.init.constant_(self.eps, self.initial_eps)

    def extra_repr(self) -> str:
        return f"{self.linear.in_features} -> {self.linear.out_features}"


@measured
class GIN(ConvStack):
    r"""GIN convolutions with ReLU between them.

    .. math:: h_i \leftarrow \operatorname{ReLU}\Big(\operatorname{MLP}\Big((1 + \epsilon)\, h_i +
        \sum_{j \to i} h_j\Big)\Big)

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, before every convolution.
        eps: how much more than a neighbour a node itself counts.
        train_eps: learn it, one for each convolution.
        batch_norm: normalise what each MLP gives, too, before its ReLU, as the release does.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights that do not fit.

    Source:
        Xu, Hu, Leskovec and Jegelka, "How Powerful are Graph Neural Networks?", ICLR 2019
        (https://arxiv.org/abs/1810.00826). The states are those of the last layer; the paper's
        readout for graphs also reads those before.
    """

    later = {"batch_norm": False}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        eps: float = 0.0,
        train_eps: bool = False,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(GINConv, eps=eps, train_eps=train_eps),
            out_channels=out_channels,
            dropout=dropout,
            batch_norm=batch_norm,
        )
