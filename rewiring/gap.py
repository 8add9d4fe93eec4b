"""How fast a random walk forgets where it began."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gnnlab.structure.components import components
from gnnlab.structure.csr import Neighbours, undirected
from gnnlab.structure.memory import require_memory

DENSE = 500
"""Up to so many nodes all eigenvalues are computed."""


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
        ValueError: bad edges or an edge without its reverse.

    Cost:
        O(N^3) up to 500 nodes, else Lanczos iterations of O(E), to a relative error of 1e-8.

    Source:
        Chung, "Spectral graph theory", AMS 1997, chapter 1
        (https://mathweb.ucsd.edu/~fan/research/revised.html).
    """
    graph = undirected(edge_index, num_nodes)
    if num_nodes < 2:
        return float("nan")
    if len(components(graph.rowptr, graph.col)) > 1:
        return 0.0
    return _dense(graph) if num_nodes <= DENSE else _lanczos(graph)


def _dense(graph: Neighbours) -> float:
    from scipy.linalg import eigvalsh

    row = np.repeat(np.arange(graph.num_nodes), np.diff(graph.rowptr))
    walk = np.zeros((graph.num_nodes, graph.num_nodes))
    root = np.sqrt(np.diff(graph.rowptr))
    walk[row, graph.col] = 1 / (root[row] * root[graph.col])
    top = eigvalsh(walk, subset_by_index=[graph.num_nodes - 2, graph.num_nodes - 2])
    return float(1 - top[0])


def _lanczos(graph: Neighbours) -> float:
    """Find the largest eigenvalue of I + D^-1/2 A D^-1/2 beside the known one, which is removed."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import LinearOperator, eigsh

    nodes = graph.num_nodes
    require_memory(400 * nodes + 24 * len(graph.col), "the Lanczos basis", "take a smaller graph")
    root = np.sqrt(np.diff(graph.rowptr)).astype(np.float64)
    adjacency = csr_array((np.ones(len(graph.col)), graph.col, graph.rowptr), shape=(nodes, nodes))
    first = root / np.linalg.norm(root)

    def multiply(x: np.ndarray) -> np.ndarray:
        x = x.reshape(-1)
        x = x - first * (first @ x)
        x = x + adjacency @ (x / root) / root
        out: np.ndarray = x - first * (first @ x)
        return out

    start = np.random.default_rng(0).standard_normal(nodes)
    operator = LinearOperator((nodes, nodes), matvec=multiply, dtype=np.float64)
    top = eigsh(operator, k=1, which="LA", v0=start, tol=1e-10, return_eigenvectors=False)
    return float(2 - top[0])
