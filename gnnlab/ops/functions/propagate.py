"""Propagation (message passing): the weighted reduction over incoming edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.ops.base.precision import HALF
from gnnlab.ops.functions.checks import check_reduce
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


def propagate(
    x: Tensor, adj: AdjacencyLike, weight: Tensor | None = None, reduce: str = "sum"
) -> Tensor:
    r"""Reduce the weighted features of every node's in-neighbours.

    .. math:: y_i = \operatorname{reduce}_{e = (j, i)} w_e \, x_j

    A node without incoming edges gets 0. The mean divides by the number of edges, whatever their
    weights; of equal largest (smallest) messages the first edge carries the gradient. Half
    precision is added up in float32. The E x F messages are never materialised by the compiled
    backend, neither forward nor backward.

    Args:
        x: features, floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        weight: one number per edge, or per edge and head, in the caller's order of edges.
        reduce: ``"sum"``, ``"mean"``, ``"max"`` or ``"min"``.

    Shapes:
        x (N, F) with weight (E,), or x (N, K, F) with weight (E,) or (E, K) -> the shape of x

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 2], [1, 2, 1]])
        >>> propagate(torch.tensor([[1.0], [2.0], [3.0]]), edge_index).flatten().tolist()
        [0.0, 4.0, 2.0]
    """
    check_float("x", x, (2, 3), "(N, F) or (N, K, F)")
    check_reduce(reduce)
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    if weight is not None:
        _check_weight(weight, x, adj)
        weight = weight.to(torch.float32 if x.dtype in HALF else x.dtype)
    out: Tensor = kernel("propagate", x, weight)(x, adj, weight, reduce)
    return out


def _check_weight(weight: Tensor, x: Tensor, adj: Adjacency) -> None:
    check_float("weight", weight, (1, 2), "(E,) or (E, K)")
    check_edges("weight", weight, adj)
    if weight.dim() == 2 and (x.dim() != 3 or weight.shape[1] != x.shape[1]):
        raise ValueError(
            f"weight {tuple(weight.shape)} has a column per head, so x must be "
            f"(N, {weight.shape[1]}, F), not {tuple(x.shape)}"
        )
