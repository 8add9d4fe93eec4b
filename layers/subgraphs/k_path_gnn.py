"""k-path subgraph network: a node's state is a GNN's on the subgraph of the paths around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.graph_arguments import edge_width
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_counts, check_not_negative
from gnnlab.layers.convolutional.gin import GINUpdate
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.subgraphs.edge_drop_contrast import EdgeDropContrast
from gnnlab.layers.subgraphs.k_path_reading import Subgraphs, read_subgraphs
from gnnlab.ops import edge_reduce, edge_sum, gather, propagate

if TYPE_CHECKING:
    from torch_geometric.data import Data

MARKS = ("root", "distance")
LONGEST = 255
"""Edges of a path: distances are kept in bytes."""


class KPathLayer(nn.Module):
    r"""A GIN with edges on all subgraphs, with ReLU and a residual connection.

    .. math:: h_{uv} \leftarrow h_{uv} + \operatorname{ReLU}\Big(\operatorname{MLP}\Big((1 +
        \epsilon) h_{uv} + \sum_{w \to u \in E_v} a_{wu} \operatorname{ReLU}(h_{wv} + s_{wu})
        \Big)\Big)

    Args:
        channels: H.
        edge_dim: D, the width of the edges that s maps; None to read none (s is 0).

    Shapes:
        h (M, H), M nodes in subgraphs -> (M, H)
    """

    def __init__(self, channels: int, edge_dim: int | None) -> None:
        super().__init__()
        self.eps = nn.Parameter(torch.zeros(()))
        self.edges = None if edge_dim is None else nn.Linear(edge_dim, channels)
        self.linear, self.update = nn.Linear(channels, channels), GINUpdate(channels)

    def forward(self, h: Tensor, own: Subgraphs) -> Tensor:
        total = (1 + self.eps) * h + self.heard(h, own)
        return h + F.relu(self.update(self.linear(total)))

    def heard(self, h: Tensor, own: Subgraphs) -> Tensor:
        """The sum of the messages, (M, H)."""
        if self.edges is None or own.edges is None:
            return propagate(F.relu(h), own.arcs, own.weight)
        shift = gather(self.edges(own.attr), own.edges, "target")
        message = F.relu(gather(h, own.arcs) + shift)
        if own.weight is not None:
            message = message * own.weight.to(message.dtype).unsqueeze(1)
        return edge_sum(message, own.arcs)

    def reset_parameters(self) -> None:
        reset_children(self)
        nn.init.zeros_(self.eps)


@measured
class KPathSubgraphGNN(Encoder):
    r"""A network on the subgraph of the paths of at most k edges from each node, pooled to a state.

    .. math:: h^0_{uv} = W x_u + b + T[m_{uv}], \qquad z_v = \operatorname{ReLU}\Big(\operatorname{
        BN}\Big(W_r h_{vv} + W_s \operatorname{reduce}_{u \in V_v} h_{uv} + c\Big)\Big)

    The subgraph of a root v holds the nodes and edges of all simple paths of at most k edges that
    begin at v; it is found without going along them
    (:class:`gnnlab.structure.transforms.KPathSubgraphs`). The mark m anchors it: whether u is v, or
    how far u is from v. Layers of :class:`KPathLayer` pass messages inside each subgraph.

    With ``contrast`` above 0, training adds to its loss how far the states of a graph, of nodes
    where there is one graph alone, are from those of the same graph with edges dropped, by
    probabilities that are learned: see
    :class:`gnnlab.layers.subgraphs.edge_drop_contrast.EdgeDropContrast`. Evaluation does
    not change.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: layers inside the subgraphs; k and more let a root hear its whole subgraph.
        length: k, the edges of the longest path.
        mark: ``root`` marks the root alone, ``distance`` gives every distance a learned vector.
        pooling: ``sum`` or ``mean`` over the nodes of a subgraph.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, before every layer.
        edge_dim: D to read a floating ``data.edge_attr``; None to read none.
        contrast: what the contrastive loss is multiplied by; 0 for none.
        drop_penalty: the weight of the regulariser on how many edges are dropped.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.rooted_index (2, M), rooted_distance (M,),
        rooted_degree (M,) and rooted_source (A,) as ``transform`` leaves them; data.edge_weight
        (E,) if there, data.edge_attr (E, D) if asked for -> (N, H) or (N, C)

    Raises:
        ValueError: a size below 1, an unknown mark or pooling; data that ``transform``
            has not seen; edge weights or attributes that are missing or do not fit.

    Cost:
        O(M H^2 + A H) a layer, for M nodes and A arcs in all subgraphs; with ``edge_dim``, A H
        numbers of memory a layer. A step with ``contrast`` takes about twice as long.

    Source:
        Li, Xu, Zhang, Zhou, Chen and Li, "Revisiting Graph Neural Networks on Graph-level Tasks:
        Comprehensive Experiments, Analysis, and Improvements", 2025, version 1
        (https://arxiv.org/abs/2501.00773v1), for the idea: subgraphs of the k-paths of each node,
        and contrastive learning that "adaptively removes unimportant edges". No code is public,
        later versions leave the model out, and its layers, settings and losses are not known here:
        layers are GIN's and the loss is AD-GCL's, so that no published number is one of this
        network. Repeats of an edge count once, with the mean of what they carry; self-loops are on
        no path.
    """

    maskable = False
    """Subgraphs are found before training, and a masked link would still be in them."""

    from_graph = {"edge_dim": edge_width}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 4,
        *,
        length: int = 3,
        mark: Literal["root", "distance"] = "root",
        pooling: Literal["sum", "mean"] = "sum",
        out_channels: int | None = None,
        dropout: float = 0.0,
        edge_dim: int | None = None,
        contrast: float = 0.0,
        drop_penalty: float = 5.0,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_choice("mark", mark, MARKS)
        check_choice("pooling", pooling, ("sum", "mean"))
        check_counts(length=length, edge_dim=1 if edge_dim is None else edge_dim)
        check_not_negative("contrast", contrast)
        check_not_negative("drop_penalty", drop_penalty)
        if length > LONGEST:
            raise ValueError(f"length is {length}, but paths have at most {LONGEST} edges here")
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.edge_dim = out_channels, edge_dim
        self.length, self.mark, self.pooling = length, mark, pooling
        self.contrast = contrast
        self.input = Linear(in_channels, hidden_channels)
        self.marks = nn.Embedding(2 if mark == "root" else length + 1, hidden_channels)
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            KPathLayer(hidden_channels, edge_dim) for _ in range(num_layers)
        )
        self.of_root = nn.Linear(hidden_channels, hidden_channels)
        self.of_all = nn.Linear(hidden_channels, hidden_channels, bias=False)
        self.norm = nn.BatchNorm1d(hidden_channels)
        self.views = None
        if contrast:
            self.views = EdgeDropContrast(hidden_channels, drop_penalty=drop_penalty)
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def transform(self, data: Data) -> Data:
        """Return the graph with the subgraphs of its nodes, unless they are there already."""
        from gnnlab.structure.transforms import KPathSubgraphs

        found: Data = KPathSubgraphs(self.length)(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so."""
        from gnnlab.structure.transforms import KPathSubgraphs

        return KPathSubgraphs(self.length).many(graphs)

    def forward(self, data: Data) -> Tensor:
        z = self.states(data)
        return z if self.output is None else self.output(z)

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return what ``forward`` does, and what a step of training adds to its loss, if any."""
        z, loss = self.states(data), None
        if self.views is not None:
            loss = self.contrast * self.views(self.states, data, z)
        return (z if self.output is None else self.output(z)), loss

    def states(self, data: Data) -> Tensor:
        """The nodes' states, (N, H)."""
        own = read_subgraphs(data, self.length, self.edge_dim)
        codes = own.distance if self.mark == "distance" else (own.distance == 0).long()
        h = gather(self.input(data.x), own.pairs) + self.marks(codes)
        for layer in self.layers:
            h = layer(self.dropout(h), own)
        pooled = edge_reduce(h, own.pairs, self.pooling)
        z = self.of_root(h.index_select(0, own.root)) + self.of_all(pooled)
        return F.relu(self.norm(z))

    def reset_parameters(self) -> None:
        reset_children(self)
