"""Block message passing of stalks: every edge carries a linear map."""

from __future__ import annotations

from torch import Tensor

from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


def block_propagate(x: Tensor, adj: AdjacencyLike, maps: Tensor) -> Tensor:
    r"""Sum what the in-neighbours hold, each through the map of its edge.

    .. math:: y_i = \sum_{e = (j, i)} M_e \, x_j, \quad M_e \in \mathbb{R}^{P \times D}

    A node without incoming edges gets 0. Half precision is added up in float32. Neither the
    mapped messages (E, P, F) nor a scalar matrix of E P D entries is made by the compiled backends.

    Args:
        x: what each node's stalk holds, in F channels.
        adj: the graph, anything that ``Adjacency.of`` takes.
        maps: one matrix per edge, in the caller's order of edges.

    Shapes:
        x (N, D, F), maps (E, P, D) -> (N, P, F)

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit.

    Cost:
        O(E P D F).

    Source:
        Bodnar et al., "Neural sheaf diffusion", NeurIPS 2022, section 2
        (https://arxiv.org/abs/2202.04579), where the off-diagonal blocks of the sheaf Laplacian are
        such maps.

    Example:
        >>> swap = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
        >>> x = torch.tensor([[[1.0], [2.0]], [[0.0], [0.0]]])
        >>> block_propagate(x, torch.tensor([[0], [1]]), swap)[1].flatten().tolist()
        [2.0, 1.0]
    """
    check_float("x", x, (3,), "(N, D, F)")
    check_float("maps", maps, (3,), "(E, P, D)")
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    check_edges("maps", maps, adj)
    if maps.shape[2] != x.shape[1]:
        raise ValueError(
            f"maps {tuple(maps.shape)} take stalks of {maps.shape[2]} dimensions, but x "
            f"{tuple(x.shape)} has stalks of {x.shape[1]}"
        )
    out: Tensor = kernel("block_propagate", x, maps)(x, adj, maps.to(x.dtype))
    return out
