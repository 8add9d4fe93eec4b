"""Connected components, and the subgraph of each."""

from __future__ import annotations

import numpy as np

from gnnlab.kernels.arrays import Array


def components(rowptr: Array, col: Array) -> list[Array]:
    """Nodes of each connected component, ascending; components by their smallest node."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nodes = len(rowptr) - 1
    if nodes == 0:
        return []
    graph = csr_array((np.ones(len(col), np.int8), col, rowptr), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(parts, key=lambda part: int(part[0]))


def induced(rowptr: Array, col: Array, nodes: Array) -> tuple[Array, Array]:
    """Rows and columns of a component, renumbered 0, 1, … in the order of ``nodes``."""
    if len(nodes) == len(rowptr) - 1:
        return rowptr, col
    place = np.empty(len(rowptr) - 1, np.int64)
    place[nodes] = np.arange(len(nodes))
    sizes = rowptr[nodes + 1] - rowptr[nodes]
    ends = np.zeros(len(nodes) + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    entries = np.arange(ends[-1]) + np.repeat(rowptr[nodes] - ends[:-1], sizes)
    return ends, place[col[entries]]
