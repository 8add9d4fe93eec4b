"""Spectral gap: the second smallest eigenvalue of the normalised Laplacian."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.structure.graphs.components import components
from gnnlab.structure.graphs.undirected_lists import Neighbours, undirected
from gnnlab.structure.spectra.eigenvectors import sparse_eigenpairs

DENSE = 500
"""Up to so many nodes all eigenvalues are computed."""


@checked
def spectral_gap(edge_index: Tensor, num_nodes: int) -> float:
    r"""Give the second smallest eigenvalue of the normalised Laplacian.

    .. math:: \lambda_2\big(I - D^{-1/2} A D^{-1/2}\big)

    It is 0 exactly when the graph is disconnected, and at most N / (N - 1), for complete graphs.

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.

    Shapes:
        a number; nan where there are fewer than two nodes

    Raises:
        ValueError: bad edges or an edge without its reverse; what would take more than a day.

    Cost:
        O(N^3) up to 500 nodes, else as
        :func:`gnnlab.structure.spectra.eigenvectors.laplacian_eigenvectors`, to a relative error
        of 1e-8, and an absolute one of 1e-15.

    Source:
        Chung, "Spectral graph theory", AMS 1997, chapter 1
        (https://mathweb.ucsd.edu/~fan/research/revised.html).
    """
    graph = undirected(edge_index, num_nodes)
    if num_nodes < 2:
        return float("nan")
    if len(components(graph.rowptr, graph.col)) > 1:
        return 0.0
    if num_nodes <= DENSE:
        return _dense(graph)
    return float(max(sparse_eigenpairs(graph.rowptr, graph.col, 2)[0][1], 0.0))


def _dense(graph: Neighbours) -> float:
    from scipy.linalg import eigvalsh

    row = np.repeat(np.arange(graph.num_nodes), np.diff(graph.rowptr))
    walk = np.zeros((graph.num_nodes, graph.num_nodes))
    root = np.sqrt(np.diff(graph.rowptr))
    walk[row, graph.col] = 1 / (root[row] * root[graph.col])
    top = eigvalsh(walk, subset_by_index=[graph.num_nodes - 2, graph.num_nodes - 2])
    return float(1 - top[0])
