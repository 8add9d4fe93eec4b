"""Gates of edges: the weight of each channel of a message."""

from __future__ import annotations

from torch import Tensor, nn

from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.edge_attr import check_edge_attr
from gnnlab.layers.parts.self_loops import check_weight
from gnnlab.ops import Adjacency, edge_sum, gather, propagate

EPSILON = 1e-6
"""Keeps the shares of a node without neighbours finite."""


def edge_linear(edge_dim: int | None, out_channels: int, *, bias: bool) -> nn.Linear | None:
    """A map of edge features, or None where there are none.

    Raises:
        ValueError: edge_dim is below 1.
    """
    if edge_dim is None:
        return None
    check_counts(edge_dim=edge_dim)
    return nn.Linear(edge_dim, out_channels, bias=bias)


def gate_inputs(
    target: Tensor,
    source: Tensor,
    adj: Adjacency,
    edge_gate: nn.Linear | None = None,
    edge_attr: Tensor | None = None,
) -> Tensor:
    r"""What a gate is computed from, :math:`\hat e_{ji} = C e_{ji} + t_i + s_j`.

    Shapes:
        target (N, F), source (N, F), edge_attr (E, D) -> (E, F)
    """
    ends = gather(target, adj, "target")
    ends += gather(source, adj, "source")  # nobody else holds it, and it is as large as the edges
    if edge_gate is None:
        return ends
    attr = check_edge_attr(edge_attr, adj, edge_gate.in_features)
    out: Tensor = ends + edge_gate(attr.to(edge_gate.weight.dtype))
    return out


def gated_sum(
    message: Tensor,
    gates: Tensor,
    adj: Adjacency,
    edge_weight: Tensor | None = None,
    normalize: bool = True,
) -> Tensor:
    """Sum the messages of the neighbours, every channel weighed by the edge's gate.

    The E x F messages are not written out: a gate is the weight of a head of one channel.

    Shapes:
        message (N, F), gates (E, F), edge_weight (E,) -> (N, F)
    """
    weights = gates
    if edge_weight is not None:
        check_weight(edge_weight, adj)
        weights = gates * edge_weight.to(gates.dtype).unsqueeze(1)
    total = propagate(message.unsqueeze(2), adj, weights).squeeze(2)
    return total / (edge_sum(gates, adj) + EPSILON) if normalize else total
