"""RGCN (relational graph convolution): the mean over each edge type, by weights of the type."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from gnnlab.contracts.graph_arguments import edge_types_of
from gnnlab.contracts.parameters import measured
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.plain_stack import ConvStack
from gnnlab.layers.relational.relation_weights import RelationWeights
from gnnlab.ops import AdjacencyLike


@measured
class RGCNConv(nn.Module):
    r"""Add up the means over each type of edge, each by weights of its own, beside the node itself.

    .. math:: x_i' = W_0 x_i + b + \sum_{r} \frac{1}{c_{i,r}} \sum_{j \in N_i^r} w_{ji} W_r x_j,
        \qquad c_{i,r} = |N_i^r|

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output.
        num_relations: R, the number of edge types.
        bias: learn ``b``.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,), edge_type (E,) int64 -> (N, F_out)

    Raises:
        ValueError: a width or a number of relations below 1, edge weights or types that do not fit.

    Cost:
        O(E) in edges, each of which is passed once; R matrix products.

    Source:
        Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, "Modeling Relational Data with
        Graph Convolutional Networks", ESWC 2018, eq. 2 (https://arxiv.org/abs/1703.06103), without
        its two ways to share weights between relations, which are for hundreds of them. Without
        edge types all edges are of type 0.
    """

    def __init__(
        self, in_channels: int, out_channels: int, num_relations: int = 1, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.neighbours = RelationWeights(in_channels, out_channels, num_relations, "mean")
        self.ego = Linear(in_channels, out_channels, bias=bias)

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        out: Tensor = self.ego(x) + self.neighbours(x, adj, edge_weight, edge_type)
        return out

    def reset_parameters(self) -> None:
        self.neighbours.reset_parameters()
        self.ego.reset_parameters()


@measured
class RGCN(ConvStack):
    r"""Relational graph convolutions with ReLU between them.

    .. math:: h_i \leftarrow \operatorname{ReLU}\Big(W_0 h_i + b + \sum_{r} \frac{1}{c_{i,r}}
        \sum_{j \in N_i^r} W_r h_j\Big)

    Every layer has weights for every type of edge: what a rewiring added, and each of LASER's
    snapshots, is told from the graph's own edges throughout.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        num_relations: R, the number of edge types: ``data["num_edge_types"]`` of a rewired graph.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, before every convolution.
        batch_norm: normalise what each convolution gives, before its ReLU.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight and data.edge_type (E,) if there
        -> (N, H) or (N, C)

    Raises:
        ValueError: a width, or a number of layers or relations below 1, edge weights or types that
            do not fit.

    Source:
        Schlichtkrull, Kipf, Bloem, van den Berg, Titov and Welling, "Modeling Relational Data with
        Graph Convolutional Networks", ESWC 2018 (https://arxiv.org/abs/1703.06103). The release of
        LASER (Barbero et al., ICLR 2024) gives snapshots weights of their own in the last layer
        alone.
    """

    from_graph = {"num_relations": edge_types_of}
    later = {"batch_norm": False}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        num_relations: int = 1,
        out_channels: int | None = None,
        dropout: float = 0.2,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            partial(RGCNConv, num_relations=num_relations),
            out_channels=out_channels,
            dropout=dropout,
            batch_norm=batch_norm,
        )
