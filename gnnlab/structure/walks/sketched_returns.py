"""Sketched walk returns: estimates of return probabilities, with a standard error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import alike, require_time, stretches

TOGETHER = 32
"""Probes that walk side by side."""
STEP = 2.0
"""Nanoseconds for an arc of a step and a probe."""


def sketched_returns(
    rowptr: Array, col: Array, length: int, undirected: bool, probes: int, seed: int = 0
) -> tuple[Array, Array]:
    r"""Estimate the diagonals of the powers of the walk matrix by random signs.

    For signs :math:`g` with :math:`\mathbb{E}[g g^\top] = I` and :math:`a + b = t`,

    .. math:: (P^t)_{ii} = \mathbb{E}\big[(P^a g)_i \, ((P^\top)^b g)_i\big], \qquad
        a = \lceil t / 2 \rceil,

    of which the mean over ``probes`` draws is taken. On an undirected graph
    :math:`S = D^{-1/2} A D^{-1/2}` stands for both, whose powers have the same diagonals: at even t
    the mean is one of squares, with a relative standard error of at most :math:`\sqrt{2 / m}` for m
    probes. The first two steps are exact: 0, and one pass over the edges.

    Args:
        rowptr, col: out-neighbours, each once and no node its own.
        length: k.
        undirected: whether every arc has its reverse.
        probes: m, at least 2.
        seed: of the signs.

    Returns:
        the means (N, k) and their standard errors (N, k), estimated from the spread over probes.

    Cost:
        O(m k / 2) passes over the edges (twice that on a directed graph), 16 N k bytes and some
        1,000 N while it runs.

    Source:
        Hutchinson, "A stochastic estimator of the trace of the influence matrix for Laplacian
        smoothing splines", 1989 (https://doi.org/10.1080/03610918908812806); Bekas, Kokiopoulou and
        Saad, "An estimator for the diagonal of a matrix", 2007
        (https://doi.org/10.1016/j.apnum.2007.01.003).
    """
    nodes, sides = len(rowptr) - 1, 1 if undirected else 2
    told = f"a sketch of the return probabilities of {nodes:,} nodes by {probes:,} probes"
    require_memory(
        nodes * (8 * TOGETHER * (2 * sides + 3) + 32 * length) + 40 * len(col),
        told,
        "take fewer steps",
    )
    cost = STEP * sides * probes * (length / 2 + 1) * (len(col) + 4 * nodes)
    require_time(cost, told, "take fewer probes")
    ahead, behind = _matrices(rowptr, col, undirected)
    total, squares = np.zeros((length, nodes)), np.zeros((length, nodes))
    random = np.random.default_rng(seed)
    for start, stop in _blocks(probes, cost):
        signs = 2.0 * random.integers(0, 2, (nodes, stop - start), np.int8) - 1.0
        _add(ahead, behind, signs, total, squares)
    mean = total.T / probes
    error = np.sqrt(np.maximum(squares.T / probes - mean**2, 0) / (probes - 1))
    mean[:, :1], error[:, :2] = 0.0, 0.0
    if length > 1:
        mean[:, 1] = np.asarray(ahead.multiply(behind).sum(axis=1)).ravel()
    return mean, error


def _blocks(probes: int, cost: float) -> Iterator[tuple[int, int]]:
    """Ranges of probes that walk together; a bar goes along with them where they take long."""
    for first, last in stretches(alike(probes, cost), "probe"):
        for start in range(first, last, TOGETHER):
            yield start, min(start + TOGETHER, last)


def _matrices(rowptr: Array, col: Array, undirected: bool) -> tuple[Any, Any]:
    """P and its transpose, or S twice."""
    from scipy.sparse import csr_array

    nodes, degree = len(rowptr) - 1, np.diff(rowptr)
    row = np.repeat(np.arange(nodes), degree)
    if undirected:
        root = np.sqrt(degree)
        walk = csr_array((1 / (root[row] * root[col]), col, rowptr), shape=(nodes, nodes))
        return walk, walk
    walk = csr_array((1 / degree[row], col, rowptr), shape=(nodes, nodes))
    return walk, walk.T.tocsr()


def _add(ahead: Any, behind: Any, signs: Array, total: Array, squares: Array) -> None:
    """Add what these probes say of every step, and its square."""
    here = there = signs
    for t in range(len(total)):
        if t % 2 == 0:
            here = ahead @ here
        else:
            there = here if ahead is behind else behind @ there
        product = here * there
        total[t] += product.sum(axis=1)
        squares[t] += np.einsum("nm,nm->n", product, product)
