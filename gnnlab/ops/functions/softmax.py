"""Softmax over the incoming edges of each node."""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_edges, check_float


def edge_softmax(score: Tensor, adj: AdjacencyLike) -> Tensor:
    r"""Normalise edge scores over the incoming edges of every node.

    .. math:: a_e = \exp(s_e) / \sum_{e' \to i} \exp(s_{e'}), \quad e = (j, i)

    Args:
        score: one number per edge, or per edge and head, in the caller's order of edges.
        adj: the graph, anything that ``Adjacency.of`` takes.

    Shapes:
        score (E,) or (E, K) -> the same

    Raises:
        ValueError: ``score`` has another shape, dtype or number of edges.

    Example:
        >>> edge_softmax(torch.zeros(3), torch.tensor([[0, 1, 2], [1, 2, 1]])).tolist()
        [0.5, 1.0, 0.5]
    """
    check_float("score", score, (1, 2), "(E,) or (E, K)")
    adj = Adjacency.of(adj)
    check_edges("score", score, adj)
    out: Tensor = kernel("edge_softmax", score)(score, adj)
    return out
