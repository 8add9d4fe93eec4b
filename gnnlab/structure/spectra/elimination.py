"""Elimination order of a graph's Laplacian: the cost of its factor, known before it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import usable_memory
from gnnlab.structure.hops.bfs import hop_matrix
from gnnlab.structure.spectra.dissection import count_fill, nested_dissection

BYTES = 32
"""Bytes of an entry of a factor: number and place, in both triangles, and some room to grow."""
MOST = 1 << 30
"""Entries that 32 bits number with room to spare."""
PRODUCT, SOLVE = 0.6, 10.0
"""Nanoseconds of a multiplication in a factorisation, and of an entry in a solve."""


@dataclass(frozen=True, eq=False)
class Elimination:
    """The order in which a graph's nodes are eliminated, and what that costs.

    Args:
        order: (N,) the nodes.
        entries: of a triangular factor.
        products: multiplications of a factorisation.
    """

    order: Array
    entries: int
    products: float

    def nanoseconds(self, solves: int) -> float:
        """What the factorisation and so many solves take, roughly."""
        size = self.entries + len(self.order)
        return PRODUCT * self.products + SOLVE * size * (solves + 10)

    def factorised(self, matrix: Any) -> Callable[[Array], Array]:
        """Factorise a symmetric positive definite matrix on the graph's edges; return its solver.

        Args:
            matrix: (N, N) sparse.

        Returns:
            a function from right sides, (N,) or (N, B), to solutions.
        """
        from scipy.sparse.linalg import splu

        order, place = self.order, np.empty_like(self.order)
        place[order] = np.arange(len(order))
        factors = splu(
            matrix.tocsr()[order].tocsc()[:, order],
            permc_spec="NATURAL",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

        def solve(right: Array) -> Array:
            found: Array = factors.solve(right[order])
            return found[place]

        return solve


def elimination(rowptr: Array, col: Array) -> Elimination | None:
    """Order a graph's nodes by nested dissection; None where the factor would not fit into memory.

    Args:
        rowptr, col: a simple graph, both directions.

    Cost:
        O(E log N + the entries).
    """
    most = int(min(MOST, usable_memory() / BYTES))
    order = nested_dissection(rowptr, col)
    entries, products = count_fill(rowptr, col, order, most)
    return None if entries > most else Elimination(order, entries, products)


def far_apart(rowptr: Array, col: Array) -> int:
    """A lower bound of a connected graph's diameter: the largest distance from one at the rim."""
    start = np.zeros(1, np.int64)
    for _ in range(2):
        hops = hop_matrix(rowptr, col, sources=start)[0]
        start = hops.argmax(keepdims=True)
    return int(hops.max(initial=0))
