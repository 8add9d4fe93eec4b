"""PathNN (path neural network): an LSTM reads the paths from a node, longer ones layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.graph_arguments import edge_width
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_counts
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear, input_map
from gnnlab.layers.paths.lstm import PathLSTM, Reading
from gnnlab.layers.paths.reading import readings
from gnnlab.ops import degree, edge_sum

if TYPE_CHECKING:
    from torch_geometric.data import Data

REDUCE = ("sum", "mean")
NORMS = ("batch", "length", "none")
TIES = (
    "keeps one of several shortest paths, by the nodes' numbers where colour refinement does not "
    "tell them apart"
)


class NormedMLP(nn.Module):
    r"""A Linear, batch normalisation unless ``norm`` is False, and ReLU, twice.

    .. math:: \operatorname{ReLU}(\operatorname{BN}(W_2 \operatorname{ReLU}(\operatorname{BN}(
        W_1 x + b_1)) + b_2))

    Shapes:
        x (N, in_channels), dense or sparse -> (N, channels)
    """

    def __init__(self, in_channels: int, channels: int, *, norm: bool = True) -> None:
        super().__init__()
        self.linears = nn.ModuleList([Linear(in_channels, channels), Linear(channels, channels)])
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(channels) if norm else nn.Identity() for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        for linear, norm in zip(self.linears, self.norms, strict=True):
            x = F.relu(norm(linear(x)))
        return x

    def reset_parameters(self) -> None:
        reset_children(self)


class PathLayer(nn.Module):
    r"""Add up what the paths of one length bring to the nodes they begin at, and update the nodes.

    .. math:: h_v \leftarrow \phi\Big(\operatorname{BN}\Big(h_v + \sum_{p : p_0 = v}
        \operatorname{LSTM}(h_{p_k}, \dots, h_{p_1}, h_v)\Big)\Big)

    Args:
        channels: H.
        reduce: ``sum`` or ``mean`` over the paths.
        residual: add the states before the layer.
        mlp: :math:`\phi` is a :class:`NormedMLP` and not a ReLU.
        norm: ``batch``; ``length`` scales every node's state to length 1 before the layer in its
            place; ``none``.
        dropout: probability, on the states that are read and, with ``mlp``, before it.

    Shapes:
        h (N, H), P paths -> (N, H)
    """

    def __init__(
        self, channels: int, *, reduce: str, residual: bool, mlp: bool, norm: str, dropout: float
    ) -> None:
        super().__init__()
        self.reduce, self.residual, self.unit = reduce, residual, norm == "length"
        self.dropout = Dropout(dropout)
        batch = norm == "batch"
        self.norm: nn.Module = nn.BatchNorm1d(channels) if batch else nn.Identity()
        self.mlp = NormedMLP(channels, channels, norm=batch) if mlp else None

    def forward(
        self, h: Tensor, lstm: PathLSTM, reading: Reading, edges: Tensor | None = None
    ) -> Tensor:
        h = F.normalize(h) if self.unit else h
        found = lstm(self.dropout(h), reading, edges)
        if reading.weight is not None:
            found = found * reading.weight.to(found.dtype).unsqueeze(1)
        heard = edge_sum(found, reading.hears)
        if self.reduce == "mean":
            paths = degree(reading.hears).to(heard.dtype)
            heard = heard / paths.clamp(min=1).unsqueeze(1)
        h = self.norm(h + heard if self.residual else heard)
        return F.relu(h) if self.mlp is None else self.mlp(self.dropout(h))

    def reset_parameters(self) -> None:
        reset_children(self)


@measured
class PathNN(Encoder):
    r"""Path neural network: layer k reads the paths of k edges, for k = 1, …, K.

    .. math:: h_v \leftarrow \operatorname{ReLU}\Big(\operatorname{BN}_k\Big(h_v + \sum_{p = (v,
        u_1, \dots, u_k)} \operatorname{LSTM}(h_{u_k}, \dots, h_{u_1}, h_v)\Big)\Big)

    An LSTM, one for all layers, reads a path from its far end, and its last state is added up at
    the node v that the path begins at. The paths are all simple ones (``all``: AP), all shortest
    ones between two nodes (``all_shortest``: SP+), or one shortest for each two (``shortest``:
    SP). With simple paths, beside each node its distance from v is read, as a learned vector.

    The weight of a path is the product of its edges' weights, and multiplies what was read. Repeats
    of an edge count once, with the mean of what they carry, and self-loops are on no path.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: how often all lengths 1, …, K are gone through.
        length: K, the edges of the longest path; the release's cutoff, which counts nodes, is
            K + 1.
        kind: ``shortest``, ``all_shortest`` or ``all``.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, on the states that are read.
        edge_dim: D to read ``data.edge_attr`` of each edge on a path with the node it leads to;
            None to read none.
        reduce: ``sum`` or ``mean`` over the paths from a node.
        residual: add the states before each layer.
        input_mlp: map the features by a :class:`NormedMLP`; by a Linear if not, as for molecules.
        update_mlp: a :class:`NormedMLP` in the place of the ReLU, as for molecules.
        map_input: start from a map of the features at all; False, with ``input_mlp=False``, where
            they are H wide and embedded already.
        norm: ``batch``; ``length``, which scales every node's state to length 1 before each layer;
            ``none``. On graphs whose nodes are all alike, the statistics of a batch tell which
            classes are in it.

    Shapes:
        data.x (N, F), data.path_k_index (k + 1, P_k) and, of simple paths, data.path_k_distance
        (P_k, k + 1) for k = 1, …, K as ``transform`` leaves them; data.edge_index (2, E) with
        data.edge_weight (E,) if there and data.edge_attr (E, D) if asked for -> (N, H) or (N, C)

    Raises:
        ValueError: a size below 1, a kind or a reduction that is none; data that ``transform`` has
            not seen, or whose edges changed since; edge weights or attributes that are missing or
            do not fit.

    Cost:
        Layer k: up to k products of (U, H) and (H, 4 H), where U is in how many ways the paths of k
        edges begin up to a step, :math:`P_k` at most. What the nodes bring in is mapped once for
        each node.

    Source:
        Michel, Nikolentzos, Lutzeyer and Vazirgiannis, "Path Neural Networks: Expressive and
        Accurate Graph Neural Networks", ICML 2023 (https://arxiv.org/abs/2306.05955), and its
        release, https://github.com/gasmichel/PathNNs_expressive: the defaults are its networks for
        TU sets, ``input_mlp=False, update_mlp=True, map_input=False`` on embedded atoms those for
        molecules, ``norm="none"`` those for graphs whose nodes are alike, with simple paths
        ``"length"``. There, dropout draws another mask for each node on each path, and for what
        else is read with it; here one for each node, since nodes are mapped before paths are read.
        It leaves the norm out with ``mean``. While training, batch normalisation needs at least
        two nodes.
    """

    maskable = False
    """The paths are found before training, and a masked link would still be in them: link tasks
    train with disjoint message and supervision edges."""
    order_dependent: str | None = TIES
    from_graph = {"edge_dim": edge_width}
    later = {"map_input": True, "norm": "batch"}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 1,
        *,
        length: int = 4,
        kind: Literal["shortest", "all_shortest", "all"] = "shortest",
        out_channels: int | None = None,
        dropout: float = 0.0,
        edge_dim: int | None = None,
        reduce: Literal["sum", "mean"] = "sum",
        residual: bool = True,
        input_mlp: bool = True,
        update_mlp: bool = False,
        map_input: bool = True,
        norm: Literal["batch", "length", "none"] = "batch",
    ) -> None:
        super().__init__()
        check_choice("norm", norm, NORMS)
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_counts(length=length, edge_dim=1 if edge_dim is None else edge_dim)
        check_choice("kind", kind, ("shortest", "all_shortest", "all"))
        check_choice("reduce", reduce, REDUCE)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.edge_dim = out_channels, edge_dim
        self.length, self.kind = length, kind
        self.order_dependent = TIES if kind == "shortest" else None
        if input_mlp and not map_input:
            raise ValueError(
                "input_mlp is True and map_input False, but an MLP maps the features: leave one out"
            )
        self.input: nn.Module = (
            NormedMLP(in_channels, hidden_channels, norm=norm == "batch")
            if input_mlp
            else input_map(in_channels, hidden_channels, map_input)
        )
        self.lstm = PathLSTM(
            hidden_channels, distances=length + 1 if kind == "all" else 0, edge_dim=edge_dim or 0
        )
        self.layers = nn.ModuleList(
            PathLayer(
                hidden_channels,
                reduce=reduce,
                residual=residual,
                mlp=update_mlp,
                norm=norm,
                dropout=dropout,
            )
            for _ in range(num_layers * length)
        )
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def transform(self, data: Data) -> Data:
        """Return the graph with its paths, unless they are there already."""
        from gnnlab.structure.transforms import AddPaths

        found: Data = AddPaths(self.length, self.kind)(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Do so for many graphs together."""
        from gnnlab.structure.transforms import AddPaths

        return AddPaths(self.length, self.kind).many(graphs)

    def forward(self, data: Data) -> Tensor:
        found, attr = readings(data, self.length, self.kind, self.edge_dim)
        edges = None if attr is None else self.lstm.of_edges(attr)
        h: Tensor = self.input(data.x)
        for number, layer in enumerate(self.layers):
            h = layer(h, self.lstm, found[number % self.length], edges)
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
