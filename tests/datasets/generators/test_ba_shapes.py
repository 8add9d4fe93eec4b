"""BA-Shapes against its rule: the graph, the houses, the added edges and the ground truth."""

from __future__ import annotations

import networkx as nx
import pytest
import torch
from torch_geometric.utils import to_networkx

from gnnlab.datasets import ba_shapes, load
from gnnlab.datasets.generators.ba_shapes import HOUSE


def test_the_published_sizes() -> None:
    data = load("ba-shapes")
    assert data.num_nodes == 700 and data.is_undirected() and not data.has_self_loops()
    within = 295 * 5 + 80 * 7
    assert data.num_edges == 2 * (within + within // 100)
    assert torch.bincount(data.y).tolist() == [300, 160, 160, 80]
    assert bool((data.x == 1).all()) and int(data.edge_mask.sum()) == 2 * 6 * 80


@pytest.mark.parametrize("seed", [0, 1])
def test_houses_hang_on_the_graph_at_equal_distances(seed: int) -> None:
    data = ba_shapes(seed, nodes=40, houses=8, edges_each=2, perturbed=0.0, splits=2)
    graph = to_networkx(data, to_undirected=True)
    for house in range(8):
        start = 40 + 5 * house
        nodes = range(start, start + 5)
        own = graph.subgraph(nodes)
        assert {tuple(sorted(edge)) for edge in own.edges} == {
            (start + min(edge), start + max(edge)) for edge in HOUSE
        }
        assert set(graph[start]) - set(nodes) == {5 * house}
        assert data.node_motif[list(nodes)].tolist() == [house] * 5
    assert graph.subgraph(range(40)).number_of_edges() == 38 * 2
    assert nx.is_connected(graph) and data.node_motif[:40].tolist() == [-1] * 40
    first, second = data.edge_index
    inside = (data.node_motif[first] == data.node_motif[second]) & (data.node_motif[first] >= 0)
    assert torch.equal(data.edge_mask, inside)


def test_added_edges_within_a_house_are_no_part_of_it() -> None:
    """So many edges are added that some join two nodes of a house that its walls do not."""
    data = ba_shapes(0, nodes=10, houses=4, edges_each=1, perturbed=1.0, splits=1)
    first, second = data.edge_index
    inside = (data.node_motif[first] == data.node_motif[second]) & (data.node_motif[first] >= 0)
    assert int(data.edge_mask.sum()) == 2 * 6 * 4 < int(inside.sum())


def test_a_seed_gives_one_graph_and_what_does_not_fit_is_refused() -> None:
    first, again, other = ba_shapes(1, splits=1), ba_shapes(1, splits=1), ba_shapes(2, splits=1)
    assert torch.equal(first.edge_index, again.edge_index)
    assert torch.equal(first.train_mask, again.train_mask)
    assert not torch.equal(first.edge_index, other.edge_index)
    with pytest.raises(ValueError, match="houses is 9, but the graph they go to has 8 nodes"):
        ba_shapes(nodes=8, houses=9)
    with pytest.raises(ValueError, match="edges_each is 8"):
        ba_shapes(nodes=8, houses=2, edges_each=8)
