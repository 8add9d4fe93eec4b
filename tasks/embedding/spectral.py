"""Spectral embedding: the eigenvectors of the graph's Laplacian with the smallest eigenvalues."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_flag
from gnnlab.kernels.arrays import Array
from gnnlab.structure.graphs.components import components
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.spectra.eigenvectors import laplacian_eigenvectors
from gnnlab.structure.transforms import refuse_batch
from gnnlab.tasks.embedding.method import Embedding

if TYPE_CHECKING:
    from torch_geometric.data import Data


USUAL = 8
"""Eigenvectors where none says how many."""


@dataclass(frozen=True)
class SpectralEmbedding(Embedding):
    r"""Embed nodes by the first k eigenvectors of the normalised Laplacian of the whole graph.

    .. math:: (I - D^{-1/2} A D^{-1/2})\, v_j = \lambda_j v_j, \quad
        0 = \lambda_1 \le \lambda_2 \le \dots \le \lambda_k

    The graph is taken as simple. Every connected component, an isolated node among them, has an
    eigenvector for 0, larger components first; so a graph of k components or more is embedded by
    them alone, and nodes of those that are left over by zeros.

    Args:
        k: eigenvectors; if None, as many as there are clusters where nodes are clustered, else 8.
        normalise: divide each node's row by its length.

    Shapes:
        edge_index (2, E) -> (N, k) float32

    Raises:
        ValueError: a ``Batch``, bad edges, an edge without its reverse, k below 1 or above N.

    Cost:
        Of :func:`gnnlab.structure.spectra.eigenvectors.laplacian_eigenvectors`.

    Source:
        Ng, Jordan and Weiss, "On Spectral Clustering: Analysis and an algorithm", NeurIPS 2001:
        with ``normalise``, its rows Y, of a graph in the place of its affinities.
    """

    short: ClassVar[str] = "spectral"
    k: int | None = None
    normalise: bool = True

    def __post_init__(self) -> None:
        if self.k is not None:
            check_count("k", self.k)
        check_flag("normalise", self.normalise)

    def __call__(self, data: Data, seed: int = 0, width: int | None = None) -> Tensor:
        refuse_batch(data)
        k = self.k or width or USUAL
        graph = read_graph(data, True, "SpectralEmbedding")
        if k > graph.num_nodes:
            raise ValueError(
                f"k is {k}, but a graph of {graph.num_nodes} nodes has no more eigenvectors "
                "than nodes: take fewer"
            )
        _warn_of_components(len(components(graph.rowptr, graph.arcs[1])), k)
        found = smallest(graph.rowptr, graph.arcs[1], k)[1]
        if self.normalise:
            length = np.linalg.norm(found, axis=1, keepdims=True)
            found = found / np.where(length > 0, length, 1)
        return torch.from_numpy(found).float()


def _warn_of_components(parts: int, k: int) -> None:
    """Warn where all eigenvectors belong to eigenvalue 0, and say nothing within a component."""
    if parts >= max(k, 2):
        warnings.warn(
            f"the graph has {parts} components, which the first {k} eigenvectors tell apart and "
            f"nothing more: take its largest component, or k above {parts}",
            stacklevel=3,
        )


def smallest(rowptr: Array, col: Array, count: int) -> tuple[Array, Array]:
    """The smallest eigenvalues (k,) of a graph's normalised Laplacian, and vectors (N, k).

    A component's vectors are 0 elsewhere. Of equal eigenvalues those of larger components are
    first, and of components that are as large those with the smaller first node.

    Args:
        rowptr, col: a simple graph, both directions.
        count: k, at most N.
    """
    nodes = len(rowptr) - 1
    values, vectors = laplacian_eigenvectors(rowptr, col, count)
    parts = sorted(components(rowptr, col), key=len, reverse=True)
    known: list[tuple[float, int, int]] = [(0.0, number, -1) for number in range(len(parts))]
    for number, part in enumerate(parts):
        there = min(len(part) - 1, count)
        known += [(float(values[part[0], j]), number, j) for j in range(there)]
    chosen = sorted(known)[:count]
    found, root = np.zeros((nodes, count)), np.sqrt(np.diff(rowptr))
    for column, (_, number, j) in enumerate(chosen):
        part = parts[number]
        if j >= 0:
            found[part, column] = vectors[part, j]
        else:
            own = root[part] if len(part) > 1 else np.ones(1)
            found[part, column] = own / np.linalg.norm(own)
    return np.array([value for value, _, _ in chosen]), found
