"""Undirected edges of a sheaf: one edge for each pair of joined nodes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gnnlab.layers.parts.self_loops import check_weight
from gnnlab.ops import Adjacency, AdjacencyLike, degree, remember, segment_reduce


class Pairs(NamedTuple):
    """Undirected edges, each stored once.

    Args:
        adj: P edges; which of its two ends is the target makes no difference.
        weight: (P,), or None where all weigh 1.
        row: (P,) int64, the row of the caller's edge_index that stands for the pair; None where
            every row stands for itself.
    """

    adj: Adjacency
    weight: Tensor | None
    row: Tensor | None

    def degree(self, dtype: torch.dtype) -> Tensor:
        """The weights at each node added up, (N,)."""
        weight = None if self.weight is None else self.weight.to(dtype)
        total = degree(self.adj, "target", weight) + degree(self.adj, "source", weight)
        return total.to(dtype)

    def of_rows(self, values: Tensor) -> Tensor:
        """What is known for each row of edge_index, for each pair: (E, ...) -> (P, ...)."""
        return values if self.row is None else values.index_select(0, self.row)


def refuse_negative(pairs: Pairs, given: Tensor) -> None:
    """Refuse edges that weigh less than 0, whose degrees may have no inverse root.

    Weights are looked at once for as long as they live unchanged: asking waits for the device.

    Args:
        given: the weights that those of the pairs are means of.

    Raises:
        ValueError: with the first such edge and its weight.
    """
    weight = pairs.weight
    if weight is None or torch.compiler.is_compiling():
        return
    if weight.is_cuda and torch.cuda.is_current_stream_capturing():
        return
    if not remember(given, "below zero", lambda: bool((given.detach() < 0).any())):
        return
    below = (weight < 0).nonzero()
    if len(below):
        first = int(below[0])
        ends = pairs.adj.edge_index[:, first].tolist()
        raise ValueError(
            f"the edge between {ends[0]} and {ends[1]} weighs {float(weight[first])} (the mean of "
            "its directions), and a degree of such weights may have no inverse root: use weights "
            "of 0 or more, or normalisation='none'"
        )


class _Merged(NamedTuple):
    adj: Adjacency
    row: Tensor
    kept: Tensor
    """(E',) the rows between different nodes."""
    pair: Tensor
    """(E',) the pair of each of them."""
    share: Tensor | None
    """(P,) half the number of rows of each pair; None where all have two."""


def undirected(adj: AdjacencyLike, num_nodes: int, edge_weight: Tensor | None = None) -> Pairs:
    r"""Read a graph as undirected: every row of edge_index is half an undirected edge.

    .. math:: w_{uv} = \frac{1}{2} \sum_{e \in \{(u, v), (v, u)\}} w_e

    A graph that stores both directions is itself. An arc without its reverse counts half in both
    directions, repeated rows add up, and self-loops, at which nothing can disagree, are left out.

    Args:
        adj: anything that ``Adjacency.of`` takes.
        num_nodes: N.
        edge_weight: one number for each row; 1 by default.

    Raises:
        ValueError: edge weights that do not fit.
    """
    graph = Adjacency.of(adj, num_nodes)
    if edge_weight is not None:
        check_weight(edge_weight, graph)
    if torch.compiler.is_compiling():  # where the number of pairs is not known
        half = 0.5 * (graph.source != graph.target)
        weight = half.to(torch.get_default_dtype()) if edge_weight is None else half * edge_weight
        return Pairs(graph, weight, None)
    merged = graph.remember("undirected", lambda: _merge(graph))
    if edge_weight is None:
        return Pairs(merged.adj, merged.share, merged.row)
    halves = edge_weight.index_select(0, merged.kept) / 2
    weight = segment_reduce(halves, merged.pair, merged.adj.num_edges)
    return Pairs(merged.adj, weight, merged.row)


def _merge(graph: Adjacency) -> _Merged:
    kept = (graph.source != graph.target).nonzero().flatten()
    ends = graph.edge_index[:, kept]
    key = ends.amin(0) * graph.num_nodes + ends.amax(0)
    key, order = key.sort(stable=True)
    fresh = torch.ones_like(key, dtype=torch.bool)
    fresh[1:] = key[1:] != key[:-1]
    first, place = order[fresh].sort()  # the pairs in the order of their first rows
    number = torch.empty_like(place).index_copy(0, place, torch.arange(len(place)).to(place))
    pair = torch.empty_like(order).index_copy(0, order, number[fresh.cumsum(0) - 1])
    rows = torch.bincount(pair, minlength=len(first))
    share = None if bool((rows == 2).all()) else rows.to(torch.get_default_dtype()) / 2
    adj = Adjacency(ends[:, first], graph.num_nodes)
    return _Merged(adj, kept[first], kept, pair, share)
