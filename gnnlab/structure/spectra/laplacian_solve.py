"""Laplacian systems solved by conjugate gradients, for graphs whose inverse does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.compile import compiled
from gnnlab.kernels.effort import alike, require_time, stretches
from gnnlab.kernels.threads import over_items
from gnnlab.structure.graphs.components import components, induced
from gnnlab.structure.spectra.elimination import Elimination, elimination, far_apart

TOLERANCE = 1e-10
"""Of the residual's norm relative to the right side's; r = b'x is off by its square, roughly."""
ROUGH = 1e-6
"""The same for a sketch, whose own error is far larger."""
FAILURE = 0.01
"""The probability that some pair of a sketch is off by more than the error asked for."""
STEPS, STEP = 30, 1.5
"""Steps of conjugate gradients at least, and nanoseconds of each for a number it reads."""
SKETCH = "take fewer, or a sketch (method='sketch')"
TOGETHER = 32
"""Right sides of a sketch that are solved before their part of every pair is added up."""


def pair_resistances(rowptr: Array, col: Array, source: Array, target: Array) -> Array:
    """Effective resistance of pairs within components, one system for each: (P,) float64.

    Raises:
        RuntimeError: a system was not solved in 20 N + 1000 steps.

    Cost: O(E sqrt(condition)) for each pair and 40 N bytes a thread, or a sparse factorisation
    where that costs less.
    """
    cost, plan = steps_cost(rowptr, col, len(source)), elimination(rowptr, col)
    told = f"the resistance of {len(source):,} pairs of {len(rowptr) - 1:,} nodes"
    if plan is not None and plan.nanoseconds(len(source)) <= cost:
        require_time(plan.nanoseconds(len(source)), told, SKETCH)
        return _by_factor(rowptr, col, plan, source, target)
    require_time(cost, told, SKETCH)
    out = np.zeros(len(source))
    for first, last in stretches(alike(len(source), cost), "pair"):
        part, work = slice(first, last), int(cost)
        over_items(
            solve_pairs, last - first, work, rowptr, col, source[part], target[part], out[part]
        )
    if np.isnan(out).any():
        raise RuntimeError(_slow(len(rowptr) - 1))
    return out


def steps_cost(rowptr: Array, col: Array, systems: int) -> float:
    """Nanoseconds that conjugate gradients take, roughly: some steps for each hop across."""
    largest = max(components(rowptr, col), key=len, default=np.empty(0, np.int64))
    across = far_apart(*induced(rowptr, col, largest)) if len(largest) else 0
    steps = STEPS + 3 * across
    return STEP * systems * steps * (len(col) + 6 * len(rowptr))


def _by_factor(
    rowptr: Array, col: Array, plan: Elimination, source: Array, target: Array
) -> Array:  # fmt: skip
    """From one factorisation of L + e e', e a node of each component: x is 0 there."""
    solve, nodes, out = _grounded(rowptr, col, plan), len(rowptr) - 1, np.zeros(len(source))
    cost = plan.nanoseconds(len(source))
    for begin, end in stretches(alike(len(source), cost), "pair"):
        for first in range(begin, end, TOGETHER):
            part = slice(first, min(first + TOGETHER, end))
            s, t, column = source[part], target[part], np.arange(part.stop - first)
            right = np.zeros((nodes, len(column)))
            right[s, column] += 1
            right[t, column] -= 1
            found = solve(right)
            out[part] = found[s, column] - found[t, column]
    return out


def _grounded(rowptr: Array, col: Array, plan: Elimination) -> Callable[[Array], Array]:
    from scipy.sparse import csr_array, diags_array

    nodes, diagonal = len(rowptr) - 1, np.diff(rowptr).astype(np.float64)
    for part in components(rowptr, col):
        diagonal[part[0]] += 1
    edges = csr_array((np.ones(len(col)), col, rowptr), shape=(nodes, nodes))
    return plan.factorised(diags_array(diagonal, format="csr") - edges)


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
    require_time(
        steps_cost(rowptr, col, size) / 2,
        f"a sketch of {nodes:,} nodes, which solves {size:,} systems,",
        "allow a larger error, or ask for given pairs with method='exact'",
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
