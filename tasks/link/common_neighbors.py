"""Common neighbors: the number of neighbours that the two nodes of a pair share."""

from __future__ import annotations

from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.ops import Adjacency, AdjacencyLike, count_common_neighbors


@checked
def common_neighbors(edge_index: AdjacencyLike, num_nodes: int, pairs: Tensor) -> Tensor:
    r"""Count the common neighbours of pairs of nodes.

    .. math:: |N(i) \cap N(j)|, \quad N(i) = \{u : u \to i\}

    N(i) is a set, of the sources of i's incoming edges where the graph is directed, with i itself
    where it has a loop; the common neighbours of a node with itself are its neighbours.

    Args:
        edge_index: the graph, anything that ``Adjacency.of`` takes; sorted once for a tensor.
        num_nodes: N.
        pairs: the nodes i and j.

    Shapes:
        edge_index (2, E), pairs (2, P) int64 -> (P,) int64

    Raises:
        ValueError: shapes or dtypes do not fit, or a node lies outside the graph.

    Cost:
        At most O(min(d_i, d_j) log max(d_i, d_j)) a pair.

    Example:
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> common_neighbors(square, 4, torch.tensor([[0, 0], [2, 1]])).tolist()
        [2, 0]
    """
    return count_common_neighbors(Adjacency.of(edge_index, num_nodes), pairs)
