"""Sets of graphs that are made by published rules: the rules hold, and counts are networkx's."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets, layers, tasks
from gnnlab.datasets.generators.substructures import SUBSTRUCTURES, count_substructures
from gnnlab.structure.subgraphs.simple_cycles import count_simple_cycles

SHAPES = {
    "triangle": nx.complete_graph(3),
    "tailed-triangle": nx.Graph([(0, 1), (1, 2), (2, 0), (2, 3)]),
    "star": nx.star_graph(3),
    "4-cycle": nx.cycle_graph(4),
    "5-cycle": nx.cycle_graph(5),
    "6-cycle": nx.cycle_graph(6),
}


def drawn(data: Data) -> nx.Graph:
    graph = nx.empty_graph(data.num_nodes)
    graph.add_edges_from(data.edge_index.T.tolist())
    return graph


def counted(graph: nx.Graph, shape: nx.Graph) -> int:
    """Monomorphisms, less the shape's own symmetries."""

    def ways(into: nx.Graph) -> int:
        matcher = nx.algorithms.isomorphism.GraphMatcher(into, shape)
        return sum(1 for _ in matcher.subgraph_monomorphisms_iter())

    return ways(graph) // ways(shape)


@pytest.mark.parametrize("seed", range(12))
def test_substructures_are_those_that_networkx_finds(seed: int) -> None:
    graph = nx.gnp_random_graph(2 + seed % 7, 0.6, seed=seed)
    found = count_substructures(nx.to_numpy_array(graph).astype(bool))
    assert found == tuple(counted(graph, SHAPES[name]) for name in SUBSTRUCTURES)


def test_cycles_of_a_complete_graph_and_of_none() -> None:
    n = 8
    rowptr, col = (
        np.arange(n + 1) * (n - 1),
        np.array([j for i in range(n) for j in range(n) if i != j]),
    )
    for length in range(3, n + 1):
        expected = int(np.prod(np.arange(n - length + 1, n + 1)) // (2 * length))
        assert count_simple_cycles(rowptr, col, length) == expected
    assert count_simple_cycles(np.zeros(4, np.int64), np.empty(0, np.int64), 3) == 0
    with pytest.raises(ValueError, match="length is 2, but a cycle has at least 3 nodes"):
        count_simple_cycles(rowptr, col, 2)


def test_counting_asks_for_counts_divided_by_their_deviation() -> None:
    data = datasets.counting(graphs=40)
    assert data.targets == SUBSTRUCTURES and data.masks.sizes == (12, 8, 20)
    shapes = sorted((graph.num_nodes, graph.num_edges) for graph in data)
    # N D / 2 - N edges, in both directions
    assert sorted(set(shapes)) == [(10, 40), (15, 60), (20, 60), (30, 90)]
    assert all(shapes.count(shape) == 10 for shape in set(shapes))
    stars = torch.tensor([float(counted(drawn(graph), SHAPES["star"])) for graph in data])
    torch.testing.assert_close(data.y[:, 2], stars / stars.std())
    torch.testing.assert_close(data.y.std(0), torch.ones(6))
    one = datasets.load("counting", graphs=40, target="5-cycle")
    assert torch.equal(one.y, data.y[:, 4:5]) and torch.equal(one.test_mask, data.test_mask)
    assert all(int(torch.bincount(graph.edge_index[0]).max()) <= 6 for graph in data)


def test_circular_skip_links_are_the_published_ones(mirror: Any) -> None:
    real, own = datasets.load("CSL"), datasets.load("csl-generated")
    assert own.masks.sizes == (110, 10, 30) and torch.equal(own.y, real.y)
    for c, other in itertools.product(range(10), range(10)):
        same = nx.is_isomorphic(drawn(own[15 * c + 3]), drawn(real[15 * other]))
        assert same is (c == other)
    orders = {tuple(graph.edge_index.flatten().tolist()) for graph in own}
    assert len(orders) == 150


def test_pattern_hides_one_of_its_patterns_in_each_graph() -> None:
    data = datasets.pattern(seed=1, train=6, valid=3, test=3, patterns=3)
    assert data.masks.sizes == (6, 3, 3) and data.num_features == 3
    hidden = []
    for graph in data:
        inside = graph.y.nonzero().flatten()
        assert 5 <= len(inside) < 35 and 25 <= graph.num_nodes - len(inside) < 175
        part = drawn(graph).subgraph(inside.tolist())
        kinds = dict(enumerate(graph.x.argmax(1).tolist()))
        hidden.append((sorted(kinds[i] for i in part), sorted(d for _, d in part.degree())))
    assert hidden[:3] == hidden[3:6] == hidden[6:9] and hidden[0] != hidden[1]
    orders = [tuple(graph.y.tolist()) for graph in data]
    assert orders[0] != orders[3]


def density(graph: Data, one: torch.Tensor, other: torch.Tensor) -> tuple[int, int]:
    """Edges between two sets of nodes, and pairs of different nodes."""
    source, target = graph.edge_index
    pairs = int(one.sum()) * int(other.sum()) - int((one & other).sum())
    return int((one[source] & other[target]).sum()), pairs


def test_densities_are_those_of_the_release() -> None:
    many = datasets.pattern(train=20, valid=1, test=1, patterns=20)
    found = [density(graph, graph.y > 0, graph.y == 0) for graph in many]
    assert sum(e for e, _ in found) / sum(n for _, n in found) == pytest.approx(0.5, abs=0.02)
    found = [density(graph, graph.y > 0, graph.y > 0) for graph in many]
    assert sum(e for e, _ in found) / sum(n for _, n in found) == pytest.approx(0.5, abs=0.04)
    rest = [density(graph, graph.y == 0, graph.y == 0) for graph in many]
    assert 0.36 < sum(e for e, _ in rest) / sum(n for _, n in rest) < 0.42
    many = datasets.cluster(train=20, valid=1, test=1)
    for one, other, expected in ((0, 0, 0.55), (0, 1, 0.25)):
        found = [density(graph, graph.y == one, graph.y == other) for graph in many]
        share = sum(e for e, _ in found) / sum(n for _, n in found)
        assert share == pytest.approx(expected, abs=0.03)


def test_cluster_labels_one_node_of_each() -> None:
    data = datasets.load("cluster-generated", train=4, valid=1, test=1)
    assert data.classes == 6 and data.num_features == 7
    for graph in data:
        code = graph.x.argmax(1)
        for c in range(6):
            told = (code == c + 1).nonzero().flatten()
            assert len(told) == 1 and int(graph.y[told]) == c
        sizes = torch.bincount(graph.y)
        assert len(sizes) == 6 and 5 <= int(sizes.min()) and int(sizes.max()) < 35


SMALL: dict[str, dict[str, Any]] = {
    "pattern-generated": {"train": 4, "valid": 2, "test": 2, "patterns": 2},
    "cluster-generated": {"train": 4, "valid": 2, "test": 2},
    "csl-generated": {"copies": 5},
    "counting": {"graphs": 24, "target": "triangle"},
}


@pytest.mark.parametrize("name", sorted(SMALL))
def test_the_seed_decides_and_a_task_trains(name: str) -> None:
    one, same, other = (datasets.load(name, seed=s, **SMALL[name]) for s in (3, 3, 4))
    assert all(torch.equal(a.edge_index, b.edge_index) for a, b in zip(one, same, strict=True))
    assert all(torch.equal(a.x, b.x) for a, b in zip(one, same, strict=True))
    assert any(not torch.equal(a.edge_index, b.edge_index) for a, b in zip(one, other, strict=True))
    assert torch.equal(one.val_mask, same.val_mask)
    nodes = name in ("pattern-generated", "cluster-generated")
    task = (
        tasks.NodeClassification(metric="balanced_accuracy") if nodes else tasks.GraphPrediction()
    )
    encoder = layers.GIN(one.num_features, 8, 2)
    result = tasks.fit(task, encoder, one, tasks.Training(epochs=2))
    assert result.test == result.test
    if name != "counting":
        assert 0 <= result.test <= 1
    assert "generated" in str(datasets.card(name, **SMALL[name])) if not nodes else True


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("counting", {"target": "square"}, "target is 'square', which is none of triangle, tail"),
        ("counting", {"graphs": 3}, "graphs is 3, but it must be a whole number of at least 20"),
        ("csl-generated", {"nodes": 20}, "nodes is 20, .* at least 34"),
        ("csl-generated", {"copies": 2}, "copies is 2, .* at least 5"),
        ("pattern-generated", {"train": 0}, "train is 0"),
        ("pattern-generated", {"patterns": 0}, "patterns is 0"),
        ("cluster-generated", {"test": 0.5}, "test is 0.5"),
    ],
)
def test_settings_out_of_range_are_refused(
    name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        datasets.load(name, **settings)
