"""Laplacian systems by conjugate gradients, for graphs whose inverse does not fit."""

from __future__ import annotations

import math

import numpy as np

from gnnlab.ops.backends.parallel import Array, compiled, over_items

from .memory import require_memory

TOLERANCE = 1e-10
"""Of the residual's norm relative to the right side's; r = b'x is off by its square, roughly."""
ROUGH = 1e-6
"""The same for a sketch, whose own error is far larger."""
FAILURE = 0.01
"""The probability that some pair of a sketch is off by more than the error asked for."""
TOGETHER = 32
"""Right sides of a sketch that are solved before their part of every pair is added up."""


def pair_resistances(rowptr: Array, col: Array, source: Array, target: Array) -> Array:
    """Effective resistance of pairs within components, one system for each: (P,) float64.

    Raises:
        RuntimeError: a system was not solved in 20 N + 1000 steps.

    Cost: O(E sqrt(condition)) for each pair; 40 N bytes a thread.
    """
    out = np.zeros(len(source))
    work = len(col) * len(source) * 100
    over_items(solve_pairs, len(source), work, rowptr, col, source, target, out)
    if np.isnan(out).any():
        raise RuntimeError(_slow(len(rowptr) - 1))
    return out


def sketch_size(pairs: int, error: float) -> int:
    """How many random projections hold ``pairs`` resistances to a relative error.

    Each projection's square is the resistance in expectation; by the bound of Achlioptas (2003)
    for random signs, k = 2 ln(2 pairs / FAILURE) / (error^2 / 2 - error^3 / 3) of them are within
    (1 +- error) of every one with probability 1 - FAILURE.
    """
    rate = error**2 / 2 - error**3 / 3
    return math.ceil(2 * math.log(2 * max(pairs, 1) / FAILURE) / rate)


def sketched_resistances(
    rowptr: Array, col: Array, source: Array, target: Array, error: float, seed: int
) -> Array:
    """Effective resistance of pairs within components up to a relative error: (P,) float64.

    Cost: ``sketch_size`` systems, however many pairs; 16 * 32 N + 32 E bytes.
    """
    nodes, size = len(rowptr) - 1, sketch_size(len(source), error)
    require_memory(
        16 * TOGETHER * nodes + TOGETHER * len(col),
        f"a sketch of {nodes} nodes and {len(col) // 2} edges",
        "ask for given pairs with method='exact'",
    )
    random, out = np.random.default_rng(seed), np.zeros(len(source))
    edges = len(col) // 2
    for start in range(0, size, TOGETHER):
        rows = min(TOGETHER, size - start)
        signs = random.integers(0, 2, (rows, edges), np.int8)
        found = np.zeros((rows, nodes))
        over_items(solve_signs, rows, rows * len(col) * 100, rowptr, col, signs, found)
        if np.isnan(found).any():
            raise RuntimeError(_slow(nodes))
        by_node = np.ascontiguousarray(found.T)
        over_items(add_squares, len(source), len(source) * rows, by_node, source, target, out)
    return out / size


def _slow(nodes: int) -> str:
    return (
        f"conjugate gradients on {nodes} nodes did not converge in {20 * nodes + 1000} steps: use "
        "the dense inverse, on a component that fits"
    )


def _solve_pairs(
    first: int, last: int, rowptr: Array, col: Array, source: Array, target: Array, out: Array
) -> None:
    nodes = rowptr.shape[0] - 1
    b, x, scratch = np.zeros(nodes), np.empty(nodes), np.empty((3, nodes))
    for k in range(first, last):
        s, t = source[k], target[k]
        if s == t:
            continue
        b[s], b[t] = 1, -1
        solved = conjugate_gradients(rowptr, col, b, x, scratch, TOLERANCE)
        out[k] = x[s] - x[t] if solved else np.nan
        b[s] = b[t] = 0


def _solve_signs(
    first: int, last: int, rowptr: Array, col: Array, signs: Array, found: Array
) -> None:
    """found[k] = L^+ B' q for a random sign q on every edge."""
    nodes = rowptr.shape[0] - 1
    b, scratch = np.empty(nodes), np.empty((3, nodes))
    for k in range(first, last):
        b[:] = 0
        e = 0
        for u in range(nodes):
            for p in range(rowptr[u], rowptr[u + 1]):
                if u < col[p]:
                    sign = 2.0 * signs[k, e] - 1.0
                    b[u] += sign
                    b[col[p]] -= sign
                    e += 1
        if not conjugate_gradients(rowptr, col, b, found[k], scratch, ROUGH):
            found[k, 0] = np.nan


def _conjugate_gradients(
    rowptr: Array, col: Array, b: Array, x: Array, scratch: Array, tolerance: float
) -> bool:
    """Solve L x = b, b summing to 0 on every component, preconditioned by the degrees."""
    nodes = b.shape[0]
    r, p, q = scratch[0], scratch[1], scratch[2]
    norm, rho = 0.0, 0.0
    for u in range(nodes):
        degree = rowptr[u + 1] - rowptr[u]
        x[u], r[u] = 0, b[u]
        p[u] = b[u] / degree if degree > 0 else 0.0
        norm += b[u] * b[u]
        rho += r[u] * p[u]
    goal = norm * tolerance * tolerance
    for _ in range(20 * nodes + 1000):
        if norm <= goal:
            return True
        curvature = 0.0
        for u in range(nodes):
            total = (rowptr[u + 1] - rowptr[u]) * p[u]
            for e in range(rowptr[u], rowptr[u + 1]):
                total -= p[col[e]]
            q[u] = total
            curvature += p[u] * total
        step = rho / curvature
        norm, before, rho = 0.0, rho, 0.0
        for u in range(nodes):
            x[u] += step * p[u]
            r[u] -= step * q[u]
            norm += r[u] * r[u]
            degree = rowptr[u + 1] - rowptr[u]
            if degree > 0:
                rho += r[u] * r[u] / degree
        for u in range(nodes):
            degree = rowptr[u + 1] - rowptr[u]
            p[u] = (r[u] / degree if degree > 0 else 0.0) + rho / before * p[u]
    return norm <= goal


def _add_squares(
    first: int, last: int, by_node: Array, source: Array, target: Array, out: Array
) -> None:
    for k in range(first, last):
        s, t = source[k], target[k]
        total = 0.0
        for b in range(by_node.shape[1]):
            difference = by_node[s, b] - by_node[t, b]
            total += difference * difference
        out[k] += total


conjugate_gradients = compiled(_conjugate_gradients)
solve_pairs = compiled(_solve_pairs)
solve_signs = compiled(_solve_signs)
add_squares = compiled(_add_squares)
