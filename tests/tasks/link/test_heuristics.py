"""Heuristics equal networkx and dense formulas, and coincide where they must."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from link_graphs import blocks, both_ways, linked
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import tasks
from gnnlab.ops import Adjacency
from gnnlab.structure.graphs.in_neighbours import simple_rows
from gnnlab.structure.walks.ppr_push import pagerank_rows
from gnnlab.tasks import LinkSplit
from gnnlab.tasks.link.heads.by_name import heads
from gnnlab.tasks.metrics import links as link_metrics

FEW = settings(max_examples=25, deadline=None)
HEURISTICS = sorted(name for name, cls in heads().items() if not cls.learns)


def all_pairs(nodes: int) -> Tensor:
    return torch.triu_indices(nodes, nodes, 1)


def graph_of(data: Data) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(data.num_nodes))
    graph.add_edges_from(pair for pair in data.edge_index.T.tolist() if pair[0] != pair[1])
    return graph


def scored(head: Any, data: Data, pairs: Tensor) -> list[float]:
    adj = Adjacency(data.edge_index, data.num_nodes)
    return head.score(adj, pairs).tolist()


@FEW
@given(data=linked(directed=False))
def test_common_neighbours_by_networkx(data: Data) -> None:
    graph, pairs = graph_of(data), all_pairs(data.num_nodes)
    ends = pairs.T.tolist()
    expected = [float(len(list(nx.common_neighbors(graph, *pair)))) for pair in ends]
    assert scored(tasks.CommonNeighbors(), data, pairs) == expected
    for cls, theirs in (
        (tasks.AdamicAdar, nx.adamic_adar_index),
        (tasks.ResourceAllocation, nx.resource_allocation_index),
    ):
        expected = [score for _, _, score in theirs(graph, ends)]
        assert scored(cls(), data, pairs) == pytest.approx(expected)


@FEW
@given(data=linked(directed=False), length=st.integers(1, 5))
def test_katz_densely(data: Data, length: int) -> None:
    dense, pairs = nx.to_numpy_array(graph_of(data)), all_pairs(data.num_nodes)
    powers = [0.1**step * np.linalg.matrix_power(dense, step) for step in range(1, length + 1)]
    expected = sum(powers)[pairs[0], pairs[1]]
    found = scored(tasks.Katz(beta=0.1, length=length), data, pairs)
    assert found == pytest.approx(expected.tolist())


@FEW
@given(data=linked(directed=False), error=st.sampled_from([1e-2, 1e-4, 1e-9]))
def test_pagerank_is_below_networkx_by_no_more_than_its_bound(data: Data, error: float) -> None:
    graph, nodes = graph_of(data), data.num_nodes
    rows = simple_rows(Adjacency(data.edge_index, nodes))
    found = pagerank_rows(rows, np.arange(nodes), 0.15, error)
    for source in range(nodes):
        theirs = nx.pagerank(graph, 0.85, {source: 1.0}, tol=1e-13, max_iter=10_000)
        gap = np.array([theirs[v] for v in range(nodes)]) - found[source]
        assert (gap > -1e-9).all() and (gap <= error * rows.degree + 1e-9).all()
    pairs = all_pairs(nodes)
    both = found[pairs[0], pairs[1]] + found[pairs[1], pairs[0]]
    assert scored(tasks.PersonalizedPageRank(error=error), data, pairs) == both.tolist()


@FEW
@given(data=linked(directed=False), max_hop=st.sampled_from([None, 1, 2]))
def test_shortest_paths_by_networkx(data: Data, max_hop: int | None) -> None:
    pairs = all_pairs(data.num_nodes)
    lengths = dict(nx.all_pairs_shortest_path_length(graph_of(data), cutoff=max_hop))
    expected = [1 / lengths[u][v] if v in lengths[u] else 0.0 for u, v in pairs.T.tolist()]
    assert scored(tasks.ShortestPath(max_hop=max_hop), data, pairs) == expected


@pytest.mark.parametrize("name", HEURISTICS)
@FEW
@given(data=linked())
def test_which_end_comes_first_does_not_matter(name: str, data: Data) -> None:
    head, pairs = heads()[name](), all_pairs(data.num_nodes)
    assert scored(head, data, pairs) == pytest.approx(scored(head, data, pairs.flip(0)))


@pytest.mark.parametrize("name", HEURISTICS)
def test_many_pairs_are_shared_out_and_none_is_mixed_up(name: str) -> None:
    data = blocks(sizes=(60, 60), inside=0.1)
    pairs = all_pairs(120)
    pairs = pairs[:, torch.randperm(pairs.shape[1], generator=torch.Generator().manual_seed(0))]
    head = heads()[name]()
    one = [scored(head, data, pair[:, None])[0] for pair in pairs[:, :50].T]
    assert scored(head, data, pairs)[:50] == pytest.approx(one)


@pytest.mark.parametrize("name", HEURISTICS)
def test_a_heuristic_is_judged_as_a_trained_head_is(name: str) -> None:
    data = blocks()
    split = LinkSplit.random(data, 0.1, 0.2, seed=0)
    message = split.graph(data)
    found = tasks.heuristic(message, name, "hits@20", also=("roc_auc",))
    head = heads()[name]()
    for part in ("valid", "test"):
        scores = [
            torch.tensor(scored(head, message, getattr(split, f"{part}_{kind}"))).float()
            for kind in ("positive", "negative")
        ]
        assert found[part] == link_metrics.hits(*scores, 20)
        assert found[f"{part} roc_auc"] == link_metrics.roc_auc(*scores)
    assert found["test roc_auc"] > 0.55 and set(found) == {
        *("valid", "test", "valid roc_auc", "test roc_auc")
    }


def test_validation_links_as_input_change_test_alone() -> None:
    data = blocks()
    split = LinkSplit.random(data, 0.2, 0.2, seed=0)
    one, two = (
        tasks.heuristic(own.graph(data), "ra", "roc_auc")
        for own in (split, split.with_valid_as_input())
    )
    assert one["valid"] == two["valid"] and one["test"] != two["test"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tasks.Katz(beta=0), "beta is 0"),
        (lambda: tasks.Katz(length=0), "length is 0"),
        (lambda: tasks.PersonalizedPageRank(alpha=1), "a walk must go on"),
        (lambda: tasks.PersonalizedPageRank(error=0), "error is 0"),
        (lambda: tasks.ShortestPath(max_hop=0), "max_hop is 0"),
        (lambda: tasks.heuristic(MESSAGE, "dot"), "DotProduct reads what an encoder has learnt"),
        (lambda: tasks.heuristic(MESSAGE, "cnn"), "unknown head 'cnn'; did you mean"),
    ],
)
def test_what_cannot_be_scored_is_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


MESSAGE = LinkSplit.random(blocks()).graph(blocks())


def test_a_heuristic_is_not_trained() -> None:
    from gnnlab import layers

    with pytest.raises(ValueError, match="CommonNeighbors reads no states.*tasks.heuristic"):
        tasks.fit(tasks.LinkPrediction(head="cn"), layers.GCN(3, 4, 1), MESSAGE)


def test_a_path_has_the_scores_of_a_path() -> None:
    data = Data(num_nodes=4, edge_index=both_ways(torch.tensor([[0, 1], [1, 2]])))
    pairs = torch.tensor([[0, 0, 0], [1, 2, 3]])
    assert scored(tasks.ShortestPath(), data, pairs) == [1, 0.5, 0]
    assert scored(tasks.CommonNeighbors(), data, pairs) == [0, 1, 0]
    assert scored(tasks.Katz(beta=0.5, length=3), data, pairs) == [0.5 + 2 * 0.125, 0.25, 0]
