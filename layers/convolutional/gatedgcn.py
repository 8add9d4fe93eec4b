"""GatedGCN: graph convolution in which a gate on each edge weighs every channel of its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.graph_arguments import edge_width
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.activations import Activation, find_activation
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.edge_attr import check_edge_attr
from gnnlab.layers.parts.gates import edge_linear, gate_inputs, gated_sum
from gnnlab.layers.parts.linear import Linear, input_map
from gnnlab.ops import Adjacency, AdjacencyLike

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class GatedGCNConv(nn.Module):
    r"""Add the neighbours to a node, each channel of each message weighed by a gate of its edge.

    .. math:: x_i' = A x_i + \sum_{j \to i} w_{ji}\, \eta_{ji} \odot B x_j, \qquad
        \hat e_{ji} = C e_{ji} + D x_i + E x_j, \qquad
        \eta_{ji} = \frac{\sigma(\hat e_{ji})}{\sum_{l \to i} \sigma(\hat e_{li}) + 10^{-6}}

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output and of the edges' new states.
        edge_dim: D, the width of ``edge_attr``; None for gates that look at the two nodes alone.
        normalize: divide the gates by their sum over the node's edges; if not,
            :math:`\eta = \sigma(\hat e)`.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,), edge_attr (E, D) -> (N, F_out)

    Raises:
        ValueError: a width below 1, edge weights or features that do not fit or are missing.

    Source:
        Bresson and Laurent, "Residual Gated Graph ConvNets", 2017, eq. 11
        (https://arxiv.org/abs/1711.07553), in the form of Dwivedi et al., "Benchmarking Graph
        Neural Networks", JMLR 2023 (https://arxiv.org/abs/2003.00982). Edge weights are factors
        after the gate, as attention has them. C and E have no bias, since D has one.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        edge_dim: int | None = None,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        self.edge_dim, self.normalize = edge_dim, normalize
        self.ego = Linear(in_channels, out_channels)
        self.message = Linear(in_channels, out_channels)
        self.target_gate = Linear(in_channels, out_channels)
        self.source_gate = Linear(in_channels, out_channels, bias=False)
        self.edge_gate = edge_linear(edge_dim, out_channels, bias=False)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        out, _ = self.with_edges(x, adj, edge_weight, edge_attr)
        return out

    def with_edges(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        r"""The nodes' new states, and the edges' :math:`\hat e`, from which their next ones are.

        Shapes:
            x (N, F_in), edge_weight (E,), edge_attr (E, D) -> (N, F_out), (E, F_out)
        """
        adj = Adjacency.of(adj, x.shape[0])
        edges = gate_inputs(
            self.target_gate(x), self.source_gate(x), adj, self.edge_gate, edge_attr
        )
        gates = edges.sigmoid()
        summed = gated_sum(self.message(x), gates, adj, edge_weight, self.normalize)
        return self.ego(x) + summed, edges

    def reset_parameters(self) -> None:
        reset_children(self)

    def extra_repr(self) -> str:
        return f"normalize={self.normalize}"


class GatedGCNLayer(nn.Module):
    r"""A gated convolution with its norm, ReLU, dropout and residual, for nodes and for edges.

    Args:
        channels: H.
        edge_dim: width of the edges' states; None where they have none yet.
        updates_edges: whether the edges' next states are computed.
        batch_norm: normalise what the convolution gives.
        residual: add the states before it.
        dropout: probability.
        activation: ``relu`` or ``gelu``.

    Shapes:
        h (N, H), edges (E, D) or None -> (N, H), (E, H) or the old edges
    """

    def __init__(
        self,
        channels: int,
        edge_dim: int | None,
        *,
        updates_edges: bool,
        batch_norm: bool,
        residual: bool,
        dropout: float,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.residual, self.activation = residual, find_activation(activation)
        self.conv = GatedGCNConv(channels, channels, edge_dim=edge_dim)
        self.norm = nn.BatchNorm1d(channels) if batch_norm else None
        self.updates_edges = updates_edges
        self.edge_norm = _EdgeNorm(channels) if batch_norm and updates_edges else None
        self.dropout = Dropout(dropout)

    def forward(
        self, h: Tensor, adj: Adjacency, edge_weight: Tensor | None, edges: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        new, new_edges = self.conv.with_edges(h, adj, edge_weight, edges)
        h = self._step(h, new, self.norm)
        return h, self._step(edges, new_edges, self.edge_norm) if self.updates_edges else edges

    def _step(self, old: Tensor | None, new: Tensor, norm: nn.Module | None) -> Tensor:
        out: Tensor = self.dropout(self.activation(new if norm is None else norm(new)))
        return out if old is None or not self.residual else old + out

    def reset_parameters(self) -> None:
        reset_children(self)


class _EdgeNorm(nn.BatchNorm1d):
    """Batch normalisation that leaves its statistics alone where fewer than two edges are."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or input.shape[0] > 1:
            return super().forward(input)
        return F.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


@measured
class GatedGCN(Encoder):
    r"""Gated graph convolutions whose edges have states too.

    .. math:: h_i \leftarrow h_i + \operatorname{ReLU}\Big(\operatorname{BN}\Big(A h_i +
        \sum_{j \to i} \eta_{ji} \odot B h_j\Big)\Big), \qquad
        e_{ji} \leftarrow e_{ji} + \operatorname{ReLU}(\operatorname{BN}(\hat e_{ji}))

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, of nodes and of edges.
        num_layers: number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, after every ReLU.
        edge_dim: D to read ``data.edge_attr``; None for edges that start without a state.
        edge_states: give the edges new states in every layer; if not, all layers see the mapped
            features, or none.
        batch_norm: normalise nodes and edges over the batch.
        residual: add the states before each layer to those after it.
        activation: ``relu`` or ``gelu``.
        map_input: start from a Linear of the nodes' and one of the edges' features; False where
            they are H wide and embedded already.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_attr (E, D) if asked for,
        data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights or features that do not fit
            or are missing.

    Cost:
        O(E H^2) a layer with edge states, which are (E, H); O(E H + N H^2) without.

    Source:
        Bresson and Laurent, "Residual Gated Graph ConvNets", 2017
        (https://arxiv.org/abs/1711.07553); Dwivedi et al., "Benchmarking Graph Neural Networks",
        JMLR 2023 (https://arxiv.org/abs/2003.00982). Their dropout falls on the sum with the
        residual, ours on what is added to it, as in GraphGym's layer. Its models without edge
        features give all edges one learned state, which the biases hold here. The last layer, whose
        edges nobody reads, gives them no new states. While training, batch normalisation needs at
        least two nodes.
    """

    from_graph = {"edge_dim": edge_width}
    later = {"activation": "relu", "map_input": True}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        edge_dim: int | None = None,
        edge_states: bool = True,
        batch_norm: bool = True,
        residual: bool = True,
        activation: Activation = "relu",
        map_input: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels = out_channels
        self.input = input_map(in_channels, hidden_channels, map_input)
        self.edge_dim = edge_dim
        self.edge_input = (
            None if edge_dim is None else input_map(edge_dim, hidden_channels, map_input)
        )
        self.layers = nn.ModuleList(
            GatedGCNLayer(
                hidden_channels,
                hidden_channels if edge_dim is not None or (edge_states and number > 1) else None,
                updates_edges=edge_states and number < num_layers,
                batch_norm=batch_norm,
                residual=residual,
                dropout=dropout,
                activation=activation,
            )
            for number in range(1, num_layers + 1)
        )
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight, edges = getattr(data, "edge_weight", None), None
        if self.edge_input is not None and self.edge_dim is not None:
            features = getattr(data, "edge_attr", None)
            attr = check_edge_attr(features, adj, self.edge_dim)
            edges = self.edge_input(attr.to(data.x.dtype))
        h: Tensor = self.input(data.x)
        for layer in self.layers:
            h, edges = layer(h, adj, weight, edges)
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
