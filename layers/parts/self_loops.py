"""Self-loops added to a graph, and checks of the weights of its edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops import Adjacency


def weighted(
    adj: Adjacency, edge_weight: Tensor | None, add_self_loops: bool
) -> tuple[Adjacency, Tensor | None]:
    """Check the edge weights and, if asked, give each node a self-loop of weight 1 that has none.

    The caller's edges come first.

    Shapes:
        adj with E edges, edge_weight (E,) -> an adjacency with E' edges, (E',)

    Raises:
        ValueError: weights of another shape or kind.
    """
    if edge_weight is not None:
        check_weight(edge_weight, adj)
    if not add_self_loops:
        return adj, edge_weight
    graph = adj.with_self_loops()
    if edge_weight is None or torch.compiler.is_compiling():  # which gives loops a weight of 1
        return graph, edge_weight
    loops = edge_weight.new_ones(graph.num_edges - adj.num_edges)
    return graph, torch.cat([edge_weight, loops])


def check_weight(weight: Tensor, adj: Adjacency) -> None:
    if weight.shape != (adj.num_edges,) or not weight.is_floating_point():
        raise ValueError(
            f"edge_weight is {weight.dtype} of shape {tuple(weight.shape)}, but each edge needs "
            f"one floating number: give ({adj.num_edges},)"
        )
