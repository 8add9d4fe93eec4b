"""Curvature against linear programmes, definitions and closed forms."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import torch
from curvature_oracles import forman_of, programme_curvature
from rewiring_graphs import both, of_networkx

from gnnlab import datasets
from gnnlab.rewiring import balanced_forman, ollivier_ricci
from gnnlab.structure.curvature import neighbourhoods

alphas = pytest.mark.parametrize("alpha", [0.0, 0.5])


@pytest.fixture(params=["bits of all pairs", "neighbour lists"], autouse=True)
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run every test the way small graphs are done, and the way large ones are."""
    if request.param == "neighbour lists":
        monkeypatch.setattr(neighbourhoods, "DENSE_NODES", 0)
    return str(request.param)


def compare(graph: nx.Graph, alpha: float, edges: int) -> None:
    edge_index, nodes = of_networkx(graph)
    graph = nx.convert_node_labels_to_integers(graph)
    found = ollivier_ricci(edge_index, nodes, alpha)
    columns = np.random.default_rng(0).permutation(edge_index.shape[1])[:edges]
    cases = [(graph, (int(i), int(j))) for i, j in edge_index.T[columns]]
    np.testing.assert_allclose(
        found[columns].numpy(), programme_curvature(cases, alpha), rtol=0, atol=1e-9
    )


@alphas
def test_equals_a_linear_programme_on_karate_and_les_miserables(alpha: float) -> None:
    compare(nx.karate_club_graph(), alpha, edges=156)
    compare(nx.les_miserables_graph(), alpha, edges=120)


@alphas
def test_equals_a_linear_programme_on_cora(alpha: float) -> None:
    if not os.environ.get("GNNLAB_MIRROR"):
        pytest.skip("no mirror of real graphs")
    edge_index = datasets.load("cora").edge_index
    graph = nx.Graph(edge_index.T.tolist())
    compare(graph.subgraph(max(nx.connected_components(graph), key=len)), alpha, edges=60)


@alphas
def test_equals_a_linear_programme_on_a_thousand_random_graphs(alpha: float, storage: str) -> None:
    cases, found = [], []
    for seed in range(1000 if storage == "bits of all pairs" else 300):
        random = np.random.default_rng(seed)
        nodes = int(random.integers(2, 14))
        graph = nx.gnp_random_graph(nodes, random.uniform(0.15, 0.95), seed=seed)
        if graph.number_of_edges():
            edge_index, _ = of_networkx(graph)
            column = int(random.integers(edge_index.shape[1]))
            i, j = edge_index[:, column].tolist()
            cases.append((graph, (i, j)))
            found.append(float(ollivier_ricci(edge_index, nodes, alpha)[column]))
    np.testing.assert_allclose(found, programme_curvature(cases, alpha), rtol=0, atol=1e-9)


def interior(graph: nx.Graph) -> list[int]:
    """The columns of edges whose ends, and their neighbours, have full degree."""
    most = max(dict(graph.degree()).values())
    full = {v for v in graph if graph.degree(v) == most}
    deep = {v for v in full if set(graph[v]) <= full}
    edges = list(nx.convert_node_labels_to_integers(graph, label_attribute="was").edges())
    names = list(graph)
    return [e for e, (i, j) in enumerate(edges) if names[i] in deep and names[j] in deep]


CLOSED: dict[str, tuple[Callable[[], nx.Graph], float, float, float]] = {
    # Ollivier-Ricci at alpha 0 and 1/2 (half of Lin-Lu-Yau's there), and balanced Forman.
    "complete graph": (lambda: nx.complete_graph(7), 5 / 6, 7 / 12, 7 / 6),
    "triangle": (lambda: nx.cycle_graph(3), 1 / 2, 3 / 4, 3 / 2),
    "square": (lambda: nx.cycle_graph(4), 0, 1 / 2, 1),
    "pentagon": (lambda: nx.cycle_graph(5), 0, 1 / 4, 0),
    "long cycle": (lambda: nx.cycle_graph(11), 0, 0, 0),
    "grid": (lambda: nx.grid_2d_graph(7, 8), 0, 0, 0),
    "torus": (lambda: nx.grid_graph([6, 7], periodic=True), 0, 0, 0),
    "hypercube": (lambda: nx.hypercube_graph(5), 0, 1 / 5, 2 / 5),
    "complete bipartite graph": (lambda: nx.complete_bipartite_graph(4, 4), 0, 1 / 4, -1 / 2),
}


@pytest.mark.parametrize("name", CLOSED)
def test_equals_closed_forms(name: str) -> None:
    build, none, half, forman = CLOSED[name]
    graph = build()
    columns = interior(graph) if name == "grid" else list(range(graph.number_of_edges()))
    edge_index, nodes = of_networkx(graph)
    assert columns
    for found, expected in (
        (ollivier_ricci(edge_index, nodes), none),
        (ollivier_ricci(edge_index, nodes, 0.5), half),
        (balanced_forman(edge_index, nodes), forman),
    ):
        np.testing.assert_allclose(found[columns].numpy(), expected, atol=1e-12)


def test_equals_the_closed_form_of_trees() -> None:
    graph = nx.random_labeled_tree(60, seed=3)
    edge_index, nodes = of_networkx(graph)
    degree = torch.tensor([graph.degree(v) for v in range(nodes)]).double()
    low, high = degree[edge_index].min(0).values, degree[edge_index].max(0).values
    tree = 2 / low + 2 / high - 2
    leaf = low == 1
    assert 0 < int(leaf.sum()) < len(leaf)
    torch.testing.assert_close(ollivier_ricci(edge_index, nodes), tree.masked_fill(leaf, 0))
    torch.testing.assert_close(ollivier_ricci(edge_index, nodes, 0.5), tree / 2)
    torch.testing.assert_close(balanced_forman(edge_index, nodes), tree.masked_fill(leaf, 0))


def test_forman_equals_its_definition() -> None:
    for seed in range(120):
        graph = nx.gnp_random_graph(2 + seed % 20, 0.1 + seed % 9 / 10, seed=seed)
        edge_index, nodes = of_networkx(graph)
        expected = [forman_of(graph, int(i), int(j)) for i, j in edge_index.T]
        np.testing.assert_allclose(balanced_forman(edge_index, nodes), expected, atol=1e-12)


def test_forman_is_a_lower_bound() -> None:
    for seed in range(60):
        graph = nx.gnp_random_graph(4 + seed % 16, 0.2 + seed % 7 / 10, seed=seed)
        edge_index, nodes = of_networkx(graph)
        lin_lu_yau = 2 * ollivier_ricci(edge_index, nodes, 0.5)
        assert bool((balanced_forman(edge_index, nodes) <= lin_lu_yau + 1e-12).all())  # theorem 2


@pytest.mark.parametrize("alpha", [Fraction(1, 3), 0.1, 0.9, 1.0, 0.123456789012345])
def test_takes_any_laziness(alpha: float | Fraction) -> None:
    compare(nx.karate_club_graph(), alpha, edges=40)  # type: ignore[arg-type]


def test_hubs_of_different_degrees(storage: str) -> None:
    graph = nx.barabasi_albert_graph(200, 6, seed=1)
    compare(graph, 0.0, edges=60)


def test_keeps_the_callers_order_of_edges() -> None:
    edge_index, nodes = of_networkx(nx.karate_club_graph())
    order = torch.randperm(edge_index.shape[1], generator=torch.Generator().manual_seed(0))
    for measure in (ollivier_ricci, balanced_forman):
        values = measure(edge_index, nodes)
        torch.testing.assert_close(measure(edge_index[:, order], nodes), values[order])
        half = edge_index.shape[1] // 2
        assert torch.equal(values[:half], values[half:])  # both directions are one edge


def test_does_not_depend_on_the_numbers_of_nodes() -> None:
    edge_index, nodes = of_networkx(nx.les_miserables_graph())
    new = torch.randperm(nodes, generator=torch.Generator().manual_seed(0))
    for measure in (ollivier_ricci, balanced_forman):
        torch.testing.assert_close(
            measure(new[edge_index], nodes), measure(edge_index, nodes), rtol=0, atol=0
        )


def test_bits_do_not_depend_on_threads() -> None:
    edge_index, nodes = of_networkx(nx.barabasi_albert_graph(400, 12, seed=0))
    threads, found = torch.get_num_threads(), []
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            found.append(ollivier_ricci(edge_index, nodes))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*found)


@pytest.mark.parametrize("measure", [ollivier_ricci, balanced_forman])
def test_repeated_edges_count_once_and_loops_have_none(
    measure: Callable[[torch.Tensor, int], torch.Tensor],
) -> None:
    edge_index, nodes = of_networkx(nx.karate_club_graph())
    plain = measure(edge_index, nodes)
    loops = torch.tensor([[3, 3], [3, 3]])
    messy = measure(torch.cat([edge_index, edge_index[:, :50], loops], 1), nodes)
    torch.testing.assert_close(messy[:-2], torch.cat([plain, plain[:50]]))
    assert bool(messy[-2:].isnan().all())


@pytest.mark.parametrize("measure", [ollivier_ricci, balanced_forman])
def test_graphs_without_much_in_them(
    measure: Callable[[torch.Tensor, int], torch.Tensor],
) -> None:
    assert measure(both([]), 0).shape == measure(both([]), 1).shape == (0,)
    assert measure(both([(0, 1)]), 5).tolist() == [0, 0]  # a pair and three isolated nodes
    parts = both([(0, 1), (1, 2), (0, 2), (3, 4)])
    np.testing.assert_allclose(measure(parts, 5)[3], 0)


@pytest.mark.parametrize("measure", [ollivier_ricci, balanced_forman])
def test_refuses_in_a_sentence(measure: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="the edge 1 -> 2 but not 2 -> 1.*to_undirected"):
        measure(torch.tensor([[0, 1, 1], [1, 0, 2]]), 3)
    with pytest.raises(ValueError, match="the edge 0 -> 7, but the graph has 3 nodes"):
        measure(torch.tensor([[0], [7]]), 3)
    with pytest.raises(ValueError, match=r"must have shape \(2, E\)"):
        measure(torch.zeros(3, 4, dtype=torch.long), 3)
    with pytest.raises(ValueError, match="convert it with .long()"):
        measure(torch.zeros(2, 4), 3)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan"), "half"])
def test_refuses_what_is_no_share(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"alpha is {alpha!r}"):
        ollivier_ricci(both([(0, 1)]), 2, alpha)


def released(adjacency: np.ndarray) -> np.ndarray:
    """The release's loops, going on where its CPU loop stops."""
    paths, degree = adjacency @ adjacency, adjacency.sum(0)
    found = np.zeros(adjacency.shape)
    for i, j in np.argwhere(adjacency):
        low, high = sorted((degree[i], degree[j]))
        on = [
            adjacency[:, j] * (paths[i] - adjacency[i]),
            adjacency[i] * (paths[:, j] - adjacency[:, j]),
        ]
        counts = np.concatenate(on)
        counts = counts[counts > 0]
        found[i, j] = 2 / high + 2 / low - 2 + (2 / high + 1 / low) * paths[i, j]
        if len(counts):
            found[i, j] += len(counts) / (high * counts.max())
    return found


@pytest.mark.parametrize(
    ("edges", "ours", "theirs"),
    [
        # A path of three nodes: an end of degree 1, and a path through the edge itself.
        ([(0, 1), (1, 2)], 0.0, 2 / 2 + 2 / 1 - 2 + 3 / (2 * 2)),
        # All four joined: every 4-cycle has both diagonals.
        ([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], 4 / 3, 4 / 3 + 6 / (3 * 3)),
    ],
)
def test_the_released_balanced_forman_differs_where_the_docstring_says(
    edges: list[tuple[int, int]], ours: float, theirs: float
) -> None:
    both = torch.tensor([*edges, *[(j, i) for i, j in edges]]).T
    nodes = int(both.max()) + 1
    adjacency = np.zeros((nodes, nodes))
    adjacency[both[0].numpy(), both[1].numpy()] = 1
    assert balanced_forman(both, nodes)[0] == pytest.approx(ours)
    assert released(adjacency)[0, 1] == pytest.approx(theirs)
