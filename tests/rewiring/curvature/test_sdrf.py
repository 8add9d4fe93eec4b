"""SDRF against its definition."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
import torch
from curvature_oracles import forman_of
from rewiring_graphs import arcs, data_of
from torch_geometric.data import Data

from gnnlab.rewiring import SDRF
from gnnlab.rewiring.curvature.sdrf import candidates
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.graphs.undirected_lists import Neighbours, from_edges

CASES = {
    "SDRF": lambda: SDRF(3),
}


def after_adding(graph: nx.Graph, i: int, j: int) -> dict[tuple[int, int], float]:
    """Ric(i, j) after each absent pair between the balls of i and j is added, by definition."""
    found = {}
    for k in {i, *graph[i]}:
        for other in {j, *graph[j]}:
            if k != other and not graph.has_edge(k, other):
                more = graph.copy()
                more.add_edge(k, other)
                found[min(k, other), max(k, other)] = forman_of(more, i, j)
    return dict(sorted(found.items()))


def lists(graph: nx.Graph) -> Neighbours:
    low, high = np.array(sorted(tuple(sorted(e)) for e in graph.edges()), np.int64).T
    return from_edges(low, high, graph.number_of_nodes())


def test_candidates_equal_their_definition() -> None:
    for seed in range(90):
        nodes = 3 + seed % 11
        graph = nx.gnp_random_graph(nodes, 0.15 + seed % 7 / 10, seed=seed)
        for i, j in sorted(graph.edges())[:3]:
            expected = after_adding(graph, i, j)
            keys, after = candidates(lists(graph), i, j)
            assert [divmod(int(key), nodes) for key in keys] == list(expected)
            np.testing.assert_allclose(after, list(expected.values()), atol=1e-12)


def slowly(graph: nx.Graph, method: SDRF) -> nx.Graph:
    """Algorithm 1 with an infinite temperature, everything computed anew."""
    graph = graph.copy()
    for _ in range(method.iterations):
        edges = sorted(tuple(sorted(e)) for e in graph.edges())
        ric = {edge: round(forman_of(graph, *edge), 12) for edge in edges}
        i, j = min(edges, key=lambda e: (ric[e], e))
        most = min(edges, key=lambda e: (-ric[e], e))
        after = after_adding(graph, i, j)
        if after:
            graph.add_edge(*min(after, key=lambda e: (-round(after[e], 12), e)))
        if method.remove_bound is not None and ric[most] > method.remove_bound:
            graph.remove_edge(*most)
    return graph


@pytest.mark.parametrize("bound", [None, 0.5, -1.0])
def test_equals_the_algorithm_without_short_cuts(bound: float | None) -> None:
    for seed in range(10):
        graph = nx.connected_watts_strogatz_graph(14, 4, 0.4, seed=seed)
        method = SDRF(6, temperature=math.inf, remove_bound=bound)
        expected = slowly(graph, method)
        found = arcs(method(data_of(graph)).edge_index)
        assert found == {arc for u, v in expected.edges() for arc in ((u, v), (v, u))}


def test_draws_with_the_probabilities_of_the_softmax() -> None:
    graph, tau = nx.barbell_graph(4, 0), 3.0  # the bridge 3 - 4 is the narrowest
    random, draws = np.random.default_rng(0), 4000
    method, edge = SDRF(temperature=tau), sorted(graph.edges()).index((3, 4))
    keys = [int(method._support(lists(graph), edge, random)[0]) for _ in range(draws)]
    after = after_adding(graph, 3, 4)
    weight = np.exp(tau * np.array(list(after.values())))
    share = [keys.count(u * 8 + v) / draws for u, v in after]
    np.testing.assert_allclose(share, weight / weight.sum(), atol=0.025)


def test_the_seed_decides() -> None:
    data = data_of(nx.connected_watts_strogatz_graph(30, 4, 0.2, seed=0))
    edges = [SDRF(10, 0.1, seed=seed)(data).edge_index for seed in (0, 0, 1)]
    assert torch.equal(edges[0], edges[1])
    assert arcs(edges[0]) != arcs(edges[2])


def test_stops_when_nothing_can_change() -> None:
    complete = data_of(nx.complete_graph(5))
    assert SDRF(50)(complete).edge_index.shape == (2, 20)
    single = Data(x=torch.ones(1, 1), edge_index=torch.empty(2, 0, dtype=torch.long))
    assert SDRF(50, remove_bound=-9)(single).edge_index.shape == (2, 0)
    emptied = SDRF(50, remove_bound=-9)(data_of(nx.complete_graph(2)))
    assert emptied.edge_index.shape == (2, 0)


@pytest.mark.parametrize("bound", [None, 0.0])
def test_removes_nothing_without_a_bound_and_nothing_below_it(bound: float | None) -> None:
    data = data_of(nx.cycle_graph(9))  # every curvature is 0, and 0 is not above 0
    changes = SDRF(1, remove_bound=bound).changes(read_graph(data, True, ""))
    assert changes.added.shape == (2, 1) and not changes.removed.size


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"iterations": -1}, "iterations is -1"),
        ({"temperature": 0}, "temperature is 0"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"remove_bound": math.nan}, "remove_bound is nan"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refuses_bad_settings(settings: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SDRF(**settings)  # type: ignore[arg-type]


def test_refuses_directed_graphs() -> None:
    with pytest.raises(ValueError, match="an edge 0 -> 1 but none back"):
        SDRF()(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]])))
