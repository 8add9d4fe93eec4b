"""Effective resistances of all pairs, from one dense inverse."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import require_time
from gnnlab.structure.graphs.components import components, induced

PRODUCT = 0.2
"""Nanoseconds of a multiplication in a dense inverse."""


def pseudo_inverse(rowptr: Array, col: Array) -> torch.Tensor:
    """The pseudo-inverse of the Laplacian of a connected graph: (L + J/n)^-1 - J/n, float64.

    Cost: O(n^3), by one Cholesky factorisation; 24 n^2 bytes at the peak.
    """
    size = len(rowptr) - 1
    require_memory(
        24 * size**2,
        told := f"the dense inverse of a component of {size} nodes",
        way_out := "ask for given pairs, which are solved one by one, or for a sketch "
        "(method='sketch')",
    )
    require_time(PRODUCT * size**3, told, way_out)
    row = np.repeat(np.arange(size), np.diff(rowptr))
    laplacian = np.full((size, size), 1 / size)
    laplacian[row, col] -= 1
    laplacian[np.arange(size), np.arange(size)] += np.diff(rowptr)
    factor = torch.linalg.cholesky(torch.from_numpy(laplacian))
    del laplacian
    return torch.cholesky_inverse(factor).sub_(1 / size)


def resistance_matrix(rowptr: Array, col: Array) -> Array:
    """Effective resistance of every pair, (N, N) float64; infinite between components."""
    nodes = len(rowptr) - 1
    parts = components(rowptr, col)
    if len(parts) == 1:
        return _of_component(rowptr, col)
    require_memory(
        8 * nodes**2, f"the resistance of all pairs of {nodes} nodes", "ask for given pairs"
    )
    out = np.full((nodes, nodes), np.inf)
    for part in parts:
        out[np.ix_(part, part)] = _of_component(*induced(rowptr, col, part))
    return out


def _of_component(rowptr: Array, col: Array) -> Array:
    """Of every pair of a connected graph's nodes, laid over the pseudo-inverse."""
    found = pseudo_inverse(rowptr, col)
    diagonal = found.diagonal().clone()
    found.mul_(-2).add_(diagonal[:, None]).add_(diagonal).fill_diagonal_(0)
    matrix: Array = found.numpy()
    return matrix
