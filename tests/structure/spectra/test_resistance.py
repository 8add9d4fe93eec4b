"""The inverse stays exact while edges are added, whoever computes it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch

from gnnlab.kernels import threads as parallel
from gnnlab.structure.graphs.components import components, induced
from gnnlab.structure.graphs.undirected_lists import from_edges
from gnnlab.structure.spectra import resistance_updates
from gnnlab.structure.spectra.laplacian_solve import sketch_size
from gnnlab.structure.spectra.resistance_updates import Resistances, with_edges


def rows(graph: nx.Graph) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.sort(np.array(graph.edges(), np.int64).reshape(-1, 2).T, axis=0)
    lists = from_edges(low, high, len(graph))
    return lists.rowptr.astype(np.int64), lists.col.astype(np.int64)


def inverse(graph: nx.Graph) -> np.ndarray:
    found: np.ndarray = np.linalg.pinv(nx.laplacian_matrix(graph).toarray().astype(float))
    return found


@pytest.mark.parametrize("updates", [500, 60])
def test_equals_the_pseudo_inverse_after_500_additions(
    updates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resistance_updates, "UPDATES", updates)  # 60: computed again eight times
    graph = nx.barabasi_albert_graph(80, 2, seed=0)
    state = Resistances(*rows(graph))
    best = state.best()
    for step in range(500):
        before = state.total()
        graph.add_edge(best.low, best.high)
        gain, best = best.gain, state.add(best.low, best.high)
        assert before - state.total() == pytest.approx(gain, rel=1e-8), step
    expected = inverse(graph)
    np.testing.assert_allclose(state.matrix(), expected, atol=1e-10)
    diagonal = np.diag(state.matrix())
    np.testing.assert_allclose(
        diagonal[:, None] + diagonal - 2 * state.matrix(),
        np.diag(expected)[:, None] + np.diag(expected) - 2 * expected,
        atol=1e-8,
    )


def test_drift_without_computing_again_stays_inside_the_bound() -> None:
    graph = nx.path_graph(60)  # as badly conditioned as a graph of this size can be
    state = Resistances(*rows(graph))
    first, best = inverse(graph), state.best()
    for _ in range(resistance_updates.UPDATES):
        graph.add_edge(best.low, best.high)
        best = state.add(best.low, best.high)
    assert abs(state.matrix() - inverse(graph)).max() < 4.5e-13 * abs(first).max()


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.barabasi_albert_graph(150, 2, seed=1)
    found = []
    for threads in (1, 2):
        with monkeypatch.context() as patch:
            patch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
            patch.setattr(parallel, "GRAIN", 64)
            patch.setattr(resistance_updates, "PARALLEL", 0)
            state = Resistances(*rows(graph))
            best = [state.best()]
            for _ in range(20):
                best.append(state.add(best[-1].low, best[-1].high))
            found.append((best, state.matrix()))
    assert found[0][0] == found[1][0] and np.array_equal(found[0][1], found[1][1])


def test_a_complete_graph_has_no_best_pair() -> None:
    assert Resistances(*rows(nx.complete_graph(5))).best().gain == 0
    state = Resistances(*rows(nx.path_graph(3)))
    assert state.best()[1:] == (0, 2)
    assert state.add(0, 2).gain == 0


def test_components_and_what_they_induce() -> None:
    graph = nx.Graph([(0, 4), (4, 2), (1, 3)])
    graph.add_nodes_from(range(6))
    lists = from_edges(np.array([0, 2, 1]), np.array([4, 4, 3]), 6)
    parts = components(lists.rowptr, lists.col)
    assert [part.tolist() for part in parts] == [[0, 2, 4], [1, 3], [5]]
    rowptr, col = induced(lists.rowptr, lists.col, parts[0])
    assert rowptr.tolist() == [0, 1, 2, 4] and col.tolist() == [2, 2, 0, 1]
    rowptr, col = with_edges(rowptr, col, [(0, 1)])
    assert rowptr.tolist() == [0, 2, 4, 6] and col.tolist() == [1, 2, 0, 2, 0, 1]
    assert components(np.zeros(1, np.int64), np.empty(0, np.int64)) == []


def test_a_sketch_grows_with_what_is_asked() -> None:
    assert sketch_size(100, 0.1) > 5 * sketch_size(100, 0.3) > 0
    assert sketch_size(10_000, 0.3) > sketch_size(100, 0.3)
