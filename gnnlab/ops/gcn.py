"""Propagation with the symmetric normalisation, which is never written out per edge."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from gnnlab.arguments import check_count

from ._check import check_device, check_float
from ._convert import AdjacencyLike
from .adjacency import Adjacency
from .backends import backend_for
from .norm import degree, inverse_root
from .propagate import propagate


def gcn_propagate(x: Tensor, adj: AdjacencyLike, weight: Tensor | None = None) -> Tensor:
    r"""Sum the in-neighbours' features, each edge weighted by the degrees of both its ends.

    .. math:: y_i = \sum_{e = (j, i)} \frac{w_e}{\sqrt{d_j d_i}} x_j

    d is the weighted in-degree of either end; a node of degree 0 gives and gets nothing. The result
    is that of ``propagate(x, adj, gcn_norm(adj, weight))``, from one number per node instead of one
    per edge. Self-loops are not added: use ``adj.with_self_loops()`` before.

    Args:
        x: features, floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        weight: one number per edge; 1 by default.

    Shapes:
        x (N, F) or (N, K, F), weight (E,) -> the shape of x

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit, or the weights add up to
            less than 0 at a node.

    Source:
        T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional networks",
        ICLR 2017, eq. 2 (https://arxiv.org/abs/1609.02907).

    Example:
        >>> gcn_propagate(torch.eye(2), torch.tensor([[0, 1], [1, 0]])).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    check_float("x", x, (2, 3), "(N, F) or (N, K, F)")
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    if weight is None:
        return backend_for(x).gcn_propagate(x, adj, _kept_scale(adj, x.dtype))
    wide = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    columns = inverse_root(degree(adj, weight=weight.to(wide))).reshape(-1, *(1,) * (x.dim() - 1))
    return (columns * propagate(columns * x.to(wide), adj, weight.to(wide))).to(x.dtype)


def gcn_steps(x: Tensor, adj: AdjacencyLike, steps: int, weight: Tensor | None = None) -> Tensor:
    r"""Propagate over and over, and keep every state.

    .. math:: Y_k = P^k X, \quad k = 0, \dots, K

    P is what one :func:`gcn_propagate` multiplies by, and the states are those of calling it K
    times. All of them together are one node of autograd; on the CPU a table of up to 64 columns is
    padded to whole vectors once for all of them.

    Args:
        x: features, floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        steps: K.
        weight: one number per edge; 1 by default.

    Shapes:
        x (N, F) or (N, M, F), weight (E,) -> (K + 1, the shape of x)

    Raises:
        ValueError: fewer than 0 steps; what ``gcn_propagate`` refuses.

    Cost:
        O(K E F), in K + 1 tables of the size of x.

    Example:
        >>> gcn_steps(torch.eye(2), torch.tensor([[0, 1], [1, 0]]), 2)[:, 0].tolist()
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    check_count("steps", steps, 0)
    check_float("x", x, (2, 3), "(N, F) or (N, K, F)")
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    together = getattr(backend_for(x), "gcn_steps", None)
    if weight is None and together is not None:
        out: Tensor = together(x, adj, _kept_scale(adj, x.dtype), steps)
        return out
    states = [x]
    for _ in range(steps):
        states.append(gcn_propagate(states[-1], adj, weight))
    return torch.stack(states)


def _kept_scale(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    """Of a graph without weights."""
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    return adj.remember(("gcn scale", wide), partial(_scale, adj, wide))


def _scale(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    return inverse_root(degree(adj).to(dtype))
