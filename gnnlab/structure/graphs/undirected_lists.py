"""Undirected neighbour lists: those of a simple graph, sorted, built in O(N + E)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_count
from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.compile import compiled

LIMIT = 2**31 - 1


class Neighbours(NamedTuple):
    """A simple undirected graph with N nodes and M edges; every array is numpy."""

    rowptr: Array
    """(N + 1,) int32."""
    col: Array
    """(2 M,) int32: the neighbours of node i, ascending, are col[rowptr[i]:rowptr[i + 1]]."""
    number: Array
    """(2 M,) int32: which edge each entry of ``col`` belongs to."""
    low: Array
    """(M,) int32: the smaller end of each edge; edges are sorted by (low, high)."""
    high: Array
    """(M,) int32: the larger end of each edge."""
    edge: Array
    """(E,) int32: the edge of each column of the ``edge_index`` it was built from, -1 for loops."""

    @property
    def num_nodes(self) -> int:
        return len(self.rowptr) - 1

    @property
    def num_edges(self) -> int:
        return len(self.low)

    @property
    def numbers(self) -> Array:
        """(M,) int32: the numbers of all edges."""
        return np.arange(len(self.low), dtype=np.int32)


def undirected(edge_index: Tensor, num_nodes: int) -> Neighbours:
    """Read an ``edge_index`` that holds both directions of every edge as a simple graph.

    A repeated edge counts once, and self-loops are left out.

    Args:
        edge_index: (2, E) int64, in any order.
        num_nodes: N; every index lies in ``0..N-1``.

    Raises:
        ValueError: ``edge_index`` has another shape or dtype, names a node outside the graph, or
            lacks the other direction of an edge.

    Example:
        >>> graph = undirected(torch.tensor([[0, 1, 2, 1, 1], [1, 0, 1, 2, 1]]), num_nodes=3)
        >>> graph.col.tolist(), graph.low.tolist(), graph.high.tolist(), graph.edge.tolist()
        ([1, 0, 2, 1], [0, 1], [1, 2], [0, 0, 1, 1, -1])
    """
    check_count("num_nodes", num_nodes, least=0)
    _check_edge_index(edge_index)
    source, target = (array(row) for row in edge_index.cpu())
    if num_nodes > LIMIT or len(source) > LIMIT:
        raise ValueError(f"a graph has at most {LIMIT} nodes and edges: indices are 32 bits wide")
    rowptr = np.zeros(num_nodes + 1, np.int32)
    col, number = np.empty(len(source), np.int32), np.empty(len(source), np.int32)
    ends, edge = np.empty((2, len(source)), np.int32), np.empty(len(source), np.int32)
    arcs, edges, bad = build(source, target, rowptr, col, number, ends, edge)
    if arcs < 0:
        _refuse(int(source[bad]), int(target[bad]), num_nodes, outside=arcs == OUTSIDE)
    return Neighbours(rowptr, col[:arcs], number[:arcs], ends[0, :edges], ends[1, :edges], edge)


def from_edges(low: Array, high: Array, num_nodes: int) -> Neighbours:
    """Build the graph of edges that are given once each; ``edge`` numbers them as given."""
    size = 2 * len(low)
    rowptr = np.zeros(num_nodes + 1, np.int32)
    col, number = np.empty(size, np.int32), np.empty(size, np.int32)
    ends, edge = np.empty((2, size), np.int32), np.empty(size, np.int32)
    source = np.concatenate([low, high]).astype(np.int64)
    target = np.concatenate([high, low]).astype(np.int64)
    arcs, edges, _ = build(source, target, rowptr, col, number, ends, edge)
    kept = edge[: len(low)]
    return Neighbours(rowptr, col[:arcs], number[:arcs], ends[0, :edges], ends[1, :edges], kept)


def _check_edge_index(edge_index: Tensor) -> None:
    if not isinstance(edge_index, Tensor) or edge_index.dim() != 2 or edge_index.shape[0] != 2:
        raise ValueError(f"edge_index must have shape (2, E), not {described(edge_index)}")
    if edge_index.dtype != torch.int64:
        raise ValueError(f"edge_index holds {edge_index.dtype}: convert it with .long()")


def _refuse(source: int, target: int, nodes: int, outside: bool) -> None:
    if outside:
        raise ValueError(
            f"edge_index holds the edge {source} -> {target}, but the graph has {nodes} nodes, "
            "numbered from 0: drop that edge or give a larger num_nodes"
        )
    raise ValueError(
        f"edge_index holds the edge {source} -> {target} but not {target} -> {source}, and this "
        "is defined for undirected graphs: use torch_geometric.utils.to_undirected"
    )


OUTSIDE, DIRECTED = -1, -2


def _build(
    source: Array, target: Array, rowptr: Array, col: Array, number: Array, ends: Array,
    edge: Array,
) -> tuple[int, int, int]:  # fmt: skip
    """Fill the arrays of ``Neighbours``; return how many entries and edges there are.

    (OUTSIDE, 0, e) and (DIRECTED, 0, e) report the edge at fault. rowptr arrives as zeros.
    """
    nodes = rowptr.shape[0] - 1
    for e in range(source.shape[0]):
        if min(source[e], target[e]) < 0 or max(source[e], target[e]) >= nodes:
            return -1, 0, e
    order = by_row(source, by_row(target, np.arange(source.shape[0]), nodes), nodes)
    arcs = _rows(source, target, order, rowptr, col, edge)
    bad = _number(rowptr, col[:arcs], number, ends)
    if bad >= 0:
        for e in range(source.shape[0]):
            if edge[e] == bad:
                return -2, 0, e
    for e in range(source.shape[0]):
        edge[e] = number[edge[e]] if edge[e] >= 0 else -1
    return arcs, arcs // 2, 0


def _by_row(key: Array, order: Array, nodes: int) -> Array:
    """Sort ``order`` stably by ``key``, counting."""
    start = np.zeros(nodes + 1, np.int64)
    for e in range(key.shape[0]):
        start[key[e] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    out = np.empty_like(order)
    for e in order:
        out[start[key[e]]] = e
        start[key[e]] += 1
    return out


def _rows_(
    source: Array, target: Array, order: Array, rowptr: Array, col: Array, edge: Array
) -> int:
    """Write each row once without repeats and loops; edge[e] = the entry of e, -1 for loops."""
    arcs, before = 0, -1
    for e in order:
        i, j = source[e], target[e]
        if i == j:
            edge[e] = -1
            continue
        if i != before or col[arcs - 1] != j:
            col[arcs] = j
            rowptr[i + 1] += 1
            arcs += 1
        edge[e] = arcs - 1
        before = i
    for i in range(rowptr.shape[0] - 1):
        rowptr[i + 1] += rowptr[i]
    return arcs


def _number_(rowptr: Array, col: Array, number: Array, ends: Array) -> int:
    """Number the edges; return an entry that has no partner, or -1.

    Rows are walked in order, so the partner of (i, j) is the next unused entry of row j.
    """
    place = rowptr[:-1].copy()
    edges = 0
    for i in range(rowptr.shape[0] - 1):
        for p in range(rowptr[i], rowptr[i + 1]):
            j = col[p]
            q = place[j]
            if q == rowptr[j + 1] or col[q] != i:
                return p if q == rowptr[j + 1] or col[q] > i else q
            place[j] += 1
            if i < j:
                number[p] = number[q] = edges
                ends[0, edges] = i
                ends[1, edges] = j
                edges += 1
    return -1


by_row = compiled(_by_row)
_rows = compiled(_rows_)
_number = compiled(_number_)
build = compiled(_build)
