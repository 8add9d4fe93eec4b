"""Laplacian eigenvectors of a graph, those with the smallest eigenvalues."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import require_time
from gnnlab.structure.graphs.components import components, induced
from gnnlab.structure.spectra.elimination import Elimination, elimination, far_apart

DENSE = 256
"""Components of up to so many nodes are decomposed as dense matrices."""
SAME = 1e-6
"""Eigenvalues that are nearer to each other than this, relatively, are one."""
TIE = 1e-6
"""Sizes that are nearer to the largest than this, relatively, are as large."""
EXTRA = 4
"""Eigenvectors that are computed beyond those asked for, to see eigenspaces whole."""
SOON = 10e9
"""Nanoseconds below which a factorisation of the Laplacian is taken without asking for more."""
SOLVES = 10
"""Solves for each eigenvector, roughly."""
STEPS, STEP = 300, 2.0
"""Lanczos steps without a factorisation at least, and nanoseconds of each for a number it reads."""
SHIFT = 1e-6
"""What is added to the Laplacian to have an inverse; its eigenvectors stay."""
LEAST = 1e-12
"""The same for graphs so wide that their smallest eigenvalues are far below it."""
MANY = 300
"""Rounds of Lanczos steps after which a search may be given up, at least."""
BASIS = 64
"""Vectors that Lanczos steps keep."""


def laplacian_eigenvectors(rowptr: Array, col: Array, count: int) -> tuple[Array, Array]:
    r"""Find the smoothest vectors on every connected component, the constant one aside.

    Each component has its own: the eigenvectors :math:`v_1, \dots, v_k` of its
    :math:`I - D^{-1/2} A D^{-1/2}` for the smallest eigenvalues but :math:`\lambda_0 = 0`, of
    length 1. So what a node gets does not depend on other components, and a component of n nodes
    has n - 1; the columns after those are 0, as are all of an isolated node.

    Where an eigenvalue is simple, its vector's sign is free: of its entries that are largest in
    size, the first is positive. Where several eigenvalues are equal any basis of their space would
    do: the first vector is the projection of the node that the space holds most of (the first such
    node), the next one is orthogonal to it and chosen in the same way, and so on. That makes the
    vectors a function of the graph and the order of its nodes, whatever computes them. Of a
    component of more than 256 nodes only ``count`` + 4 vectors are known; in an eigenspace that is
    larger still the choice is the solver's.

    Args:
        rowptr, col: a simple graph, both directions.
        count: k.

    Returns:
        values (N, k), those of each node's component, and vectors (N, k), float64.

    Cost:
        O(n^3) for components of up to 256 nodes. Above, a sparse factorisation where nested
        dissection leaves few entries, as on grids, roads, molecules and trees, else Lanczos steps
        of O(E) in 512 n bytes; residuals |L v - lambda v| are below 1e-9 either way. Entries are
        counted and steps estimated from the graph's width before either begins: what takes more
        than half a minute is told, and what takes more than a day is refused.

    Raises:
        ValueError: it would take more than a day, or the Lanczos basis does not fit into memory.
        RuntimeError: Lanczos steps did not converge.
    """
    nodes = len(rowptr) - 1
    values, vectors = np.zeros((nodes, count)), np.zeros((nodes, count))
    for part in components(rowptr, col):
        if len(part) > 1:
            own_values, own_vectors = _of_component(*induced(rowptr, col, part), count)
            found = len(own_values)
            values[part, :found], vectors[part, :found] = own_values, own_vectors
    return values, vectors


def _of_component(rowptr: Array, col: Array, count: int) -> tuple[Array, Array]:
    """At most ``count`` eigenvalues, ascending, and their vectors in columns."""
    nodes = len(rowptr) - 1
    wanted = min(nodes, count + 1 + EXTRA)
    if nodes <= DENSE or 2 * wanted >= nodes:
        values, vectors = _dense(rowptr, col, count, wanted)
    else:
        values, vectors = sparse_eigenpairs(rowptr, col, wanted)
    own = canonical(values[1:], vectors[:, 1:])
    return values[1 : count + 1], own[:, :count]


def _dense(rowptr: Array, col: Array, count: int, wanted: int) -> tuple[Array, Array]:
    """By LAPACK; all vectors where the last eigenspace asked for may be cut."""
    from scipy.linalg import eigh

    nodes = len(rowptr) - 1
    row, root = np.repeat(np.arange(nodes), np.diff(rowptr)), np.sqrt(np.diff(rowptr))
    laplacian = np.eye(nodes)
    laplacian[row, col] = -1 / (root[row] * root[col])
    values, vectors = eigh(laplacian, subset_by_index=[0, wanted - 1], check_finite=False)
    last = _groups(values)[-1]
    if wanted < nodes and last.start <= count:
        values, vectors = eigh(laplacian, check_finite=False)
    return values, vectors


def sparse_eigenpairs(rowptr: Array, col: Array, wanted: int) -> tuple[Array, Array]:
    """The smallest eigenvalues of a connected graph's normalised Laplacian, and their vectors.

    Raises:
        ValueError: neither way fits into memory and into a day.
    """
    from scipy.sparse import csr_array

    nodes = len(rowptr) - 1
    row, root = np.repeat(np.arange(nodes), np.diff(rowptr)), np.sqrt(np.diff(rowptr))
    weights = 1 / (root[row] * root[col])
    walk = csr_array((weights, col, rowptr), shape=(nodes, nodes))
    start = np.random.default_rng(0).standard_normal(nodes)
    across, plan = far_apart(rowptr, col), elimination(rowptr, col)
    steps = int(max(STEPS, across**2 / 40))
    cost = STEP * steps * (len(col) + nodes * max(BASIS, 2 * wanted + 1))
    told = f"{wanted} eigenvectors of a component of {nodes:,} nodes"
    way_out = "ask for fewer, or take random-walk encodings, which need none"
    solved = np.inf if plan is None else plan.nanoseconds(SOLVES * wanted)
    if plan is not None and (solved <= SOON or solved <= cost):
        require_time(solved, told, way_out)
        shift = min(SHIFT, max(1 / across**2, LEAST))
        values, vectors = _inverted(walk, plan, wanted, start, shift)
    else:
        require_time(cost, told, way_out)
        values, vectors = _lanczos(walk, wanted, start, 20 * steps)
    order = np.argsort(values, kind="stable")
    return values[order], vectors[:, order]


def _inverted(
    walk: Any, plan: Elimination, wanted: int, start: Array, shift: float
) -> tuple[Array, Array]:
    """Lanczos steps with the inverse of the Laplacian, whose smallest eigenvalues stand apart."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import LinearOperator, eigsh

    nodes = walk.shape[0]
    identity = eye_array(nodes, format="csc")
    laplacian = identity - walk.tocsc()
    solve = plan.factorised(laplacian + shift * identity)
    inverse = LinearOperator((nodes, nodes), matvec=solve, dtype=np.float64)
    found: tuple[Array, Array] = eigsh(
        laplacian, k=wanted, sigma=-shift, OPinv=inverse, v0=start, tol=0
    )
    return found


def _lanczos(walk: Any, wanted: int, start: Array, most: int) -> tuple[Array, Array]:
    """Lanczos steps with the walk, whose largest eigenvalues are the Laplacian's smallest.

    Steps from one start see one vector of an eigenspace, and others by rounding alone. So what lies
    beside the vectors that were found is searched from other starts, until nothing is missing. A
    search ends after about ``most`` steps.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    nodes, basis = walk.shape[0], max(BASIS, 2 * wanted + 1)
    require_memory(
        8 * nodes * (basis + 2 * wanted),
        f"the Lanczos basis of a component of {nodes} nodes",
        "ask for fewer eigenvectors",
    )
    rounds = max(MANY, most // (basis - wanted))
    steps = partial(eigsh, which="LA", tol=1e-10, ncv=basis, maxiter=rounds)
    try:
        values, vectors = steps(walk, k=wanted, v0=start)
        values, vectors = _with_missed(walk, values, vectors, steps)
    except ArpackNoConvergence as error:
        raise RuntimeError(
            f"the eigenvectors of a component of {nodes} nodes did not converge ({error}): ask for "
            "fewer, or take random-walk encodings, which need none"
        ) from error
    return 1 - values, vectors


def _with_missed(
    walk: Any, values: Array, vectors: Array, steps: Callable[..., tuple[Array, Array]]
) -> tuple[Array, Array]:
    """As many eigenpairs, the largest ones that there are beside those that were found too."""
    from scipy.sparse.linalg import LinearOperator

    random = np.random.default_rng(1)
    while True:
        beside = LinearOperator(walk.shape, partial(_beside, walk, vectors), dtype=np.float64)
        other = random.standard_normal(len(vectors))
        other -= vectors @ (vectors.T @ other)
        value, vector = steps(beside, k=1, v0=other)
        if value[0] <= values.min() + SAME:
            return values, vectors
        kept = values.argsort()[1:]
        values = np.append(values[kept], value)
        vectors = np.column_stack([vectors[:, kept], vector])


def _beside(walk: Any, vectors: Array, x: Array) -> Array:
    """The walk on what is orthogonal to the vectors; they come last, with eigenvalue -2."""
    x = x.ravel()
    own = vectors @ (vectors.T @ x)
    out = walk @ (x - own)
    result: Array = out - vectors @ (vectors.T @ out) - 2 * own
    return result


def canonical(values: Array, vectors: Array) -> Array:
    """Turn every eigenspace's basis into the one that the graph and the order of nodes decide.

    Args:
        values: (m,) ascending.
        vectors: (n, m) orthonormal columns.
    """
    size = np.abs(vectors)
    first = (size >= (1 - TIE) * size.max(0, initial=0)).argmax(0)
    out: Array = vectors * np.sign(vectors[first, np.arange(len(values))])
    for group in _groups(values):
        if group.stop - group.start > 1:
            out[:, group] = _basis(vectors[:, group])
    return out


def _groups(values: Array) -> list[slice]:
    """Ranges of eigenvalues that are one."""
    apart = np.diff(values) > SAME * np.abs(values[1:])
    cuts = [0, *(np.flatnonzero(apart) + 1).tolist(), len(values)]
    return [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if a < b]


def _basis(space: Array) -> Array:
    """Project the node that the space holds most of; then the same for what is left of it."""
    rest, found = space, np.empty_like(space)
    for number in range(space.shape[1]):
        held = np.sqrt(np.einsum("nm,nm->n", rest, rest))
        node = int((held >= (1 - TIE) * held.max()).argmax())
        direction = rest[node] / held[node]
        found[:, number] = rest @ direction
        rest = rest - np.outer(found[:, number], direction)
    return found
