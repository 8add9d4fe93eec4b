"""Sorted rows: the in-neighbours of every node in ascending order, for binary search."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from gnnlab.ops.graphs.adjacency import Adjacency, group


class SortedRows(NamedTuple):
    """A graph whose rows can be searched; all int32."""

    rowptr: Tensor
    """(N + 1,): the neighbours of node i are ``col[rowptr[i]:rowptr[i + 1]]``."""
    col: Tensor
    """(E,): the sources of the edges into each node, ascending; repeated edges stay."""
    edge: Tensor
    """(E,): the caller's number of each edge."""


def sorted_rows(adj: Adjacency) -> SortedRows:
    """The neighbours of every node in ascending order: two passes of counting, made once."""
    return adj._keep("sorted rows", partial(_sorted, adj))


def _sorted(adj: Adjacency) -> SortedRows:
    if _ascending(adj._rowptr, adj._col):
        return SortedRows(adj._rowptr, adj._col, adj._order)
    by_source = group(adj._source, adj.num_nodes).order
    rows = group(adj._target[by_source], adj.num_nodes)
    edge = by_source[rows.order]
    return SortedRows(rows.rowptr, adj._source[edge].int(), edge)


def _ascending(rowptr: Tensor, col: Tensor) -> bool:
    if col.shape[0] < 2:
        return True
    ordered = col[1:] >= col[:-1]
    starts = rowptr[1:-1].long()
    ordered[starts[(starts > 0) & (starts < col.shape[0])] - 1] = True
    return bool(ordered.all())


def check_pairs(pairs: Tensor, num_nodes: int, device: torch.device) -> None:
    """Refuse what is not two nodes of the graph a column.

    Raises:
        ValueError: with what is wrong and the way out.
    """
    if not isinstance(pairs, Tensor) or pairs.dim() != 2 or pairs.shape[0] != 2:
        kind = tuple(pairs.shape) if isinstance(pairs, Tensor) else type(pairs).__name__
        turn = "; transpose them" if isinstance(pairs, Tensor) and pairs.shape[1:] == (2,) else ""
        raise ValueError(
            f"pairs must be a tensor (2, P), a pair of nodes a column, not {kind}{turn}"
        )
    if pairs.dtype != torch.int64:
        raise ValueError(f"pairs must be int64, not {pairs.dtype}; use pairs.long()")
    if pairs.layout is not torch.strided:
        raise ValueError(f"pairs must be dense, not {pairs.layout}; use pairs.to_dense()")
    if pairs.device != device:
        raise ValueError(
            f"pairs are on {pairs.device} but the graph on {device}; move them with .to(device)"
        )
    if pairs.numel():
        low, high = (int(value) for value in torch.aminmax(pairs))
        if low < 0 or high >= num_nodes:
            node = low if low < 0 else high
            column = int((pairs == node).any(0).nonzero()[0])
            raise ValueError(
                f"pair {column} names node {node}, but the graph has {num_nodes} nodes, numbered "
                "from 0: drop it, or build the graph with all its nodes"
            )
