"""Common neighbours: the nodes that two neighbourhoods share, for the pairs of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_share, check_whole, shown
from gnnlab.ops.base.precision import HALF
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.masked import Masked
from gnnlab.ops.graphs.neighbor_lists import NeighborLists
from gnnlab.ops.graphs.sorted_rows import check_pairs, sorted_rows
from gnnlab.ops.graphs.tensors import check_device, check_float
from gnnlab.ops.rows.for_tensors import neighbours_for
from gnnlab.ops.rows.search import Found, Sample, View


@dataclass(frozen=True)
class EdgeDrop:
    """Leave each edge out with probability p, by the hashed bits of a seed; nothing is stored.

    Args:
        p: from 0, none, to 1, all.
        seed: of the draw.

    Raises:
        ValueError: p outside 0 to 1, or a seed that is no whole number.
    """

    p: float
    seed: int

    def __post_init__(self) -> None:
        check_share("p", self.p)
        check_whole("seed", self.seed)


def common_neighbors(
    adj: AdjacencyLike,
    pairs: Tensor,
    *,
    limit: int | None = None,
    seed: int = 0,
    drop: EdgeDrop | None = None,
) -> NeighborLists:
    r"""List the common neighbours of pairs of nodes.

    .. math:: N(i) \cap N(j), \quad N(i) = \{u : u \to i\}

    N(i) is a set: a repeated edge counts once, and a loop makes a node its own neighbour. On a
    directed graph it holds the sources of i's incoming edges. What ``Adjacency.without`` masks is
    skipped inside the search. The common neighbours of a node with itself are its neighbours.

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        pairs: the nodes i and j.
        limit: draw so many neighbours at most of the end that has fewer, and list those of the
            other end among them; a node drawn from a longer list stands for (its length / limit)
            nodes, so that weighted sums keep their expectation.
        seed: of these draws, which depend on it and on the nodes' numbers alone.
        drop: edges left out at random, each direction by itself.

    Shapes:
        pairs (2, P) int64 -> lists of P pairs

    Raises:
        ValueError: pairs have another shape or dtype, or name a node outside the graph.

    Cost:
        O(min(d_i, d_j) log max(d_i, d_j)) a pair, or min(d_i, d_j) for the pairs of a hub after
        its neighbours were marked once; with a limit of K, O(min(d_i, d_j) + K log max(d_i, d_j)).

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1, 2, 0, 3], [1, 0, 2, 1, 3, 0]])
        >>> common_neighbors(edge_index, torch.tensor([[0, 1], [2, 3]])).node.tolist()
        [1, 0]
    """
    view, sample = _asked(adj, pairs, limit, seed, drop)
    found = neighbours_for(pairs).common(view, pairs, sample, True)
    return _lists(found, view)


def count_common_neighbors(adj: AdjacencyLike, pairs: Tensor) -> Tensor:
    r"""Count the common neighbours of pairs of nodes, :math:`|N(i) \cap N(j)|`.

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        pairs: the nodes i and j.

    Shapes:
        pairs (2, P) int64 -> (P,) int64

    Raises:
        ValueError: as :func:`common_neighbors`.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> count_common_neighbors(edge_index, torch.tensor([[0, 0], [2, 1]])).tolist()
        [1, 0]
    """
    view, _ = _asked(adj, pairs, None, 0, None)
    return neighbours_for(pairs).common(view, pairs, None, False).count


def residual_neighbors(
    adj: AdjacencyLike,
    pairs: Tensor,
    *,
    limit: int | None = None,
    seed: int = 0,
    drop: EdgeDrop | None = None,
    common: NeighborLists | None = None,
) -> tuple[NeighborLists, NeighborLists]:
    r"""List the neighbours of either end of each pair that are none of the other end.

    .. math:: N(i) \setminus N(j), \quad N(j) \setminus N(i)

    Args:
        adj: the graph, anything that ``Adjacency.of`` takes.
        pairs: the nodes i and j.
        limit: at most so many of each list, drawn by the seed; each stands for (the length of the
            list / limit) nodes.
        seed: of these draws.
        drop: edges left out at random, each direction by itself.
        common: the whole lists of common neighbours (same graph, pairs and ``drop``), if known.

    Shapes:
        pairs (2, P) int64 -> two times lists of P pairs

    Raises:
        ValueError: as :func:`common_neighbors`.

    Cost:
        O(d_i + d_j) a pair.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1, 2, 0, 3], [1, 0, 2, 1, 3, 0]])
        >>> first, second = residual_neighbors(edge_index, torch.tensor([[0], [2]]))
        >>> first.node.tolist(), second.node.tolist()
        ([3], [])
    """
    view, sample = _asked(adj, pairs, limit, seed, drop)
    kernels = neighbours_for(pairs)
    if common is None:
        known = kernels.common(view, pairs, None, True)
    else:
        known = _known(common, view, pairs)
    first, second = kernels.residual(view, pairs, known, sample)
    return _lists(first, view), _lists(second, view)


def neighbor_sum(x: Tensor, lists: NeighborLists, weight: Tensor | None = None) -> Tensor:
    r"""Add up the rows of x that each pair's list names.

    .. math:: y_p = \sum_{u \in L_p} w_{pu} \, x_u

    Args:
        x: floating point.
        lists: of nodes.
        weight: one number for every entry of the lists; what they stand for (1 where nothing was
            sampled) by default.

    Shapes:
        x (N, F), weight (M,) -> (P, F)

    Raises:
        ValueError: x or weight do not fit the lists.

    Cost:
        O(M F); the gradient for x is written where a list names a row, and is 0 elsewhere.

    Example:
        >>> lists = common_neighbors(torch.tensor([[1, 1], [0, 2]]), torch.tensor([[0], [2]]))
        >>> neighbor_sum(torch.tensor([[1.0], [2.0], [4.0]]), lists).tolist()
        [[2.0]]
    """
    check_float("x", x, (2,), "(N, F)")
    if not isinstance(lists, NeighborLists):
        raise ValueError(
            f"lists is {type(lists).__name__}, but it must be NeighborLists: see common_neighbors"
        )
    graph = lists.graph
    check_device("x", x, graph)
    if x.shape[0] != lists.num_nodes:
        raise ValueError(
            f"x has {x.shape[0]} rows but the lists name nodes of a graph of {lists.num_nodes}; "
            "give one row a node"
        )
    if weight is None:
        weight = lists.weight
    if weight is not None:
        check_float("weight", weight, (1,), "(M,)")
        if weight.shape[0] != graph.num_edges:
            raise ValueError(
                f"weight has {weight.shape[0]} entries but the lists {graph.num_edges}; give "
                "one each"
            )
        check_device("weight", weight, graph)
        weight = weight.to(torch.float32 if x.dtype in HALF else x.dtype)
    out: Tensor = kernel("propagate", x, weight)(x, graph, weight, "sum")
    return out


def _asked(
    adj: AdjacencyLike, pairs: Tensor, limit: int | None, seed: int, drop: EdgeDrop | None
) -> tuple[View, Sample | None]:
    adj = Adjacency.of(adj)
    check_pairs(pairs, adj.num_nodes, adj.device)
    check_whole("seed", seed)
    if limit is not None:
        check_count("limit", limit)
        limit = min(int(limit), max(adj.num_edges, 1))  # no list is longer
    sample = None if limit is None else Sample(limit, int(seed))
    if drop is not None and not isinstance(drop, EdgeDrop):
        raise ValueError(f"drop is {shown(drop)}, but it must be an EdgeDrop(p, seed) or None")
    dropped = None if drop is None or drop.p == 0 else (drop.p, int(drop.seed))
    if isinstance(adj, Masked):
        rows = sorted_rows(adj._base)
        return View(rows.rowptr, rows.col, adj._sorted_places, dropped), sample
    rows = sorted_rows(adj)
    return View(rows.rowptr, rows.col, None, dropped), sample


def _known(lists: NeighborLists, view: View, pairs: Tensor) -> Found:
    """The lists of common neighbours that were handed in, as the search reads them."""
    if not isinstance(lists, NeighborLists):
        raise ValueError(f"common is {shown(lists)}, but it must be NeighborLists or None")
    graph = lists.graph
    if graph.num_nodes != pairs.shape[1] or graph.num_sources != view.rowptr.shape[0] - 1:
        raise ValueError(
            f"common has {graph.num_nodes} lists of {graph.num_sources} nodes, but there are "
            f"{pairs.shape[1]} pairs in a graph of {view.rowptr.shape[0] - 1} nodes: give what "
            "common_neighbors returns for them"
        )
    return Found(graph._rowptr.diff().long(), graph._col, None)


def _lists(found: Found, view: View) -> NeighborLists:
    rowptr = torch.zeros(len(found.count) + 1, dtype=torch.int32, device=found.count.device)
    torch.cumsum(found.count, 0, out=rowptr[1:])
    return NeighborLists(rowptr, found.node, view.rowptr.shape[0] - 1, found.weight)
