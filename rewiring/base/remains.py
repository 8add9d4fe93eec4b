"""Remains of graphs after edges are removed: losses counted over a data set, with one warning."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnlab.rewiring.base.changes import Changes
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.pair_keys import Array, among, ends


def warn_of_losses(method: object, graphs: Sequence[Graph], changes: Sequence[Any]) -> None:
    """Warn, once, where a rewiring leaves graphs without edges or nodes alone, or splits graphs.

    Args:
        method: the rewiring, for the message.
        graphs: the dataset before.
        changes: of each graph.

    Cost:
        O(N + E) of the graphs that lose an edge.
    """
    pairs = zip(graphs, changes, strict=True)
    losing = [(graph, own) for graph, own in pairs if own.removed.shape[1]]
    if not losing:
        return
    before, bounds = join([graph for graph, _ in losing])
    after = _after(before, bounds, [own for _, own in losing])
    emptied = int(((_edges(before.pairs, bounds) > 0) & (_edges(after, bounds) == 0)).sum())
    alone = int((_alone(after, before.num_nodes) & ~_alone(before.pairs, before.num_nodes)).sum())
    split = _components(after, before.num_nodes) - _components(before.pairs, before.num_nodes)
    if emptied or alone or split > 0:
        warnings.warn(
            f"{method} leaves {emptied} of {len(graphs)} graphs without an edge and {alone} nodes "
            f"without one that had one, in {max(split, 0)} components more: remove fewer edges, or "
            "a share of each graph's, such as 0.05",
            stacklevel=3,
        )


def _after(before: Graph, bounds: Array, changes: Sequence[Changes]) -> Array:
    """The pairs that are left or added, of graphs side by side."""
    nodes, starts = before.num_nodes, bounds[:-1].tolist()
    gone, new = (
        np.concatenate([one + start for one, start in zip(parts, starts, strict=True)], axis=1)
        for parts in ([own.removed for own in changes], [own.added for own in changes])
    )
    kept = before.keys[~among(before.keys, np.sort(gone[0] * nodes + gone[1]))]
    return np.concatenate([ends(kept, nodes), new], axis=1)


def _edges(pairs: Array, bounds: Array) -> Array:
    """How many edges each graph has."""
    graph = np.searchsorted(bounds, pairs[0], side="right") - 1
    return np.bincount(graph, minlength=len(bounds) - 1)


def _alone(pairs: Array, num_nodes: int) -> Array:
    """Which nodes have no edge."""
    alone: Array = np.bincount(pairs.ravel(), minlength=num_nodes) == 0
    return alone


def _components(pairs: Array, num_nodes: int) -> int:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = coo_array((np.ones(pairs.shape[1], bool), (pairs[0], pairs[1])), (num_nodes,) * 2)
    found: Any = connected_components(joined, directed=False, return_labels=False)
    return int(found)
