"""MoNet (mixture model network): Gaussian kernels over the degrees of an edge's ends."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.attention_heads import split_heads
from gnnlab.layers.parts.batchnorm_stack import NormedStack
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.self_loops import check_weight
from gnnlab.ops import Adjacency, AdjacencyLike, degree, gather, propagate


@measured
class MoNetConv(nn.Module):
    r"""Sum the neighbours once for each of K Gaussian kernels over where the edge lies.

    .. math:: x_i' = \sum_{j \to i} w_{ji} \sum_{k=1}^K
        \exp\Big(-\tfrac{1}{2} \sum_c s_{kc}^2 (u_{ji,c} - \mu_{kc})^2\Big) \Theta_k x_j, \qquad
        u_{ji} = \tanh\Big(V \big[(d_j + 1)^{-1/2}, (d_i + 1)^{-1/2}\big] + b\Big)

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        kernels: K.
        dim: width of the coordinates u.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width or a number of kernels below 1, edge weights that do not fit.

    Cost:
        O(E K (F_out + dim)); only (E, K) numbers are kept for the edges.

    Source:
        Monti, Boscaini, Masci, Rodolà, Svoboda and Bronstein, "Geometric Deep Learning on Graphs
        and Manifolds using Mixture Model CNNs", CVPR 2017, eq. 11 and 14
        (https://arxiv.org/abs/1611.08402), with the coordinates and the sum of Dwivedi et al.,
        "Benchmarking Graph Neural Networks", JMLR 2023 (https://arxiv.org/abs/2003.00982): d counts
        incoming edges. Widths of kernels are learned as their inverse s.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernels: int = 3, dim: int = 2
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels, kernels=kernels, dim=dim)
        self.kernels = kernels
        self.coordinates = nn.Linear(2, dim)
        self.linear = Linear(in_channels, kernels * out_channels, bias=False)
        self.centre = nn.Parameter(torch.empty(kernels, dim))
        self.inverse_width = nn.Parameter(torch.empty(kernels, dim))
        self.reset_parameters()

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        adj = Adjacency.of(adj, x.shape[0])
        share = self.shares(adj)
        if edge_weight is not None:
            check_weight(edge_weight, adj)
            share = share * edge_weight.to(share.dtype).unsqueeze(1)
        h = split_heads(self.linear(x), self.kernels)  # (N, K, F_out)
        return propagate(h, adj, share).sum(dim=1)

    def shares(self, adj: Adjacency) -> Tensor:
        """What every kernel gives every edge, (E, K)."""
        roots = (degree(adj).to(self.centre.dtype) + 1).rsqrt().unsqueeze(1)
        ends = torch.cat([gather(roots, adj, "source"), gather(roots, adj, "target")], dim=1)
        u = self.coordinates(ends).tanh().unsqueeze(1)
        away: Tensor = ((u - self.centre) * self.inverse_width).square().sum(2)
        return (-0.5 * away).exp()

    def reset_parameters(self) -> None:
        self.coordinates.reset_parameters()
        nn.init.xavier_normal_(self.linear.weight, gain=nn.init.calculate_gain("relu"))
        nn.init.normal_(self.centre, 0, 0.1)
        nn.init.ones_(self.inverse_width)

    def extra_repr(self) -> str:
        return f"kernels={self.kernels}"


@measured
class MoNet(NormedStack):
    r"""A Linear on the features, and mixture-model convolutions with batch norm, ReLU and residual.

    .. math:: h_i \leftarrow h_i +
        \operatorname{ReLU}(\operatorname{BN}(\operatorname{MoNetConv}(h)_i))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, after every ReLU.
        kernels: K, of every convolution.
        dim: width of the edges' coordinates.
        residual: add the states before each convolution to those after it.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width, a number of layers or of kernels below 1, edge weights that do not fit.

    Source:
        Monti et al., CVPR 2017 (https://arxiv.org/abs/1611.08402), as Dwivedi et al.,
        "Benchmarking Graph Neural Networks", JMLR 2023 (https://arxiv.org/abs/2003.00982) stack
        them, but for dropout: theirs falls on the sum with the residual, ours on what is added to
        it. While training, batch normalisation needs at least two nodes.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 4,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        kernels: int = 3,
        dim: int = 2,
        residual: bool = True,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(MoNetConv, kernels=kernels, dim=dim),
            out_channels=out_channels,
            dropout=dropout,
            residual=residual,
        )
