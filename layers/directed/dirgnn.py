"""DirGNN (Dir-GNN): convolutions with separate weights for the two directions of an edge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts, check_share, shown
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.jumping_knowledge import Jump, JumpingStack
from gnnlab.layers.parts.linear import Linear
from gnnlab.ops import Adjacency, AdjacencyLike, degree, inverse_root, propagate

CONVS = ("gcn", "sage")


@measured
class DirGCNConv(nn.Module):
    r"""Add up a node's out-neighbours and its in-neighbours, each by weights of its own.

    .. math:: X' = \alpha\, S X W_{\rightarrow} + (1 - \alpha)\, S^\top X W_{\leftarrow} + b, \qquad
        S = D_{out}^{-1/2} A D_{in}^{-1/2}, \qquad A_{ij} = 1 \text{ for an edge } i \to j

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        alpha: the share of the out-neighbours, 0 to 1. At 1 or 0 one direction alone is looked at.
        bias: learn ``b``.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) of 0 or more -> (N, F_out)

    Raises:
        ValueError: a width below 1, alpha outside 0..1, edge weights that do not fit.

    Source:
        Rossi, Charpentier, Di Giovanni, Frasca, Günnemann and Bronstein, "Edge Directionality
        Improves Learning on Heterophilic Graphs", LoG 2023, section 4
        (https://arxiv.org/abs/2305.10498). No self-loops are added.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, alpha: float = 0.5, bias: bool = True
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_share("alpha", alpha)
        self.alpha = alpha
        self.to_out = Linear(in_channels, out_channels, bias=False)
        self.to_in = Linear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
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
        ahead, back = _scales(adj, edge_weight, self.to_in.weight.dtype)
        parts = []
        if self.alpha > 0:
            sent = propagate(back * self.to_out(x), adj.transpose, edge_weight)
            parts.append(self.alpha * (ahead * sent))
        if self.alpha < 1:
            sent = propagate(ahead * self.to_in(x), adj, edge_weight)
            parts.append((1 - self.alpha) * (back * sent))
        out = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        return out if self.bias is None else out + self.bias

    def reset_parameters(self) -> None:
        reset_children(self)
        if self.bias is not None:
            bound = self.to_in.in_features**-0.5  # as of the Linear maps
            nn.init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        return f"{self.to_in.in_features} -> {self.to_in.out_features}, alpha={self.alpha}"


@measured
class DirSAGEConv(nn.Module):
    r"""Map a node, the mean of its out-neighbours and that of its in-neighbours.

    .. math:: x_i' = W x_i + b + \alpha\, W_{\rightarrow} \operatorname{mean}_{i \to j} w_{ij} x_j
        + (1 - \alpha)\, W_{\leftarrow} \operatorname{mean}_{j \to i} w_{ji} x_j

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        alpha: the share of the out-neighbours, 0 to 1.
        bias: learn ``b``.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,) -> (N, F_out)

    Raises:
        ValueError: a width below 1, alpha outside 0..1, edge weights that do not fit.

    Source:
        Rossi et al., "Edge Directionality Improves Learning on Heterophilic Graphs", LoG 2023,
        section 4 (https://arxiv.org/abs/2305.10498).
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, alpha: float = 0.5, bias: bool = True
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_share("alpha", alpha)
        self.alpha = alpha
        self.ego = Linear(in_channels, out_channels, bias=bias)
        self.to_out = Linear(in_channels, out_channels, bias=False)
        self.to_in = Linear(in_channels, out_channels, bias=False)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        adj = Adjacency.of(adj, x.shape[0])
        # Means are linear: mapped first, sparse features need no dense twin.
        out = propagate(self.to_out(x), adj.transpose, edge_weight, reduce="mean")
        own = propagate(self.to_in(x), adj, edge_weight, reduce="mean")
        h: Tensor = self.ego(x) + self.alpha * out + (1 - self.alpha) * own
        return h

    def reset_parameters(self) -> None:
        reset_children(self)

    def extra_repr(self) -> str:
        return f"{self.ego.in_features} -> {self.ego.out_features}, alpha={self.alpha}"


@measured
class DirGNN(JumpingStack):
    r"""Convolutions over both directions of the edges, and a choice among the states of all layers.

    .. math:: h_l = \operatorname{Dropout}(\operatorname{ReLU}(\operatorname{DirConv}_l(h_{l-1}))),
        \qquad y = W \operatorname{Jump}(h_1, \dots, h_L) + b

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L, the number of convolutions.
        conv: ``gcn`` (:class:`DirGCNConv`) or ``sage`` (:class:`DirSAGEConv`).
        alpha: the share of the out-neighbours, 0 to 1; the released settings take 0.5 on most
            graphs and 1 on Squirrel and Chameleon.
        jump: ``max``, ``cat``, ``lstm``, or ``last`` to have the last convolution predict.
        out_channels: C to predict by itself, None to return H columns.
        dropout: probability, after every convolution but one that predicts.
        normalize: scale every state of a node to length 1.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, alpha outside 0..1, another conv or jump,
            edge weights that do not fit.

    Source:
        Rossi et al., "Edge Directionality Improves Learning on Heterophilic Graphs", LoG 2023
        (https://arxiv.org/abs/2305.10498). On an undirected graph both directions are one.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 3,
        *,
        conv: Literal["gcn", "sage"] = "gcn",
        alpha: float = 0.5,
        jump: Jump = "max",
        out_channels: int | None = None,
        dropout: float = 0.0,
        normalize: bool = False,
    ) -> None:
        if conv not in CONVS:
            raise ValueError(f"conv is {shown(conv)}, which is none of {', '.join(CONVS)}")
        made: Callable[..., nn.Module] = {"gcn": DirGCNConv, "sage": DirSAGEConv}[conv]
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(made, alpha=alpha),
            jump=jump,
            out_channels=out_channels,
            dropout=dropout,
            normalize=normalize,
        )


def _scales(adj: Adjacency, weight: Tensor | None, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """1 / sqrt of every node's out-degree and in-degree, (N, 1) each."""

    def build() -> tuple[Tensor, Tensor]:
        ends = (degree(adj, end, weight).to(dtype) for end in ("source", "target"))
        ahead, back = (inverse_root(total)[:, None] for total in ends)
        return ahead, back

    return build() if weight is not None else adj.remember(("dir scale", dtype), build)
