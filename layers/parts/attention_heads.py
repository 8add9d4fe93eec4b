"""Attention heads: a table's channels split into an axis of heads, and what heads attend to."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import leaky_relu

from gnnlab.core.arguments import check_count
from gnnlab.ops import Adjacency, AdjacencyLike, edge_softmax


def split_heads(h: Tensor, heads: int) -> Tensor:
    """Give each head its share of the channels, side by side: (N, K * d) -> (N, K, d)."""
    return h.reshape(h.shape[0], heads, h.shape[1] // heads)


def check_heads(name: str, channels: int, heads: int) -> None:
    """Refuse a number of heads that does not divide the width of that name.

    Raises:
        ValueError: with the width and the number of heads.
    """
    check_count("heads", heads)
    if channels % heads:
        raise ValueError(
            f"{name} is {channels}, which {heads} heads do not divide: choose a multiple of heads"
        )


def additive_attention(source: Tensor, target: Tensor, adj: AdjacencyLike, loops: bool) -> Tensor:
    """Return what :func:`gnnlab.ops.attend` gives every edge by additive scores.

    Args:
        source, target: scores read at the two ends.
        loops: whether nodes without a self-loop get one, which takes its part.

    Shapes:
        source, target (N, K), adj with E edges -> (E, K)
    """
    adj = Adjacency.of(adj, len(source))
    graph = adj.with_self_loops() if loops else adj
    score = leaky_relu(source[graph.source] + target[graph.target], 0.2)
    return edge_softmax(score, graph)[: adj.num_edges]


def inner_attention(query: Tensor, key: Tensor, adj: AdjacencyLike, loops: bool) -> Tensor:
    """Return the same by inner products.

    Shapes:
        query, key (N, K, D), adj with E edges -> (E, K)
    """
    adj = Adjacency.of(adj, len(query))
    graph = adj.with_self_loops() if loops else adj
    score = (query[graph.target] * key[graph.source]).sum(-1) / query.shape[-1] ** 0.5
    return edge_softmax(score, graph)[: adj.num_edges]
