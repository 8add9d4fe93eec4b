"""Relation weights: one weight matrix for every type of edge."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.core.arguments import check_counts
from gnnlab.ops import Adjacency, AdjacencyLike, is_sparse, linear, relations


class RelationWeights(nn.Module):
    r"""Reduce the neighbours of each type by weights of the type's own, and add up the types.

    .. math:: y_i = \sum_{r} \operatorname{reduce}_{j \to i,\, t_{ji} = r} w_{ji} W_r x_j

    Args:
        in_channels: F_in.
        out_channels: F_out.
        num_relations: R.
        reduce: ``"sum"`` or ``"mean"``, over the edges of one type.

    Shapes:
        x (N, F_in), edge_weight (E,), edge_type (E,) int64 -> (N, F_out)
    """

    def __init__(
        self, in_channels: int, out_channels: int, num_relations: int, reduce: str
    ) -> None:
        super().__init__()
        check_counts(
            in_channels=in_channels, out_channels=out_channels, num_relations=num_relations
        )
        self.reduce = reduce
        self.weight = nn.Parameter(torch.empty(num_relations, in_channels, out_channels))
        self.reset_parameters()

    def forward(
        self,
        x: Tensor,
        adj: AdjacencyLike,
        edge_weight: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        count, inputs, outputs = self.weight.shape
        out: Tensor | None = None
        for r, part in relations(Adjacency.of(adj, x.shape[0]), edge_type, count).items():
            # The narrower side is the one to send over the edges, and never sparse features.
            if inputs < outputs and not is_sparse(x):
                message = part.propagate(x, edge_weight, self.reduce) @ self.weight[r]
            else:
                message = part.propagate(linear(x, self.weight[r].t()), edge_weight, self.reduce)
            out = message if out is None else out + message
        return self.weight.new_zeros(x.shape[0], outputs) if out is None else out

    def reset_parameters(self) -> None:
        for weight in self.weight:
            nn.init.xavier_uniform_(weight)

    def extra_repr(self) -> str:
        count, inputs, outputs = self.weight.shape
        return f"{inputs} -> {outputs}, relations={count}"
