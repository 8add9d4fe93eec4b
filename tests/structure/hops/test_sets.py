"""Exactly k hops: what networkx and dense products say, by every engine and number of threads."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hop_oracles import multiplied, random_graph, searched, sources
from torch_geometric.data import Data

from gnnlab.kernels import threads as parallel
from gnnlab.rewiring import AddHops, apply
from gnnlab.structure.hops import (
    bit_search as hop_bits,
)
from gnnlab.structure.hops import (
    node_search as hop_search,
)
from gnnlab.structure.hops import (
    sets as hop_sets,
)
from gnnlab.structure.hops.bfs import hop_matrix
from gnnlab.structure.hops.sets import HopSets, choose, hop_pairs

ENGINES = pytest.mark.parametrize("engine", [hop_bits, hop_search], ids=["bits", "search"])


def undirected(graph: nx.Graph) -> tuple[torch.Tensor, int]:
    ends = torch.tensor(list(graph.edges()), dtype=torch.int64).reshape(-1, 2).T
    return torch.cat([ends, ends.flip(0)], 1), len(graph)


def side_by_side(seeds: range, max_hop: int) -> tuple[HopSets, list[np.ndarray]]:
    """Random graphs as one, and the pairs of each."""
    graphs = [random_graph(seed)[:2] for seed in seeds]
    starts = np.cumsum([0, *(nodes for _, nodes in graphs)])
    arcs = [edges + int(start) for (edges, _), start in zip(graphs, starts[:-1], strict=True)]
    rowptr, col = sources(torch.cat(arcs, 1), int(starts[-1]))
    return HopSets(rowptr, col, starts, max_hop), [searched(*own, max_hop) for own in graphs]


@pytest.mark.parametrize("max_hop", [1, 2, 4, 60])
def test_500_graphs_side_by_side_equal_networkx(max_hop: int) -> None:
    sets, expected = side_by_side(range(500), max_hop)
    for found, counts, own in zip(sets.pairs(), sets.counts, expected, strict=True):
        assert found.dtype == np.int64 and np.array_equal(found, own)
        assert np.array_equal(counts, np.bincount(own[2], minlength=len(counts) + 1)[1:])
    assert sum(own.shape[1] for own in expected) > 5000


def test_what_the_transform_stores_equals_networkx() -> None:
    graphs = [random_graph(seed) for seed in range(500)]
    data = [Data(x=torch.ones(nodes, 1), edge_index=edges) for edges, nodes, _ in graphs]
    together = apply(AddHops(4), data, cache=False)
    for number, ((edges, nodes, directed), found) in enumerate(zip(graphs, together, strict=True)):
        expected = searched(edges, nodes, 4)
        assert np.array_equal(found.hop_index.numpy(), expected[:2])
        assert np.array_equal(found.hop.numpy(), expected[2])
        if number % 5 == 0:
            alone = AddHops(4)(data[number])
            assert torch.equal(alone.hop_index, found.hop_index) and alone.hop_of == found.hop_of
        if not directed:
            flipped = {(v, u, k) for u, v, k in expected.T.tolist()}
            assert flipped == set(map(tuple, expected.T.tolist()))


@ENGINES
@pytest.mark.parametrize("max_hop", [1, 3, 60])
def test_large_graphs_equal_networkx(
    engine: ModuleType, max_hop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hop_sets, "SMALL", 20)
    monkeypatch.setattr(hop_sets, "choose", lambda *graph: engine)
    sets, expected = side_by_side(range(100), max_hop)
    assert all(np.array_equal(*both) for both in zip(sets.pairs(), expected, strict=True))
    assert 20 < len(sets._large) < 80  # both kinds, in turns


@pytest.mark.parametrize("seed", range(40))
def test_equals_dense_products(seed: int) -> None:
    edge_index, nodes, _ = random_graph(seed)
    found = hop_pairs(*sources(edge_index, nodes), 4)
    assert np.array_equal(found, multiplied(edge_index, nodes, 4))


@ENGINES
@pytest.mark.parametrize("nodes", [63, 64, 65, 128, 129, 193, 260])
def test_around_the_edges_of_words(
    engine: ModuleType, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = nx.gnp_random_graph(nodes, 2.5 / nodes, seed=nodes, directed=True)
    edge_index = torch.tensor(list(graph.edges())).T
    expected = searched(edge_index, nodes, 9)
    assert np.array_equal(hop_pairs(*sources(edge_index, nodes), 9), expected)
    monkeypatch.setattr(hop_sets, "SMALL", 0)
    monkeypatch.setattr(hop_sets, "choose", lambda *graph: engine)
    assert np.array_equal(hop_pairs(*sources(edge_index, nodes), 9), expected)


@ENGINES
def test_an_undirected_graph_has_both_directions(engine: ModuleType) -> None:
    rowptr, col = sources(*undirected(nx.random_labeled_tree(600, seed=1)))
    table = np.zeros((12, 600), np.int64)
    assert engine.count_table(rowptr, col, table) == 12
    pairs = hop_pairs(rowptr, col, 12)
    source, target, hop = pairs
    assert np.array_equal(np.bincount(hop)[1:], table.sum(axis=1))
    order = np.lexsort((target, source, hop))
    assert np.array_equal(pairs[[1, 0, 2]][:, order], pairs)
    matrix = hop_matrix(rowptr, col)
    assert np.array_equal(matrix[source, target], hop)
    assert len(hop) == np.count_nonzero((matrix > 0) & (matrix <= 12))
    some = np.array([7, 3])
    assert np.array_equal(hop_matrix(rowptr, col, 5, some), hop_matrix(rowptr, col, 5)[some])


@pytest.mark.parametrize("engine", [None, hop_bits, hop_search], ids=["small", "bits", "search"])
def test_two_threads_give_the_same(
    engine: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "GRAIN", 64)
    if engine is not None:
        monkeypatch.setattr(hop_sets, "SMALL", 5)
        monkeypatch.setattr(hop_sets, "choose", lambda *graph: engine)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            sets, expected = side_by_side(range(60), 5)
            found.append((sets.counts, sets.pairs()))
            assert parallel._chunks(1 << 20) > 1 or threads == 1
    finally:
        torch.set_num_threads(before)
    (counts, pairs), (same_counts, same_pairs) = found
    assert np.array_equal(counts, same_counts)
    for one, two, own in zip(pairs, same_pairs, expected, strict=True):
        assert np.array_equal(one, two) and np.array_equal(one, own)


@pytest.mark.parametrize("nodes", [0, 1, 2])
def test_graphs_with_hardly_a_node(nodes: int) -> None:
    none = np.empty(0, np.int32)
    assert hop_pairs(np.zeros(nodes + 1, np.int32), none, 3).shape == (3, 0)
    sets = HopSets(np.zeros(1, np.int32), none, np.zeros(1, np.int64), 3)
    assert sets.pairs() == [] and sets.counts.shape[0] == 0


def test_the_engine_that_reads_less_is_taken() -> None:
    dense = sources(*undirected(nx.gnp_random_graph(1500, 0.05, seed=0)))
    long = sources(*undirected(nx.path_graph(8000)))
    assert choose(*dense, 3) is hop_bits
    assert choose(*long, 5) is hop_search
    huge = sources(*undirected(nx.empty_graph(hop_sets.DENSE + 1)))
    assert choose(*huge, 3) is hop_search
    for rowptr, col in (dense, long):  # the choice changes no pair
        found = hop_pairs(rowptr, col, 2)
        table = np.zeros((2, len(rowptr) - 1), np.int64)
        for engine in (hop_bits, hop_search):
            table[:] = 0
            engine.count_table(rowptr, col, table)
            assert table.sum() == found.shape[1]


def test_pairs_are_counted_and_refused_before_they_are_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def allocate(*shape: object) -> None:
        raise AssertionError("pairs were allocated")

    monkeypatch.setattr(hop_sets.memory, "empty", allocate)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 1 << 16)
    complete = sources(*undirected(nx.complete_graph(80)))
    told = r"the 6,320 pairs of nodes up to 3 hops apart takes 0.0 GB, but .* lower max_hop"
    with pytest.raises(ValueError, match=told):
        hop_pairs(*complete, 3)
    path = sources(*undirected(nx.path_graph(2000)))
    with pytest.raises(ValueError, match="2,000 nodes have at each of 1,999 hops takes 0.1 GB"):
        hop_pairs(*path, 5000)


def test_a_hub_is_refused_before_its_pairs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hops on a star join all leaves; a few searches tell that they do not fit."""
    leaves = 1 << 16
    ends = torch.stack([torch.zeros(leaves, dtype=torch.int64), torch.arange(1, leaves + 1)])
    star = Data(edge_index=torch.cat([ends, ends.flip(0)], 1), num_nodes=leaves + 1)
    roots: list[int] = []
    real = hop_search.count_hops

    def noted(first: int, last: int, *rest: Any) -> None:
        roots.append(last - first)
        real(first, last, *rest)

    monkeypatch.setattr(hop_search, "count_hops", noted)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 1 << 28)
    with pytest.raises(ValueError, match=r"list of more than [\d,]+ pairs .* 2 hops .*lower max"):
        AddHops(2)(star)
    assert 0 < sum(roots) < 1000
