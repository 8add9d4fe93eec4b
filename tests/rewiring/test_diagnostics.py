"""Resistance, commute time, gap, hops and walks against closed forms, networkx and scipy."""

from __future__ import annotations

import math
from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
import torch
from rewiring_graphs import both, of_networkx

from gnnlab.rewiring import (
    commute_time,
    effective_resistance,
    hop_distances,
    spectral_gap,
    total_resistance,
    walk_counts,
)

SHAPES: dict[str, nx.Graph] = {
    "karate": nx.karate_club_graph(),
    "les miserables": nx.les_miserables_graph(),
    "path": nx.path_graph(12),
    "grid": nx.grid_2d_graph(5, 7),
    "hypercube": nx.hypercube_graph(5),
    "disconnected": nx.disjoint_union(nx.cycle_graph(5), nx.gnp_random_graph(9, 0.4, seed=1)),
    "isolated": nx.disjoint_union(nx.path_graph(3), nx.empty_graph(2)),
    "one": nx.empty_graph(1),
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))


def oracle(graph: nx.Graph) -> np.ndarray:
    """Resistances by the pseudo-inverse; infinite between components."""
    graph = nx.convert_node_labels_to_integers(graph)
    inverse = np.linalg.pinv(nx.laplacian_matrix(graph, weight=None).toarray().astype(float))
    diagonal = np.diag(inverse)
    found = diagonal[:, None] + diagonal - 2 * inverse
    for part in nx.connected_components(graph):
        rest = sorted(set(graph) - part)
        found[np.ix_(sorted(part), rest)] = np.inf
    return found


@every_shape
def test_resistance_of_all_pairs(shape: nx.Graph) -> None:
    edge_index, nodes = of_networkx(shape)
    found = effective_resistance(edge_index, nodes).numpy()
    np.testing.assert_allclose(found, oracle(shape), atol=1e-11)


@every_shape
@pytest.mark.parametrize("dense", [True, False])
def test_resistance_of_given_pairs(
    shape: nx.Graph, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.rewiring.diagnostics.resistance.DENSE", 10**6 if dense else 0)
    edge_index, nodes = of_networkx(shape)
    pairs = torch.from_numpy(np.random.default_rng(0).integers(nodes, size=(2, 60)))
    found = effective_resistance(edge_index, nodes, pairs).numpy()
    np.testing.assert_allclose(found, oracle(shape)[pairs[0], pairs[1]], rtol=1e-8, atol=1e-11)


@every_shape
def test_a_sketch_keeps_its_error(shape: nx.Graph) -> None:
    edge_index, nodes = of_networkx(shape)
    exact = oracle(shape)
    for error in (0.5, 0.2):
        found = effective_resistance(edge_index, nodes, method="sketch", error=error).numpy()
        apart = np.isinf(exact)
        assert np.array_equal(np.isinf(found), apart)
        np.testing.assert_allclose(found[~apart], exact[~apart], rtol=error, atol=1e-11)
    again = effective_resistance(edge_index, nodes, method="sketch", error=0.2).numpy()
    assert np.array_equal(found, again)


CLOSED: dict[str, tuple[nx.Graph, float]] = {
    "complete": (nx.complete_graph(9), 8.0),  # n - 1
    "path": (nx.path_graph(9), 9 * 80 / 6),  # the Wiener index, n (n^2 - 1) / 6
    "cycle": (nx.cycle_graph(9), 9 * 80 / 12),  # n (n^2 - 1) / 12
    "star": (nx.star_graph(8), 64.0),  # (n - 1)^2
}


@pytest.mark.parametrize(("graph", "expected"), CLOSED.values(), ids=list(CLOSED))
def test_total_resistance_has_its_closed_form(graph: nx.Graph, expected: float) -> None:
    assert total_resistance(*of_networkx(graph)) == pytest.approx(expected, rel=1e-12)


@every_shape
def test_total_resistance_is_the_sum_over_pairs(shape: nx.Graph) -> None:
    exact = oracle(shape)
    edge_index, nodes = of_networkx(shape)
    inside = total_resistance(edge_index, nodes, within_components=True)
    assert inside == pytest.approx(exact[np.isfinite(exact)].sum() / 2)
    assert total_resistance(edge_index, nodes) == pytest.approx(exact.sum() / 2)


@every_shape
def test_commute_time_is_that_of_a_random_walk(shape: nx.Graph) -> None:
    graph = nx.convert_node_labels_to_integers(shape)
    edge_index, nodes = of_networkx(graph)
    found = commute_time(edge_index, nodes).numpy()
    expected = np.full((nodes, nodes), np.inf)
    for part in map(sorted, nx.connected_components(graph)):
        walk = nx.to_numpy_array(graph, nodelist=part, weight=None)
        walk = walk / np.maximum(walk.sum(1, keepdims=True), 1)
        hitting = np.zeros((len(part), len(part)))
        for goal in range(len(part)):  # h = 1 + P h, h(goal) = 0
            rest = [u for u in range(len(part)) if u != goal]
            system = np.eye(len(rest)) - walk[np.ix_(rest, rest)]
            hitting[rest, goal] = np.linalg.solve(system, np.ones(len(rest)))
        expected[np.ix_(part, part)] = hitting + hitting.T
    np.testing.assert_allclose(found, expected, atol=1e-8)
    pairs = torch.tensor([[0] * nodes, list(range(nodes))])
    np.testing.assert_allclose(commute_time(edge_index, nodes, pairs), found[0])


@every_shape
@pytest.mark.parametrize("dense", [True, False])
def test_spectral_gap_is_the_second_eigenvalue(
    shape: nx.Graph, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.rewiring.diagnostics.spectral_gap.DENSE", 500 if dense else 2)
    edge_index, nodes = of_networkx(shape)
    found = spectral_gap(edge_index, nodes)
    if nodes < 2:
        assert math.isnan(found)
        return
    connected = nx.is_connected(shape)
    laplacian = nx.normalized_laplacian_matrix(shape, weight=None).toarray()
    expected = np.linalg.eigvalsh(laplacian)[1] if connected else 0.0
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_spectral_gap_has_its_closed_forms() -> None:
    assert spectral_gap(*of_networkx(nx.complete_graph(10))) == pytest.approx(10 / 9)
    assert spectral_gap(*of_networkx(nx.hypercube_graph(6))) == pytest.approx(2 / 6)
    cycle = spectral_gap(*of_networkx(nx.cycle_graph(12)))
    assert cycle == pytest.approx(1 - math.cos(2 * math.pi / 12))


@every_shape
@pytest.mark.parametrize("cutoff", [None, 0, 2])
def test_hop_distances_are_shortest_paths(shape: nx.Graph, cutoff: int | None) -> None:
    edge_index, nodes = of_networkx(shape)
    expected = np.asarray(
        nx.floyd_warshall_numpy(nx.convert_node_labels_to_integers(shape), weight="none")
    )
    expected[expected > (np.inf if cutoff is None else cutoff)] = -1
    expected[np.isinf(expected)] = -1
    assert np.array_equal(hop_distances(edge_index, nodes, cutoff).numpy(), expected)


@every_shape
@pytest.mark.parametrize("lazy", [False, True])
def test_walk_counts_are_powers(shape: nx.Graph, lazy: bool) -> None:
    edge_index, nodes = of_networkx(shape)
    adjacency = nx.to_numpy_array(shape, weight=None) + lazy * np.eye(nodes)
    for length in (0, 1, 4, 7):
        found = walk_counts(edge_index, nodes, length, lazy=lazy).numpy()
        assert np.array_equal(found, np.linalg.matrix_power(adjacency, length))


def test_loops_and_parallel_edges_count_once() -> None:
    plain, doubled = both([(0, 1), (1, 2)]), both([(0, 1), (0, 1), (1, 2), (2, 2)])
    for function in (effective_resistance, commute_time, hop_distances):
        assert torch.equal(function(plain, 3), function(doubled, 3))
    assert spectral_gap(plain, 3) == spectral_gap(doubled, 3)


@pytest.mark.parametrize(
    "function",
    [
        effective_resistance,
        commute_time,
        total_resistance,
        spectral_gap,
        hop_distances,
        lambda edge_index, nodes: walk_counts(edge_index, nodes, 2),
    ],
)
def test_bad_edges_are_refused(function: Callable[[torch.Tensor, int], object]) -> None:
    with pytest.raises(ValueError, match="0 -> 1 but not 1 -> 0"):
        function(torch.tensor([[0], [1]]), 2)
    with pytest.raises(ValueError, match="2 nodes"):
        function(both([(0, 5)]), 2)


def test_bad_settings_are_refused() -> None:
    edges = both([(0, 1)])
    with pytest.raises(ValueError, match="none of exact, sketch"):
        effective_resistance(edges, 2, method="approximate")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="error is 1.5"):
        effective_resistance(edges, 2, method="sketch", error=1.5)
    with pytest.raises(ValueError, match="pairs names node 2"):
        effective_resistance(edges, 2, torch.tensor([[0], [2]]))
    with pytest.raises(ValueError, match=r"pairs is torch.int64 of shape \(1,\)"):
        effective_resistance(edges, 2, torch.tensor([0]))
    with pytest.raises(ValueError, match="length is -1"):
        walk_counts(edges, 2, -1)
    with pytest.raises(ValueError, match="max_hop is -1"):
        hop_distances(edges, 2, -1)


def test_what_does_not_fit_names_the_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 1 << 10)
    edge_index, nodes = of_networkx(nx.path_graph(40))
    for function, way_out in (
        (effective_resistance, "ask for given pairs"),
        (total_resistance, "ask for given pairs"),
        (hop_distances, "ask for near pairs"),
    ):
        with pytest.raises(ValueError, match=way_out):
            function(edge_index, nodes)
