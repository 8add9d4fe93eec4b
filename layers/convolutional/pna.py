"""PNA (principal neighbourhood aggregation): several aggregators, each scaled by the degree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described
from gnnlab.contracts.graph_arguments import edge_width, graphs_of
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts, check_positive
from gnnlab.core.settings import checked
from gnnlab.layers.parts.attention_heads import check_heads
from gnnlab.layers.parts.batchnorm_stack import NormedStack
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.edge_attr import check_edge_attr
from gnnlab.layers.parts.gates import edge_linear
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.self_loops import check_weight
from gnnlab.ops import Adjacency, AdjacencyLike, degree, edge_reduce, gather, is_sparse, propagate

if TYPE_CHECKING:
    from torch_geometric.data import Data

SMALL = 1e-5
"""Variances up to this one are 0, and so have no infinite slope."""
STATISTICS, SCALERS = 4, 3


@checked
def average_log_degree(graphs: Iterable[Data]) -> float:
    r"""Return the mean over all nodes of :math:`\log(d + 1)`, by which PNA scales.

    Raises:
        ValueError: no node has an edge.
    """
    graphs = [] if isinstance(graphs, torch.Tensor) else list(graphs)
    for data in graphs:
        if not isinstance(getattr(data, "edge_index", None), torch.Tensor):
            raise ValueError(f"graphs holds {described(data)}, but graphs with edge_index are read")
    logs = [degree(Adjacency.of(data.edge_index, data.num_nodes)).log1p() for data in graphs]
    mean = float(torch.cat(logs).mean()) if logs else 0.0
    if not mean > 0:
        raise ValueError(f"the mean of log(degree + 1) is {mean}, but PNA needs a node with edges")
    return mean


def mean_log_degree(data: Any) -> float:
    """That of a graph or of a set of them."""
    return average_log_degree(graphs_of(data))


@measured
class PNAConv(nn.Module):
    r"""Take mean, maximum, minimum and deviation of the messages, each times three scales.

    .. math:: m_{ji} = A x_i + w_{ji} (B x_j + C e_{ji}), \qquad
        x_i' = W_o \Big\Vert_t U_t \Big[x_i,\ \big[1, \tfrac{\log(d_i + 1)}{\delta},
        \tfrac{\delta}{\log(d_i + 1)}\big] \otimes
        [\mu, \max, \min, \sigma]_{j \to i}\, m^t_{ji}\Big]

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output, a multiple of ``towers``.
        edge_dim: D, the width of ``edge_attr``; None for messages that read no edge.
        towers: T, maps A, B, C and U of its own for each; every tower reads all of ``x``.
        average_log_degree: :math:`\delta`, over the training graphs; see
            :func:`average_log_degree`.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,), edge_attr (E, D) -> (N, F_out)

    Raises:
        ValueError: a width or a number of towers below 1, towers that do not divide
            ``out_channels``, edge weights or features that do not fit or are missing.

    Cost:
        O(E T F_in) and no tensor of E rows without edge features, since A x_i moves a maximum as it
        moves a mean; with them the (E, T F_in) messages are written out.

    Source:
        Corso, Cavalleri, Beaini, Liò and Veličković, "Principal Neighbourhood Aggregation for Graph
        Nets", NeurIPS 2020, eq. 7-8 (https://arxiv.org/abs/2004.05718). The messages are linear, as
        in its benchmarks. A node without neighbours aggregates 0, scaled as one of degree 1 would.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        edge_dim: int | None = None,
        towers: int = 1,
        average_log_degree: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_heads("out_channels", out_channels, towers)
        check_positive("average_log_degree", average_log_degree)
        self.towers, self.delta = towers, float(average_log_degree)
        width = towers * in_channels
        self.target = Linear(in_channels, width)
        self.source = Linear(in_channels, width, bias=False)
        self.edge = edge_linear(edge_dim, width, bias=False)
        seen = (1 + STATISTICS * SCALERS) * in_channels
        self.update = nn.Parameter(torch.empty(towers, seen, out_channels // towers))
        self.update_bias = nn.Parameter(torch.empty(out_channels))
        self.output = nn.Linear(out_channels, out_channels)
        self.reset_parameters()

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        x = x.to_dense() if is_sparse(x) else x
        adj = Adjacency.of(adj, x.shape[0])
        if edge_weight is not None:
            check_weight(edge_weight, adj)
            edge_weight = edge_weight.to(x.dtype)
        seen = self._statistics(x, adj, edge_weight, edge_attr)  # (N, 4, T, F_in)
        scaled = seen.unsqueeze(1) * self._scales(adj, x.dtype)[:, :, None, None, None]
        towers = scaled.permute(3, 0, 1, 2, 4).flatten(2)  # (T, N, 12 F_in)
        own = x.expand(self.towers, *x.shape)
        out = torch.cat([own, towers], dim=2) @ self.update
        result: Tensor = self.output(out.transpose(0, 1).flatten(1) + self.update_bias)
        return result

    def _statistics(
        self, x: Tensor, adj: Adjacency, weight: Tensor | None, edge_attr: Tensor | None
    ) -> Tensor:
        sent = self.source(x)
        if self.edge is None:
            squares = None if weight is None else weight.square()
            mean, high, low = (propagate(sent, adj, weight, how) for how in ("mean", "max", "min"))
            mean_square = propagate(sent.square(), adj, squares, "mean")
        else:
            codes = check_edge_attr(edge_attr, adj, self.edge.in_features)
            message = gather(sent, adj) + self.edge(codes.to(self.edge.weight.dtype))
            message = message if weight is None else message * weight.unsqueeze(1)
            mean, high, low = (edge_reduce(message, adj, how) for how in ("mean", "max", "min"))
            mean_square = edge_reduce(message.square(), adj, "mean")
        variance = mean_square - mean.square()
        deviation = variance.clamp(min=SMALL).sqrt().masked_fill(variance <= SMALL, 0.0)
        # A x_i is the same for all messages of i; where there is none it is not heard.
        heard = self.target(x) * (degree(adj) > 0).unsqueeze(1)
        parts = torch.stack([mean + heard, high + heard, low + heard, deviation], dim=1)
        return parts.view(*parts.shape[:2], self.towers, parts.shape[2] // self.towers)

    def _scales(self, adj: Adjacency, dtype: torch.dtype) -> Tensor:
        logs = degree(adj).to(dtype).clamp(min=1).log1p() / self.delta
        return torch.stack([torch.ones_like(logs), logs, logs.reciprocal()], dim=1)

    def reset_parameters(self) -> None:
        reset_children(self)
        bound = 1 / math.sqrt(self.update.shape[1])
        nn.init.uniform_(self.update, -bound, bound)
        nn.init.uniform_(self.update_bias, -bound, bound)

    def extra_repr(self) -> str:
        return f"towers={self.towers}, average_log_degree={self.delta:.4g}"


@measured
class PNA(NormedStack):
    r"""A Linear on the features, and PNA convolutions with batch norm, ReLU and residual.

    .. math:: h_i \leftarrow h_i +
        \operatorname{ReLU}(\operatorname{BN}(\operatorname{PNAConv}(h)_i))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, a multiple of ``towers``.
        num_layers: number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, after every ReLU.
        edge_dim: D to read ``data.edge_attr``; None to read none.
        towers: of every convolution.
        average_log_degree: see :class:`PNAConv`; the runner fills it in from the graphs.
        residual: add the states before each convolution to those after it.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_attr (E, D) if asked for,
        data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, towers that do not divide
            ``hidden_channels``, edge weights or features that do not fit or are missing.

    Source:
        Corso et al., "Principal Neighbourhood Aggregation for Graph Nets", NeurIPS 2020
        (https://arxiv.org/abs/2004.05718). While training, batch normalisation needs at least two
        nodes.
    """

    from_graph = {"edge_dim": edge_width, "average_log_degree": mean_log_degree}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 4,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        edge_dim: int | None = None,
        towers: int = 1,
        average_log_degree: float = 1.0,
        residual: bool = True,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(
                PNAConv, edge_dim=edge_dim, towers=towers, average_log_degree=average_log_degree
            ),
            out_channels=out_channels,
            dropout=dropout,
            residual=residual,
        )
