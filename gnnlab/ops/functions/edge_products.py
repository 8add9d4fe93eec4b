"""Edge products: inner and outer products of the two ends of every edge."""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_float


def edge_dot(query: Tensor, key: Tensor, adj: AdjacencyLike) -> Tensor:
    r"""Multiply the target's query with the source's key, edge by edge.

    .. math:: s_e = \langle q_i, k_j \rangle, \quad e = (j, i)

    Args:
        query: features read at the target.
        key: features read at the source.
        adj: the graph, anything that ``Adjacency.of`` takes.

    Shapes:
        query, key (N, F) -> (E,), or (N, K, F) -> (E, K), in the caller's order of edges

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [2.0, 1.0]])
        >>> edge_dot(x, x, torch.tensor([[0, 1], [1, 1]])).tolist()
        [2.0, 5.0]
    """
    check_float("query", query, (2, 3), "(N, F) or (N, K, F)")
    check_float("key", key, (2, 3), "(N, F) or (N, K, F)")
    if query.shape != key.shape or query.dtype != key.dtype:
        raise ValueError(
            f"query {tuple(query.shape)} {query.dtype} and key {tuple(key.shape)} {key.dtype} "
            "must have the same shape and dtype"
        )
    adj = Adjacency.of(adj, query.shape[0])
    check_device("query", query, adj)
    check_device("key", key, adj)
    out: Tensor = kernel("edge_dot", query, key)(query, key, adj)
    return out


def edge_outer(left: Tensor, right: Tensor, adj: AdjacencyLike) -> Tensor:
    r"""Multiply the stalks at both ends of every edge, dimension by dimension.

    .. math:: M_e = L_i R_j^\top, \quad e = (j, i)

    It is what the maps of :func:`block_propagate` receive as their gradient.

    Args:
        left: what the target's stalk holds, in F channels.
        right: what the source's holds.
        adj: the graph, anything that ``Adjacency.of`` takes.

    Shapes:
        left (N, P, F), right (N, D, F) -> (E, P, D), in the caller's order of edges

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit.

    Cost:
        O(E P D F).

    Example:
        >>> x = torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> edge_outer(x, x, torch.tensor([[0], [1]])).tolist()
        [[[3.0, 6.0], [4.0, 8.0]]]
    """
    check_float("left", left, (3,), "(N, P, F)")
    check_float("right", right, (3,), "(N, D, F)")
    if left.shape[::2] != right.shape[::2] or left.dtype != right.dtype:
        raise ValueError(
            f"left {tuple(left.shape)} {left.dtype} and right {tuple(right.shape)} {right.dtype} "
            "must have the same nodes, channels and dtype"
        )
    adj = Adjacency.of(adj, left.shape[0])
    check_device("left", left, adj)
    check_device("right", right, adj)
    out: Tensor = kernel("edge_outer", left, right)(left, right, adj)
    return out
