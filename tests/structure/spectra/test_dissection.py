"""Nested dissection: an order of all nodes, whose fill is what a factorisation has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest

from gnnlab.structure.spectra.dissection import count_fill, nested_dissection
from gnnlab.structure.spectra.elimination import elimination, far_apart

GRAPHS: dict[str, Callable[[], Any]] = {
    "grid": lambda: nx.grid_2d_graph(20, 31),
    "path": lambda: nx.path_graph(700),
    "star": lambda: nx.star_graph(300),
    "two stars": lambda: nx.disjoint_union(nx.star_graph(90), nx.star_graph(70)),
    "tree": lambda: nx.balanced_tree(2, 8),
    "random": lambda: nx.connected_watts_strogatz_graph(300, 6, 0.4, seed=1),
    "complete": lambda: nx.complete_graph(60),
    "apart": lambda: nx.disjoint_union_all([nx.cycle_graph(k) for k in (40, 3, 90)]),
    "no edge": lambda: nx.empty_graph(50),
    "nothing": lambda: nx.empty_graph(0),
}


def lists(graph: Any) -> tuple[np.ndarray, np.ndarray]:
    matrix = nx.to_scipy_sparse_array(graph, format="csr") if len(graph) else None
    if matrix is None:
        return np.zeros(1, np.int64), np.zeros(0, np.int32)
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_fill_is_that_of_dense_elimination(name: str) -> None:
    rowptr, col = lists(GRAPHS[name]())
    order = nested_dissection(rowptr, col)
    nodes = len(rowptr) - 1
    assert sorted(order.tolist()) == list(range(nodes))
    full = np.zeros((nodes, nodes), bool)
    full[np.repeat(np.arange(nodes), np.diff(rowptr)), col] = True
    full = full[np.ix_(order, order)]
    columns = []
    for k in range(nodes):
        below = k + 1 + np.flatnonzero(full[k + 1 :, k])
        columns.append(len(below))
        full[np.ix_(below, below)] = True
    entries, products = count_fill(rowptr, col, order, 1 << 40)
    assert entries == sum(columns)
    assert products == sum(size * (size + 3) for size in columns)


@pytest.mark.parametrize(("name", "entries"), [("star", 300), ("path", 1600), ("tree", 3000)])
def test_trees_stay_sparse(name: str, entries: int) -> None:
    rowptr, col = lists(GRAPHS[name]())
    assert count_fill(rowptr, col, nested_dissection(rowptr, col), 1 << 40)[0] <= entries


def test_a_grid_fills_in_as_little_as_the_literature_says() -> None:
    """At most 31/4 n^2 log2(n) entries for n x n nodes; rows one after the other fill in n^3."""
    rowptr, col = lists(nx.grid_2d_graph(100, 100))
    entries = count_fill(rowptr, col, nested_dissection(rowptr, col), 1 << 40)[0]
    assert entries < 31 / 4 * 100**2 * np.log2(100)
    assert entries < count_fill(rowptr, col, np.arange(10_000), 1 << 40)[0] / 2


def test_counting_stops() -> None:
    rowptr, col = lists(nx.complete_graph(60))
    assert 100 < count_fill(rowptr, col, np.arange(60), 100)[0] < 200


@pytest.mark.parametrize("name", sorted(set(GRAPHS) - {"nothing"}))
def test_solver(name: str) -> None:
    from scipy.sparse import csr_array, eye_array

    rowptr, col = lists(GRAPHS[name]())
    nodes, plan = len(rowptr) - 1, elimination(rowptr, col)
    edges = csr_array((np.ones(len(col)), col, rowptr), shape=(nodes, nodes))
    matrix = eye_array(nodes) * (1.5 * np.diff(rowptr).max() + 1) - edges
    right = np.random.default_rng(0).standard_normal((nodes, 3))
    assert plan is not None
    solve = plan.factorised(matrix)
    np.testing.assert_allclose(matrix @ solve(right), right, atol=1e-9)
    np.testing.assert_allclose(solve(right[:, 0]), solve(right)[:, 0], atol=1e-12)


def test_what_does_not_fit_has_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 10_000)
    assert elimination(*lists(nx.complete_graph(60))) is None
    assert elimination(*lists(nx.star_graph(60))) is not None


@pytest.mark.parametrize(("name", "across"), [("path", 699), ("star", 2), ("grid", 49)])
def test_width(name: str, across: int) -> None:
    assert far_apart(*lists(GRAPHS[name]())) == across
