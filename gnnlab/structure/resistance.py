"""Effective resistances of all pairs, from one dense inverse."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.ops.backends.parallel import Array

from .components import components, induced
from .memory import require_memory


def pseudo_inverse(rowptr: Array, col: Array) -> torch.Tensor:
    """The pseudo-inverse of the Laplacian of a connected graph: (L + J/n)^-1 - J/n, float64.

    Cost: O(n^3), by one Cholesky factorisation; 24 n^2 bytes at the peak.
    """
    size = len(rowptr) - 1
    require_memory(
        24 * size**2,
        f"the dense inverse of a component of {size} nodes",
        "ask for given pairs, which are solved one by one, or for a sketch (method='sketch')",
    )
    row = np.repeat(np.arange(size), np.diff(rowptr))
    laplacian = np.full((size, size), 1 / size)
    laplacian[row, col] -= 1
    laplacian[np.arange(size), np.arange(size)] += np.diff(rowptr)
    factor = torch.linalg.cholesky(torch.from_numpy(laplacian))
    return torch.cholesky_inverse(factor) - 1 / size


def resistance_matrix(rowptr: Array, col: Array) -> Array:
    """Effective resistance of every pair, (N, N) float64; infinite between components."""
    nodes = len(rowptr) - 1
    require_memory(
        8 * nodes**2, f"the resistance of all pairs of {nodes} nodes", "ask for given pairs"
    )
    out = np.full((nodes, nodes), np.inf)
    for part in components(rowptr, col):
        inverse = pseudo_inverse(*induced(rowptr, col, part))
        diagonal = inverse.diagonal()
        found = diagonal[:, None] + diagonal - 2 * inverse
        found.fill_diagonal_(0)
        out[np.ix_(part, part)] = found.numpy()
    return out
