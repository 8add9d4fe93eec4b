"""RGIN (relational GIN): sums over neighbours by weights of the edge type, mapped by an MLP."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from gnnlab.contracts.graph_arguments import edge_types_of
from gnnlab.contracts.parameters import measured
from gnnlab.layers.convolutional.gin import GINUpdate
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.plain_stack import ConvStack
from gnnlab.layers.relational.relation_weights import RelationWeights
from gnnlab.ops import AdjacencyLike


@measured
class RGINConv(nn.Module):
    r"""Add up neighbours, each type of edge by weights of its own, and map the sum as GIN does.

    .. math:: x_i' = W_2 \operatorname{ReLU}\Big(\operatorname{BN}\Big(W_0 x_i + b_1 +
        \sum_{r} \sum_{j \in N_i^r} w_{ji} W_r x_j\Big)\Big) + b_2

    This is GIN with its first map split by relation: one MLP, whose first layer has weights
    :math:`W_r` for each type of edge and :math:`W_0` (with the factor :math:`1 + \epsilon` in it)
    for the node itself.

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output and of the hidden layer.
        num_relations: R, the number of edge types.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,), edge_type (E,) int64 -> (N, F_out)

    Raises:
        ValueError: a width or a number of relations below 1, edge weights or types that do not fit.

    Cost:
        O(E) in edges, each of which is passed once; R + 2 matrix products.

    Source:
        Brockschmidt, "GNN-FiLM: Graph Neural Networks with Feature-wise Linear Modulation", ICML
        2020, eq. 4 (https://arxiv.org/abs/1906.12192), with linear maps where each type may have an
        MLP. The release of FoSR (Karhadkar, Banerjee and Montufar, ICLR 2023) has another form: a
        whole GIN for each type, added up beside a linear map of the node. Without edge types all
        edges are of type 0. While training, batch normalisation needs at least two nodes.
    """

    def __init__(self, in_channels: int, out_channels: int, num_relations: int = 1) -> None:
        super().__init__()
        self.neighbours = RelationWeights(in_channels, out_channels, num_relations, "sum")
        self.ego = Linear(in_channels, out_channels)
        self.update = GINUpdate(out_channels)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        out: Tensor = self.update(self.ego(x) + self.neighbours(x, adj, edge_weight, edge_type))
        return out

    def reset_parameters(self) -> None:
        self.neighbours.reset_parameters()
        self.ego.reset_parameters()
        self.update.reset_parameters()


@measured
class RGIN(ConvStack):
    r"""Relational GIN convolutions with ReLU between them.

    .. math:: h_i \leftarrow \operatorname{ReLU}\Big(W_2 \operatorname{ReLU}\Big(\operatorname{BN}
        \Big(W_0 h_i + b_1 + \sum_{r} \sum_{j \in N_i^r} W_r h_j\Big)\Big) + b_2\Big)

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        num_relations: R, the number of edge types: ``data["num_edge_types"]`` of a rewired graph.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, before every convolution.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight and data.edge_type (E,) if there
        -> (N, H) or (N, C)

    Raises:
        ValueError: a width, or a number of layers or relations below 1, edge weights or types that
            do not fit.

    Source:
        Brockschmidt, "GNN-FiLM: Graph Neural Networks with Feature-wise Linear Modulation", ICML
        2020 (https://arxiv.org/abs/1906.12192). Which of several forms this is, :class:`RGINConv`
        says.
    """

    from_graph = {"num_relations": edge_types_of}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        num_relations: int = 1,
        out_channels: int | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(RGINConv, num_relations=num_relations),
            out_channels=out_channels,
            dropout=dropout,
        )
