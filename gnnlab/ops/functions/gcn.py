"""GCN propagation: sums with the symmetric normalisation, which is never written out per edge."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.ops.functions.checks import check_list
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.functions.norm import degree, inverse_root
from gnnlab.ops.functions.propagate import propagate
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


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
        out: Tensor = kernel("gcn_propagate", x)(x, adj, _kept_scale(adj, x.dtype))
        return out
    check_float("weight", weight, (1,), "(E,)")
    check_edges("weight", weight, adj)
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
    _check_room(x, steps)
    together = kernel("gcn_steps", x)
    if weight is None and together is not None:
        out: Tensor = together(x, adj, _kept_scale(adj, x.dtype), steps)
        return out
    states = [x]
    for _ in range(steps):
        states.append(gcn_propagate(states[-1], adj, weight))
    return torch.stack(states)


def gcn_sum(
    xs: Sequence[Tensor],
    adjs: Sequence[AdjacencyLike],
    maps: Tensor,
    weights: Sequence[Tensor | None] | None = None,
) -> Tensor:
    r"""Propagate over several graphs, map each result by weights of its own, and add them up.

    .. math:: Y = \sum_k P_k X_k M_k

    :math:`P_k` is what :func:`gcn_propagate` multiplies by on graph k. Without edge weights the sum
    is one node of autograd on the compiled backends: each product adds to those before it, so that
    the neighbourhoods' sums are all that is computed beside the products, and none of them is kept
    for the gradient. The narrower side goes over the edges.

    Args:
        xs: features for each graph; one tensor may occur many times.
        adjs: the graphs, on the same nodes.
        maps: one matrix for each.
        weights: for each graph one number per edge, or None.

    Shapes:
        xs K times (N, F), maps (K, F, H), weights (E_k,) -> (N, H)

    Raises:
        ValueError: other numbers of features, graphs or weights than of maps, or none; what
            ``gcn_propagate`` refuses.

    Cost:
        O(sum of E_k min(F, H) + K N F H).

    Example:
        >>> x, maps = torch.eye(2), torch.eye(2).expand(2, 2, 2)
        >>> edge_index = torch.tensor([[0, 1], [1, 0]])
        >>> gcn_sum([x, 2 * x], [edge_index, edge_index], maps).tolist()
        [[0.0, 3.0], [3.0, 0.0]]
    """
    check_float("maps", maps, (3,), "(K, F, H)")
    for name, value in (("xs", xs), ("adjs", adjs), ("weights", weights)):
        if name != "weights" or value is not None:
            check_list(name, value, "one entry a graph")
    weights = [None] * len(xs) if weights is None else weights
    if not len(xs) == len(adjs) == len(weights) == len(maps) > 0:
        raise ValueError(
            f"{len(xs)} features, {len(adjs)} graphs, {len(weights)} edge weights and {len(maps)} "
            "maps were given: give as many of each, at least one"
        )
    graphs = [_graph(x, adj, maps) for x, adj in zip(xs, adjs, strict=True)]
    if len({len(x) for x in xs}) > 1:
        raise ValueError(f"xs have {[len(x) for x in xs]} rows, but all are of the same nodes")
    together = kernel("gcn_sum", *xs, maps)
    if together is None or not _fits_together(xs, maps, weights):
        return _one_by_one(xs, graphs, maps, weights)
    tables = list({id(x): x for x in xs}.values())
    places = {id(x): place for place, x in enumerate(tables)}
    scales = [_kept_scale(adj, maps.dtype) for adj in graphs]
    out: Tensor = together(tables, [places[id(x)] for x in xs], graphs, scales, maps)
    return out


def _check_room(x: Tensor, steps: int) -> None:
    """Ask for all states at once where they are large, before the first is computed."""
    needed = (steps + 1) * x.numel() * x.dtype.itemsize
    if needed < 1 << 30:
        return
    try:
        x.new_empty((steps + 1, *x.shape))
    except (RuntimeError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{steps} steps keep {steps + 1} states of {tuple(x.shape)}, {needed / 1e9:.1f} GB "
            "which are not free: take fewer steps, or gcn_propagate over and over"
        ) from error


def _graph(x: Tensor, adj: AdjacencyLike, maps: Tensor) -> Adjacency:
    check_float("x", x, (2,), "(N, F)")
    graph = Adjacency.of(adj, x.shape[0])
    check_device("x", x, graph)
    check_device("maps", maps, graph)
    if x.dtype != maps.dtype and not torch.is_autocast_enabled(maps.device.type):
        raise ValueError(f"x is {x.dtype} but maps are {maps.dtype}; convert one of them")
    if x.shape[1] != maps.shape[1]:
        raise ValueError(
            f"maps {tuple(maps.shape)} take {maps.shape[1]} features, but x is {tuple(x.shape)}: "
            f"give maps ({maps.shape[0]}, {x.shape[1]}, H)"
        )
    return graph


def _fits_together(xs: Sequence[Tensor], maps: Tensor, weights: Sequence[Tensor | None]) -> bool:
    """Whether no precision changes on the way, and mapping first would not be cheaper."""
    return (
        maps.dtype in (torch.float32, torch.float64)
        and all(x.dtype is maps.dtype for x in xs)
        and all(weight is None for weight in weights)
        and maps.shape[1] <= maps.shape[2]
        and not torch.is_autocast_enabled(maps.device.type)
    )


def _one_by_one(
    xs: Sequence[Tensor],
    adjs: Sequence[Adjacency],
    maps: Tensor,
    weights: Sequence[Tensor | None],
) -> Tensor:
    total: Tensor | None = None
    for x, adj, map_, weight in zip(xs, adjs, maps, weights, strict=True):
        if maps.shape[1] < maps.shape[2]:
            part = gcn_propagate(x, adj, weight) @ map_
        else:
            part = gcn_propagate(x @ map_, adj, weight)
        total = part if total is None else total + part
    assert total is not None  # there is at least one graph
    return total


def _kept_scale(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    """Of a graph without weights."""
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    return adj._keep(("gcn scale", wide), partial(_scale, adj, wide))


def _scale(adj: Adjacency, dtype: torch.dtype) -> Tensor:
    return inverse_root(degree(adj).to(dtype))
