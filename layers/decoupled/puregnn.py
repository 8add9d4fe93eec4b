"""PureGNN: propagation without weight matrices, as in Neural Common Neighbor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_share
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.self_loops import weighted
from gnnlab.ops import Adjacency, dropout, gcn_propagate, propagate

if TYPE_CHECKING:
    from torch_geometric.data import Data

Aggregation = Literal["gcn", "mean", "sum"]


@measured
class PureGNN(Encoder):
    r"""One Linear, then steps of propagation that learn nothing but how much each counts.

    .. math:: h_0 = \operatorname{Dropout}(W \operatorname{Dropout}(x) + b), \qquad
        h_k = P h_{k-1} \; [+ \; h_{k-1}], \qquad y = \sum_{k=1}^{L} s_k h_k

    P is :math:`D^{-1/2} (A + I) D^{-1/2}` for ``gcn``, and the sum or the mean over the neighbours
    alone for ``sum`` and ``mean``. The paper's names are puregcn and puresum.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L, the number of steps.
        aggregation: ``gcn``, ``sum`` or ``mean``.
        jump: add up all steps with learned weights s, any numbers; if not, the last step's states
            are returned.
        equal_start: let the weights s start at 1 / L, in place of a standard normal distribution.
        residual: add each step's input to its output.
        input_dropout: on the features, before the Linear.
        dropout: after the Linear.
        tail_dropout: on the last step's states.
        edge_dropout: leave out edges, anew on each pass of training; those that stay weigh
            1 / (1 - p).
        out_channels: C to end with a Linear and predict by itself, None to return the states.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: another aggregation, a width or a number of layers below 1, a probability
            outside 0..1, edge weights that do not fit.

    Source:
        Wang, Yang and Zhang, "Neural Common Neighbor with Completion for Link Prediction", ICLR
        2024 (https://arxiv.org/abs/2302.00890), and its release, which calls s a softmax but
        takes none. ``GCN(block="pure")`` is ``gcn`` with ``equal_start``.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 1,
        *,
        aggregation: Aggregation = "gcn",
        jump: bool = True,
        equal_start: bool = False,
        residual: bool = False,
        input_dropout: float = 0.0,
        dropout: float = 0.0,
        tail_dropout: float = 0.0,
        edge_dropout: float = 0.0,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        check_choice("aggregation", aggregation, get_args(Aggregation))
        check_share("edge_dropout", edge_dropout)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.num_layers = out_channels, num_layers
        self.aggregation, self.residual, self.edge_dropout = aggregation, residual, edge_dropout
        self.before, self.after = Dropout(input_dropout), Dropout(dropout)
        self.tail = Dropout(tail_dropout)
        self.input = Linear(in_channels, hidden_channels)
        self.equal_start = equal_start
        self.steps = nn.Parameter(torch.empty(num_layers)) if jump else None
        self._start()
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    def forward(self, data: Data) -> Tensor:
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        h: Tensor = self.after(self.input(self.before(data.x)))
        weight = self._weights(adj, getattr(data, "edge_weight", None), h)
        states = []
        for number in range(1, self.num_layers + 1):
            after = self._propagated(h, adj, weight)
            after = self.tail(after) if number == self.num_layers else after
            h = after + h if self.residual else after
            states.append(h)
        if self.steps is not None:
            h = torch.zeros_like(h)
            for step, state in zip(self.steps, states, strict=True):
                h = h + step * state
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)
        self._start()

    def _start(self) -> None:
        if self.steps is None:
            return
        if self.equal_start:
            nn.init.constant_(self.steps, 1 / len(self.steps))
        else:
            nn.init.normal_(self.steps)

    def _propagated(self, h: Tensor, adj: Adjacency, weight: Tensor | None) -> Tensor:
        if self.aggregation == "gcn":
            return gcn_propagate(h, *weighted(adj, weight, add_self_loops=True))
        return propagate(h, adj, weight, reduce=self.aggregation)

    def _weights(self, adj: Adjacency, weight: Tensor | None, h: Tensor) -> Tensor | None:
        """The weights of the edges, 0 for those that are left out."""
        if not self.training or not self.edge_dropout:
            return weight
        ones = h.new_ones(adj.num_edges) if weight is None else weight
        return dropout(ones, self.edge_dropout)
