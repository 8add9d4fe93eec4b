"""Subgraph GNNs: a subgraph for every node, and states for all nodes of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.graph_arguments import edge_values
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_count
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.edge_attr import EdgeDim
from gnnlab.layers.parts.linear import input_map
from gnnlab.layers.parts.mlp import MLP
from gnnlab.layers.subgraphs.layers import PairReadout, SubgraphLayer
from gnnlab.ops import Adjacency, Pairs, pair_spread
from gnnlab.structure.subgraphs.symbols import POLICIES, POOLINGS, symbols_of

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class SubgraphGNN(Predicting):
    r"""A state for every pair (u, v): node v in the subgraph of u; local and global sums over both.

    .. math:: h^0_{uv} = W x_v + b + T[p_{uv}], \qquad
        h'_{uv} = \operatorname{ReLU}\Big(\operatorname{BN}\Big(\sum_a \operatorname{MLP}_a
        \big((1 + \epsilon_a) h_{uv} + \operatorname{agg}_a(h)_{uv}\big)\Big)\Big)

    What is added up, a, is data: ``uL``, the neighbours of v in the subgraph of u,
    :math:`\sum_{w \to v} \operatorname{ReLU}(h_{uw} + s_{wv})`; ``vL``, the same node in the
    subgraphs of the neighbours of u, :math:`\sum_{w \to u} \operatorname{ReLU}(h_{wv} + s_{wu})`;
    ``uG`` and ``vG``, :math:`\sum_w h_{uw}` and :math:`\sum_w h_{wv}`; ``vv``, ``vu`` and ``uu``,
    single pairs. s is a map of ``edge_attr``, one for each layer and sum. Edges between pairs are
    never written out where the compiled CPU backend serves.

    A policy says what sets the subgraph of u apart: ``distance`` tells each v its distance from u
    (up to D, which also stands where there is no way), ``marking`` whether it is u, ``deletion``
    takes the edges of u away, ``ego`` those that leave the nodes up to ``radius`` hops from u,
    and ``ego+`` marks u in addition. Taken away, edges carry no message in ``uL``; nodes stay.
    In graphs of several components every subgraph has the nodes of all of them.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of layers.
        aggregation: ``SWL``, ``PSWL``, ``GSWL``, ``SSWL``, ``SSWL+``, or a sequence of symbols.
        policy: ``distance``, ``marking``, ``deletion``, ``ego`` or ``ego+``.
        pooling: ``VS`` pools the nodes v of each subgraph first, ``SV`` the subgraphs u of each v.
        max_distance: D, of policy ``distance``.
        radius: of policies ``ego`` and ``ego+``.
        out_channels: C to predict by an MLP with 2 H in its middle, None to return the graphs'
            states.
        dropout: probability, after every layer.
        edge_dim: D to read a floating ``data.edge_attr``, or the sizes of its categorical columns;
            None to read none.
        map_input: start from a Linear of the features; False where they are H wide and embedded
            already.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.pair_distance (P,) where the policy needs it, as
        ``transform`` leaves it, data.edge_attr (E, D) or (E, K) if asked for -> (B, H) or (B, C)

    Raises:
        ValueError: a size below 1, an unknown aggregation, symbol, policy or pooling; data that
            ``transform`` has not seen, edge attributes that do not fit.

    Cost:
        O((P A H^2) + n E H) a layer for P = sum of n^2 pairs and A sums, and some 6 A P H numbers
        of memory while training. Beside the compiled CPU backend, n E H numbers while a sum runs.

    Source:
        Zhang, Feng, Du, He and Wang, "A Complete Expressiveness Hierarchy for Subgraph GNNs via
        Subgraph Weisfeiler-Lehman Tests", ICML 2023 (https://arxiv.org/abs/2302.07090), with the
        layers of https://github.com/subgraph23/SWL. There, a batch normalisation of the readout
        counts each u n times, and a distance of two components is undefined. ``deletion``,
        ``ego`` and ``ego+`` are those of Bevilacqua et al., "Equivariant Subgraph Aggregation
        Networks", ICLR 2022 (https://arxiv.org/abs/2110.02910). ``edge_weight`` is not read. While
        training, batch normalisation needs at least two nodes.
    """

    level = "graph"
    maskable = False
    """Distances are found before training, and a masked link would still be in them."""
    reads_codes = "looks up categories of edges by itself, in every layer"
    predicts = "ends in an MLP"
    from_graph = {"edge_dim": edge_values}
    later = {"map_input": True}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 6,
        *,
        aggregation: str | Sequence[str] = "SSWL+",
        policy: str = "distance",
        pooling: str = "VS",
        max_distance: int = 5,
        radius: int = 3,
        out_channels: int | None = None,
        dropout: float = 0.0,
        edge_dim: EdgeDim | None = None,
        map_input: bool = True,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_choice("policy", policy, POLICIES)
        check_choice("pooling", pooling, tuple(POOLINGS))
        check_count("max_distance", max_distance)
        check_count("radius", radius)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.policy, self.pooling = out_channels, policy, pooling
        self.max_distance, self.radius = max_distance, radius
        self.symbols = symbols_of(aggregation)
        self.input = input_map(in_channels, hidden_channels, map_input)
        marks = {"distance": max_distance + 1, "marking": 2, "ego+": 2}.get(policy)
        self.marks = None if marks is None else nn.Embedding(marks, hidden_channels)
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            SubgraphLayer(hidden_channels, self.symbols, edge_dim) for _ in range(num_layers)
        )
        self.readout = PairReadout(hidden_channels, POOLINGS[pooling])
        self.output = (
            None
            if out_channels is None
            else MLP([hidden_channels, 2 * hidden_channels, out_channels])
        )

    @property
    def reach(self) -> int | None:
        """Up to which distance pairs are told apart; None where distances are not looked at."""
        if self.policy == "distance":
            return self.max_distance
        return self.radius + 1 if self.policy in ("ego", "ego+") else None

    def transform(self, data: Data) -> Data:
        """Return the graph with its ``pair_distance``, unless it is there or not asked for."""
        if self.reach is None:
            return data
        from gnnlab.structure.transforms import PairDistances

        found: Data = PairDistances(self.reach)(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return graphs as ``transform`` does each, all in a few passes."""
        if self.reach is None:
            return list(graphs)
        from gnnlab.structure.transforms import PairDistances

        return PairDistances(self.reach).many(graphs)

    def forward(self, data: Data) -> Tensor:
        batch, distance = getattr(data, "batch", None), self._distance(data)
        pairs = _pairs(data, distance)
        h = pair_spread(self.input(data.x), pairs, "v")
        if self.marks is not None:
            codes = distance if self.policy == "distance" else _is_root(h, pairs)
            assert codes is not None
            h = h + F.embedding(codes.long(), self.marks.weight)
        inside = None
        if self.policy == "deletion":
            inside = ~_is_root(h, pairs)
        elif self.policy in ("ego", "ego+"):
            assert distance is not None
            inside = distance <= self.radius
        for layer in self.layers:
            h = self.dropout(layer(h, pairs, getattr(data, "edge_attr", None), inside))
        graphs = 1 if batch is None else data.num_graphs
        out: Tensor = self.readout(h, pairs, batch, graphs)
        return out if self.output is None else self.output(out)

    def _distance(self, data: Data) -> Tensor | None:
        if self.reach is None:
            return None
        from gnnlab.structure.transforms import PairDistances

        return PairDistances(self.reach).read_from(data)[0]

    def reset_parameters(self) -> None:
        reset_children(self)


def _pairs(data: Data, distance: Tensor | None) -> Pairs:
    adj = Adjacency.of(data.edge_index, data.x.shape[0])
    bounds = getattr(data, "ptr", None)
    if bounds is None and (batch := getattr(data, "batch", None)) is not None:
        bounds = [0, *batch.bincount(minlength=data.num_graphs).cumsum(0).tolist()]
    pairs = Pairs.of(adj, bounds, num_pairs=None if distance is None else distance.shape[0])
    if distance is not None and distance.shape != (pairs.num_pairs,):
        raise ValueError(
            f"data.pair_distance is of shape {tuple(distance.shape)}, but the graphs have "
            f"{pairs.num_pairs} pairs of nodes: call encoder.transform(data) anew"
        )
    return pairs


def _is_root(h: Tensor, pairs: Pairs) -> Tensor:
    """(P,) bool: whether v is u."""
    ones = h.new_ones((pairs.num_nodes, 1))
    return pair_spread(ones, pairs, "diagonal").squeeze(1) > 0
