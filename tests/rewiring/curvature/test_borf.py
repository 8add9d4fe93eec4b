"""BORF step by step, without its short cuts, and on what is worked by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from rewiring_graphs import arcs, data_of
from torch_geometric.data import Data

from gnnlab.rewiring import BORF
from gnnlab.rewiring.curvature.borf import _Flow
from gnnlab.structure.curvature.ollivier import Ollivier
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.graphs.undirected_lists import from_edges

CASES = {
    "BORF": lambda: BORF(batches=2, add=3, remove=2),
}


def slowly(graph: Graph, method: BORF) -> set[tuple[int, int]]:
    """Algorithm 1 with everything computed anew in every batch: the edges at the end."""
    edges = {(int(u), int(v)) for u, v in graph.pairs.T}
    for _ in range(method.batches):
        order = sorted(edges)
        low, high = np.array(order, np.int64).reshape(-1, 2).T
        transport = Ollivier(from_edges(low, high, graph.num_nodes), method.alpha)
        kappa, pairs = transport.curvature(), transport.heaviest_moves().T.tolist()
        lowest = sorted(range(len(order)), key=lambda e: (kappa[e], order[e]))[: method.add]
        highest = sorted(range(len(order)), key=lambda e: (-kappa[e], order[e]))[: method.remove]
        new = {(p, q) for p, q in (pairs[e] for e in lowest) if p >= 0}
        edges = (edges | new) - {order[e] for e in highest}
    return edges


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize(("add", "remove"), [(3, 2), (1, 0), (0, 4), (100, 1)])
def test_equals_the_algorithm_without_short_cuts(add: int, remove: int, alpha: float) -> None:
    for seed in range(8):
        data = data_of(nx.connected_watts_strogatz_graph(24, 4, 0.3, seed=seed))
        method = BORF(batches=4, add=add, remove=remove, alpha=alpha)
        graph = read_graph(data, True, "BORF")
        expected = slowly(graph, method)
        assert arcs(method(data).edge_index) == expected | {(v, u) for u, v in expected}


def test_values_near_changes_are_kept_up() -> None:
    random = np.random.default_rng(0)
    for seed in range(12):
        named = nx.barabasi_albert_graph(40, 2, seed=seed)
        flow = _Flow(read_graph(data_of(named), True, "BORF"), 0.0)
        for _ in range(4):
            absent = flow.absent(random.integers(40 * 40, size=6))
            low, high = absent // 40, absent % 40
            flow.change(absent[low < high], random.choice(flow.keys, 2, replace=False))
            flow.update()
            assert np.array_equal(flow.values, Ollivier(flow.lists).curvature())


def test_bridges_the_ends_of_a_bridge() -> None:
    # Two triangles joined by 2 - 3. The walkers at 2 and 3 swap one node each over one step, 2
    # and 3 stay put between them, and one of 0, 1 must go three steps to one of 4, 5.
    edges = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)]
    changes = BORF(batches=1, add=1, remove=0).changes(
        read_graph(data_of(nx.Graph(edges)), True, "")
    )
    ((p, q),) = changes.added.T.tolist()
    assert {p, q} & {0, 1} and {p, q} & {4, 5} and not changes.removed.size


def test_removes_the_most_curved_and_of_equal_ones_the_lowest() -> None:
    graph = nx.disjoint_union(nx.path_graph(4), nx.complete_graph(5))  # a clique on 4 ... 8
    changes = BORF(batches=1, add=0, remove=2).changes(read_graph(data_of(graph), True, ""))
    assert changes.removed.T.tolist() == [[4, 5], [4, 6]] and not changes.added.size


def test_what_comes_back_is_no_change() -> None:
    for seed in range(10):
        data = data_of(nx.gnp_random_graph(12, 0.4, seed=seed))
        graph = read_graph(data, True, "BORF")
        changes = BORF(batches=6, add=4, remove=4).changes(graph)
        before = {tuple(pair) for pair in graph.pairs.T.tolist()}
        assert before.isdisjoint(map(tuple, changes.added.T.tolist()))
        assert before.issuperset(map(tuple, changes.removed.T.tolist()))


def test_graphs_with_less_than_is_asked_for() -> None:
    single = Data(x=torch.ones(1, 1), edge_index=torch.empty(2, 0, dtype=torch.long))
    assert BORF()(single).edge_index.shape == (2, 0)
    triangle = data_of(nx.complete_graph(3))
    assert BORF(add=50, remove=0)(triangle).edge_index.shape == (2, 6)  # nothing is absent
    assert BORF(batches=2, add=0, remove=50)(triangle).edge_index.shape == (2, 0)
    apart = data_of(nx.disjoint_union(nx.cycle_graph(6), nx.cycle_graph(7)))
    joined = nx.Graph(BORF(batches=3, add=4, remove=0)(apart).edge_index.T.tolist())
    assert nx.number_connected_components(joined) == 2  # transport never leaves a component


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"batches": -1}, "batches is -1"),
        ({"add": 1.5}, "add is 1.5"),
        ({"remove": -2}, "remove is -2"),
        ({"alpha": 2.0}, "alpha is 2.0"),
        ({"alpha": float("nan")}, "alpha is nan"),
    ],
)
def test_refuses_bad_settings(settings: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        BORF(**settings)  # type: ignore[arg-type]


def test_refuses_bad_graphs() -> None:
    with pytest.raises(ValueError, match="an edge 0 -> 1 but none back"):
        BORF()(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]])))
    nan = data_of(nx.path_graph(3))
    nan.edge_weight = torch.tensor([1.0, float("nan"), 1.0, 1.0])
    with pytest.raises(ValueError, match="edge_weight"):
        BORF()(nan)
