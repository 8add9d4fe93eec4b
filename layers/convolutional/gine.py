"""GINE: graph isomorphism network whose messages add the features of their edges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.graph_arguments import edge_values
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_counts, check_number
from gnnlab.layers.convolutional.gin import BareUpdate, GINUpdate
from gnnlab.layers.parts.activations import Activation, find_activation
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.edge_attr import EdgeDim, EdgeSum
from gnnlab.layers.parts.linear import input_map
from gnnlab.layers.parts.virtual_node import VirtualNode
from gnnlab.ops import Adjacency, AdjacencyLike, is_sparse

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class GINEConv(nn.Module):
    r"""Add up a node and its neighbours, shifted by their edges, and map the sum by an MLP.

    .. math:: x_i' = \operatorname{MLP}\Big((1 + \epsilon)\, x_i + \sum_{j \to i} w_{ji}
        \operatorname{ReLU}(x_j + W e_{ji} + b)\Big), \qquad
        \operatorname{MLP}(z) = W_2 \operatorname{ReLU}(\operatorname{BN}(W_1 z + b_1)) + b_2

    Args:
        in_channels: F_in, the width of ``x``.
        out_channels: F_out, the width of the output and of the MLP's hidden layer.
        edge_dim: D, the width of ``edge_attr``; or the sizes of its K categorical columns, each
            value of which has a learned vector: W of their one-hot columns. None reads no
            ``edge_attr``, and leaves :math:`W e + b` out.
        eps: how much more than a neighbour the node itself counts.
        train_eps: learn it, from ``eps`` on.
        update: makes what follows :math:`W_1 z + b_1`, from its width.

    Shapes:
        x (N, F_in), adj with E edges, edge_weight (E,), edge_attr (E, D) floating or (E, K) int64
        -> (N, F_out)

    Raises:
        ValueError: a width below 1, edge weights or attributes that do not fit; ``edge_attr`` is
            missing where ``edge_dim`` asks for it.

    Cost:
        O(E F_in), times D for floating attributes. On the CPU no tensor of E F_in numbers is made;
        on a GPU one is while a sum runs, and none is kept for the gradient. Sparse ``x`` becomes
        dense.

    Source:
        Hu, Liu, Gomes, Zitnik, Liang, Pande and Leskovec, "Strategies for Pre-training Graph Neural
        Networks", ICLR 2020 (https://arxiv.org/abs/1905.12265), with the ReLU of its release. The
        paper gives every node a self-loop of a kind of its own; here the node's own state takes
        part without one. A rewiring gives the edges it adds the attribute of its ``fill``. While
        training, batch normalisation needs at least two nodes.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        edge_dim: EdgeDim | None = None,
        eps: float = 0.0,
        train_eps: bool = False,
        update: Callable[[int], nn.Module] = GINUpdate,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_number("eps", eps)
        self.initial_eps = float(eps)
        self.eps: Tensor | float = (
            nn.Parameter(torch.tensor(self.initial_eps)) if train_eps else eps
        )
        self.neighbours = EdgeSum(in_channels, edge_dim)
        self.linear = nn.Linear(in_channels, out_channels)
        self.update = update(out_channels)

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
        total = self.neighbours(x, adj, edge_weight, edge_attr)
        out: Tensor = self.update(self.linear((1 + self.eps) * x + total))
        return out

    def reset_parameters(self) -> None:
        reset_children(self)
        if isinstance(self.eps, nn.Parameter):
            nn.init.constant_(self.eps, self.initial_eps)

    def extra_repr(self) -> str:
        return f"{self.linear.in_features} -> {self.linear.out_features}"


@measured
class GINE(Encoder):
    r"""A Linear on the features, and GINE convolutions with ReLU and residual connections.

    .. math:: h_i \leftarrow h_i + \operatorname{ReLU}\Big(\operatorname{MLP}\Big((1 + \epsilon)\,
        h_i + \sum_{j \to i} \operatorname{ReLU}(h_j + W e_{ji} + b)\Big)\Big)

    With ``block="bare"`` the MLP has no batch normalisation, and nothing comes after it but
    dropout.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: number of convolutions.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, before every convolution.
        edge_dim: D to read a floating ``data.edge_attr``, or the sizes of its categorical columns;
            None to read none.
        eps: how much more than a neighbour a node itself counts.
        train_eps: learn it, one for each convolution.
        residual: add the states before each convolution to those after it.
        block: ``norm``, or ``bare``, whose dropout lies after each Linear of the MLP.
        activation: ``relu`` or ``gelu``, for those of the MLP and after it; messages keep ReLU.
        map_input: start from a Linear of the features; False where they are H wide and embedded
            already.
        virtual_node: give every graph a node that all others hear before a convolution, see
            :class:`VirtualNode`.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_attr (E, D) or (E, K) if asked for,
        data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights or attributes that do not
            fit or are missing.

    Source:
        Hu et al., "Strategies for Pre-training Graph Neural Networks", ICLR 2020
        (https://arxiv.org/abs/1905.12265); the residual goes around the convolution and its ReLU,
        as in Tönshoff, Ritzert, Rosenbluth and Grohe, "Where Did the Gap Go? Reassessing the
        Long-Range Graph Benchmark", TMLR 2024 (https://arxiv.org/abs/2309.00367), whose layers are
        ``bare`` ones with GELU. There, all layers share one embedding of the edges.
    """

    reads_codes = "looks up categories of edges by itself, in every layer"
    from_graph = {"edge_dim": edge_values}
    later = {"block": "norm", "activation": "relu", "map_input": True}

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        out_channels: int | None = None,
        dropout: float = 0.2,
        edge_dim: EdgeDim | None = None,
        eps: float = 0.0,
        train_eps: bool = False,
        residual: bool = True,
        block: Literal["norm", "bare"] = "norm",
        activation: Activation = "relu",
        map_input: bool = True,
        virtual_node: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_choice("block", block, ("norm", "bare"))
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.residual, self.bare = out_channels, residual, block == "bare"
        self.activation = find_activation(activation)
        self.dropout = Dropout(0.0 if self.bare else dropout)
        self.input = input_map(in_channels, hidden_channels, map_input)
        update: Callable[[int], nn.Module] = partial(GINUpdate, activation=activation)
        if self.bare:
            update = partial(BareUpdate, activation=activation, dropout=dropout)
        make = partial(
            GINEConv,
            edge_dim=edge_dim,
            eps=eps,
            train_eps=train_eps,
            update=update,
        )
        self.convs = nn.ModuleList(
            make(hidden_channels, hidden_channels) for _ in range(num_layers)
        )
        self.virtual = (
            nn.ModuleList(VirtualNode(hidden_channels, dropout=dropout) for _ in self.convs)
            if virtual_node
            else None
        )
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        weight, attr = getattr(data, "edge_weight", None), getattr(data, "edge_attr", None)
        h: Tensor = self.input(data.x)
        before: tuple[Tensor, Tensor] | None = None
        for number, conv in enumerate(self.convs):
            if self.virtual is not None:
                h, _ = before = self.virtual[number](h, before, data)
            new = conv(self.dropout(h), adj, weight, attr)
            new = new if self.bare else self.activation(new)
            h = h + new if self.residual else new
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
