"""Normalisation by degrees: the degrees of nodes, and the symmetric norm of edges."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from gnnlab.ops.functions.segment import at_end, edge_sum, gather
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_edges, check_float


def degree(adj: AdjacencyLike, end: str = "target", weight: Tensor | None = None) -> Tensor:
    r"""Count every node's edges, or add up their weights.

    .. math:: d_i = \sum_{e \to i} w_e

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        end: ``"target"`` counts incoming edges, ``"source"`` outgoing ones.
        weight: one number per edge; 1 by default.

    Shapes:
        weight (E,) -> (N,), of the weight's dtype (torch's default one without a weight)

    Raises:
        ValueError: ``end`` is unknown, or ``weight`` does not fit the graph.

    Example:
        >>> degree(torch.tensor([[0, 1, 2], [1, 2, 1]])).tolist()
        [0.0, 2.0, 1.0]
    """
    adj = at_end(Adjacency.of(adj), end)
    if weight is not None:
        check_float("weight", weight, (1,), "(E,)")
        check_edges("weight", weight, adj)
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend as operators

        return operators.degree(operators.traced(adj), weight, torch.get_default_dtype())
    if weight is None:
        return adj._rowptr.diff().to(torch.get_default_dtype())
    return edge_sum(weight, adj)


def gcn_norm(
    adj: AdjacencyLike, weight: Tensor | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    r"""Weigh every edge by the degrees of its ends.

    .. math:: n_e = w_e / \sqrt{d_j d_i}, \quad e = (j, i)

    d is the weighted in-degree of either end; where a degree is 0 the edge's weight is 0.
    Self-loops are not added: use ``adj.with_self_loops()`` before.

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        weight: one number per edge; 1 by default.
        dtype: of the result; by default the weight's, or torch's default one.

    Shapes:
        weight (E,) -> (E,), in the caller's order of edges

    Raises:
        ValueError: ``weight`` does not fit the graph, or adds up to less than 0 at a node.

    Source:
        T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional networks",
        ICLR 2017, eq. 2 (https://arxiv.org/abs/1609.02907).

    Example:
        >>> gcn_norm(torch.tensor([[0, 1], [1, 0]])).tolist()
        [1.0, 1.0]
    """
    adj = Adjacency.of(adj)
    if weight is not None:
        norm = _norm(adj, weight)
        return norm if dtype is None else norm.to(dtype)
    return kept_norm(adj, dtype or torch.get_default_dtype()).clone()


def kept_norm(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    """The norm without weights, kept with the graph: not to be written into."""
    return adj._keep(("gcn_norm", dtype), partial(_plain_norm, adj, dtype))


def _plain_norm(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    ones = torch.ones(adj.num_edges, dtype=wide, device=adj.device)
    return _norm(adj, ones).to(dtype)


def _norm(adj: Adjacency, weight: Tensor) -> Tensor:
    scale = inverse_root(degree(adj, weight=weight))
    return gather(scale, adj, "source") * gather(scale, adj, "target") * weight


def inverse_root(total: Tensor) -> Tensor:
    """1 / sqrt(d) of degrees (N,), 0 where the degree is.

    Raises:
        ValueError: a degree below 0.
    """
    if not _recorded(total) and bool((total < 0).any()):
        node = int((total < 0).nonzero()[0])
        raise ValueError(
            f"the weights of the edges into node {node} add up to {float(total[node])}, and a "
            "negative degree has no square root: use weights of 0 or more"
        )
    safe = total.where(total != 0, 1)
    return safe.rsqrt().where(total != 0, 0)


def _recorded(total: Tensor) -> bool:
    """Whether values cannot be looked at: they are traced, or captured in a CUDA graph."""
    if torch.compiler.is_compiling():
        return True
    return total.is_cuda and torch.cuda.is_current_stream_capturing()
