"""Curvature as its definition reads: a linear programme, sets of neighbours, closed forms."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

Edge = tuple[int, int]


def programme_curvature(
    cases: Sequence[tuple[nx.Graph, Edge]], alpha: float
) -> np.ndarray:  # fmt: skip
    """1 - W1 of one edge of each graph: many small linear programmes, solved as one.

    The programmes share no variable, so the optimum of the sum is the optimum of each.
    """
    costs, blocks, masses = [], [], []
    for graph, (i, j) in cases:
        left, right = sorted({i, *graph[i]}), sorted({j, *graph[j]})
        hops = [nx.single_source_shortest_path_length(graph, x, cutoff=3) for x in left]
        costs.append(np.array([[near[y] for y in right] for near in hops], float).ravel())
        ones = np.ones
        rows = sparse.kron(sparse.eye(len(left)), ones((1, len(right))))
        columns = sparse.kron(ones((1, len(left))), sparse.eye(len(right)))
        blocks.append(sparse.vstack([rows, columns]))
        masses += [walker(graph, i, alpha, left), walker(graph, j, alpha, right)]
    equal = sparse.block_diag(blocks, format="csr")
    done = linprog(np.concatenate(costs), A_eq=equal, b_eq=np.concatenate(masses), method="highs")
    assert done.success, done.message
    ends = np.cumsum([len(cost) for cost in costs])[:-1]
    paid = [
        plan @ cost for plan, cost in zip(np.split(np.asarray(done.x), ends), costs, strict=True)
    ]
    return 1 - np.array(paid)


def walker(graph: nx.Graph, node: int, alpha: float, support: Sequence[int]) -> np.ndarray:
    """Where a lazy walker at a node is after one step."""
    share = (1 - alpha) / graph.degree(node)
    return np.array([alpha if x == node else share for x in support])


def forman_of(graph: nx.Graph, i: int, j: int) -> float:
    """Balanced Forman curvature by the sets of definition 1 of Topping et al."""
    small, large = sorted([graph.degree(i), graph.degree(j)])
    if small == 1:
        return 0.0
    around_i, around_j = set(graph[i]), set(graph[j])
    triangles = len(around_i & around_j)
    through = [
        *({w for w in set(graph[k]) & around_j if w not in around_i | {i}}
          for k in around_i - around_j - {j}),
        *({w for w in set(graph[k]) & around_i if w not in around_j | {j}}
          for k in around_j - around_i - {i}),
    ]  # fmt: skip
    squares, most = sum(bool(ways) for ways in through), max(map(len, through), default=0)
    curvature = 2 / small + 2 / large - 2 + 2 * triangles / large + triangles / small
    return curvature + (squares / (most * large) if most else 0.0)
