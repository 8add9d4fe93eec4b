"""Adjacency rows through a Linear: the sum of the rows of weights of a node's neighbours."""

from __future__ import annotations

from torch import Tensor, nn

from gnnlab.ops import Adjacency, propagate


def times_rows(
    adj: Adjacency, rows: Tensor, encoder: nn.Module, edge_weight: Tensor | None = None
) -> Tensor:
    """Multiply the adjacency matrix, which is never written out, by N rows of weights.

    Args:
        adj: the graph.
        rows: the weights.
        encoder: whose weights they are, for the message.
        edge_weight: the entries of the matrix; 1 by default.

    Shapes:
        rows (N, H), edge_weight (E,) -> (N, H)

    Raises:
        ValueError: the graph has another number of nodes.
    """
    if adj.num_nodes != len(rows):
        raise ValueError(
            f"{type(encoder).__name__} was built for {len(rows)} nodes, but the graph has "
            f"{adj.num_nodes}: it cannot leave its graph, so build it with "
            f"num_nodes={adj.num_nodes}"
        )
    return propagate(rows, adj, edge_weight)
