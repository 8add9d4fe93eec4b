"""In-neighbours of every node as compiled loops read them: sorted, without loops and repeats."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from gnnlab.ops import Adjacency
from gnnlab.structure.graphs.pair_keys import Array, arc_keys, distinct


class SimpleRows(NamedTuple):
    """In-neighbours; on an undirected graph, neighbours."""

    rowptr: Array
    """(N + 1,) int64."""
    col: Array
    """(E',) int32: those of node i, ascending, are col[rowptr[i]:rowptr[i + 1]]."""

    @property
    def degree(self) -> Array:
        """(N,) int64: how many different nodes lead to each."""
        return np.diff(self.rowptr)


def simple_rows(adj: Adjacency) -> SimpleRows:
    """Sort a graph's edges by target, then source, once for as long as it lives."""
    return adj._keep("simple rows", lambda: _sorted(adj._copied(), adj.num_nodes))


def _sorted(edge_index: Tensor, num_nodes: int) -> SimpleRows:
    source, target = edge_index.cpu().numpy()
    keys = distinct(arc_keys(np.stack([target, source]), num_nodes)[source != target])
    rowptr = np.zeros(num_nodes + 1, np.int64)
    np.cumsum(np.bincount(keys // max(num_nodes, 1), minlength=num_nodes), out=rowptr[1:])
    return SimpleRows(rowptr, (keys % max(num_nodes, 1)).astype(np.int32))


class Asked(NamedTuple):
    """Pairs grouped by their first node, so that each is searched from once."""

    source: Array
    """(S,) different first nodes."""
    start: Array
    """(S + 1,): the pairs of source s are order[start[s]:start[s + 1]]."""
    order: Array
    """(P,) numbers of pairs."""
    target: Array
    """(P,) the second nodes, in the pairs' own order."""


def asked(pairs: Array) -> Asked:
    """Group pairs (2, P) by row 0."""
    order = np.argsort(pairs[0], kind="stable")
    source, first = np.unique(pairs[0][order], return_index=True)
    return Asked(source, np.append(first, len(order)), order, np.ascontiguousarray(pairs[1]))
