"""Curvature flow: a changing graph whose edges' curvature is kept up to date."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnnlab.rewiring.base.changes import Changes
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, among, distinct, ends
from gnnlab.structure.graphs.undirected_lists import Neighbours, from_edges

Measure = Callable[[Neighbours, Array], Array]
"""(neighbour lists, numbers of edges) -> their curvature."""


class Curved:
    """Edges and their curvature; after a change only edges near it are measured again.

    The measure of an edge must depend on nothing but who is joined to whom among its ends, their
    neighbours and the neighbours' neighbours, along paths that begin at its ends' neighbours; then
    a change at a node matters only to edges that have an end within one step of that node.

    Args:
        graph: where to start.
        measure: the curvature of the edges with the given numbers.
    """

    def __init__(self, graph: Graph, measure: Measure) -> None:
        self._nodes, self._measure = graph.num_nodes, measure
        self._pending: Array | None = None
        self.keys = self._first = graph.keys
        self.lists = from_edges(graph.pairs[0], graph.pairs[1], graph.num_nodes)
        self.values = measure(self.lists, self.lists.numbers)

    def absent(self, keys: Array) -> Array:
        """Those of the keys low * N + high that are no edges, sorted and once each."""
        keys = distinct(keys)
        return keys[~among(keys, self.keys)]

    def change(self, added: Array, removed: Array) -> None:
        """Add the keys of absent edges and remove those of edges; ``update`` measures."""
        before, after = self.keys, np.concatenate([self.keys, added])
        after = np.sort(after[~among(after, np.sort(removed))], kind="stable")
        self.keys, self._before = after, before
        self._pending = np.concatenate([added, removed])

    def update(self) -> None:
        """Bring ``lists`` and ``values`` up to the last change."""
        if self._pending is None:
            return
        low, high = ends(self.keys, self._nodes)
        touched = np.unique(ends(self._pending, self._nodes))
        near = _near(self.lists, touched)
        self.lists = from_edges(low, high, self._nodes)
        near |= _near(self.lists, touched)
        place = np.searchsorted(self._before, self.keys)
        values = np.append(self.values, 0.0)[place]  # new edges take anything: they are near
        stale = np.flatnonzero(near[low] | near[high]).astype(np.int32)
        values[stale] = self._measure(self.lists, stale)
        self.values, self._pending = values, None

    def changes(self) -> Changes:
        """What was changed since the start."""
        added = self.keys[~among(self.keys, self._first)]
        removed = self._first[~among(self._first, self.keys)]
        return Changes(ends(added, self._nodes), ends(removed, self._nodes))


def _near(lists: Neighbours, nodes: Array) -> Array:
    """Which nodes are among the given ones or next to one: (N,) bool."""
    near = np.zeros(lists.num_nodes, bool)
    near[nodes] = True
    for node in nodes:
        near[lists.col[lists.rowptr[node] : lists.rowptr[node + 1]]] = True
    return near
