"""A graph that changes while the curvature of its edges is kept up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnnlab.structure.csr import Neighbours, from_edges

from .changes import Changes
from .graph import Array, Graph, ends

Measure = Callable[[Neighbours, Array], Array]
"""(neighbour lists, numbers of edges) -> their curvature."""


class Curved:
    """Edges and their curvature; after a change only edges near it are measured again.

    The measure of an edge must depend on nothing but who is within one step of its ends' neighbours;
    then a change at a node matters to edges that have an end within one step of that node.

    Args:
        graph: where to start.
        measure: the curvature of the edges with the given numbers.
    """

    def __init__(self, graph: Graph, measure: Measure) -> None:
        self._start, self._measure = graph, measure
        self.keys = graph.keys
        self.lists = from_edges(graph.pairs[0], graph.pairs[1], graph.num_nodes)
        self._values = np.empty(len(self.keys))
        self._stale = np.arange(len(self.keys), dtype=np.int32)

    @property
    def values(self) -> Array:
        """(M,) float64, the curvature of every edge, in the order of ``keys``."""
        if len(self._stale):
            self._values[self._stale] = self._measure(self.lists, self._stale)
            self._stale = self._stale[:0]
        return self._values

    def absent(self, keys: Array) -> Array:
        """Those of the keys low * N + high that are no edges, sorted and once each."""
        return np.setdiff1d(keys, self.keys)

    def change(self, added: Array, removed: Array) -> None:
        """Add the keys of absent edges and remove those of edges."""
        if not len(added) and not len(removed):
            return
        before, values = self.keys, self.values
        self.keys = np.union1d(np.setdiff1d(before, removed), added)
        low, high = ends(self.keys, self._start.num_nodes)
        near = self._near(added, removed)
        self.lists = from_edges(low, high, self._start.num_nodes)
        near |= self._near(added, removed)
        place = np.searchsorted(before, self.keys).clip(max=max(len(before) - 1, 0))
        self._values = values[place] if len(before) else np.empty(len(self.keys))
        self._stale = np.flatnonzero(near[low] | near[high]).astype(np.int32)

    def changes(self) -> Changes:
        """What was changed since the start."""
        nodes, start = self._start.num_nodes, self._start.keys
        added, removed = np.setdiff1d(self.keys, start), np.setdiff1d(start, self.keys)
        return Changes(ends(added, nodes), ends(removed, nodes))

    def _near(self, added: Array, removed: Array) -> Array:
        """Which nodes are within one step of an end of the keys: (N,) bool."""
        near = np.zeros(self._start.num_nodes, bool)
        rowptr, col = self.lists.rowptr, self.lists.col
        for node in np.unique(ends(np.concatenate([added, removed]), len(near))):
            near[node] = True
            near[col[rowptr[node] : rowptr[node + 1]]] = True
        return near
