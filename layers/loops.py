"""Self-loops together with the weights of the edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops import Adjacency


def looped(adj: Adjacency, edge_weight: Tensor | None) -> tuple[Adjacency, Tensor | None]:
    """Give each node a self-loop of weight 1 where it has none; the caller's edges come first.

    Shapes:
        adj with E edges, edge_weight (E,) -> an adjacency with E' edges, (E',)
    """
    graph = adj.with_self_loops()
    if edge_weight is None:
        return graph, None
    loops = edge_weight.new_ones(graph.num_edges - adj.num_edges)
    return graph, torch.cat([edge_weight, loops])
