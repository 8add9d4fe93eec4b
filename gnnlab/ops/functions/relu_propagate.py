"""ReLU propagation: sums of the sources' features, shifted by their edge and rectified."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gnnlab.ops.base.memo import remember
from gnnlab.ops.base.precision import HALF
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


def relu_propagate(
    x: Tensor, adj: AdjacencyLike, table: Tensor, edges: Tensor, weight: Tensor | None = None
) -> Tensor:
    r"""Sum what the in-neighbours hold, each shifted by its edge and rectified.

    .. math:: y_i = \sum_{e = (j, i)} w_e \operatorname{ReLU}(x_j + s_e), \qquad
        s_e = T_{k_e} \ \text{or}\ a_e^\top T

    An edge is either of one of D kinds, each of which has a row of the table, or it has D numbers,
    which combine the rows. A node without incoming edges gets 0. Half precision is added up in
    float32. Neither the shifts nor the messages, E x F both, are kept for the gradient, which
    computes them again; the compiled CPU backend makes none at all.

    Args:
        x: features, floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        table: T.
        edges: k, int64, or a, floating point, in the caller's order of edges.
        weight: one number per edge.

    Shapes:
        x (N, F), table (D, F), edges (E,) or (E, D), weight (E,) -> (N, F)

    Raises:
        ValueError: shapes, dtypes, devices or the node count do not fit, or a kind lies outside
            0..D-1.

    Cost:
        O(E F) with kinds, O(E D F) with numbers; of memory, O(E F) at once on a GPU.

    Source:
        Hu et al., "Strategies for pre-training graph neural networks", ICLR 2020
        (https://arxiv.org/abs/1905.12265), whose sum over neighbours this is.

    Example:
        >>> edge_index, table = torch.tensor([[0, 1], [1, 1]]), torch.tensor([[0.0], [-2.0]])
        >>> x = torch.tensor([[3.0], [1.0]])
        >>> relu_propagate(x, edge_index, table, torch.tensor([0, 1])).flatten().tolist()
        [0.0, 3.0]
        >>> relu_propagate(x, edge_index, table, torch.tensor([1, 0])).flatten().tolist()
        [0.0, 2.0]
    """
    check_float("x", x, (2,), "(N, F)")
    check_float("table", table, (2,), "(D, F)")
    if table.shape[1] != x.shape[1]:
        raise ValueError(
            f"table {tuple(table.shape)} shifts rows of {table.shape[1]} numbers, but x is "
            f"{tuple(x.shape)}: give table (D, {x.shape[1]})"
        )
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    check_device("table", table, adj)
    edges = _checked_edges(edges, table, adj)
    wide = torch.float32 if x.dtype in HALF else x.dtype
    if edges.is_floating_point():
        edges = edges.to(wide)
    if weight is not None:
        check_float("weight", weight, (1,), "(E,)")
        check_edges("weight", weight, adj)
        weight = weight.to(wide)
    compute = kernel("relu_propagate", x, table, edges, weight)
    out: Tensor = compute(x, adj, table.to(wide), edges, weight)
    return out


def _checked_edges(edges: Tensor, table: Tensor, adj: Adjacency) -> Tensor:
    """The edges' numbers, or a copy of their kinds that loops can follow without looking."""
    kinds = isinstance(edges, Tensor) and edges.dtype == torch.int64 and edges.dim() == 1
    if not kinds:
        what = f"(E, {table.shape[0]}), or int64 (E,)"
        check_float("edges", edges, (2,), what)
        if edges.shape[1] != table.shape[0]:
            raise ValueError(
                f"edges {tuple(edges.shape)} has {edges.shape[1]} numbers an edge, but table "
                f"{tuple(table.shape)} has {table.shape[0]} rows: give one number for each row"
            )
    check_edges("edges", edges, adj)
    if not kinds or torch.compiler.is_compiling():
        return edges
    found: _Kinds = remember(edges, "kinds", lambda: _kinds(edges))
    if found.low < 0 or found.high >= table.shape[0]:
        raise ValueError(
            f"edges names kind {found.low if found.low < 0 else found.high}, but table has "
            f"{table.shape[0]} rows, for the kinds 0 to {table.shape[0] - 1}"
        )
    return found.own


class _Kinds(NamedTuple):
    """The kinds as they were when they were looked at, remembered with the caller's tensor."""

    own: Tensor
    low: int
    high: int


def _kinds(edges: Tensor) -> _Kinds:
    with torch.inference_mode(False):
        own = edges.detach().clone().contiguous()
    if not own.numel():
        return _Kinds(own, 0, -1)
    low, high = torch.aminmax(own)
    return _Kinds(own, int(low), int(high))
