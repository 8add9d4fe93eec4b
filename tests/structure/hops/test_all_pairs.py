"""Distances of all pairs, beside networkx, and how they travel with their graphs."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab.layers import SubgraphGNN
from gnnlab.rewiring import apply
from gnnlab.structure.transforms import PairDistances
from gnnlab.tasks.shared.collate import Collate


def expected(data: Data, limit: int) -> Tensor:
    """Row u: the length of the shortest way from u to each node, at most the limit."""
    graph = nx.DiGraph(data.edge_index.T.tolist())
    graph.add_nodes_from(range(data.num_nodes))
    found = torch.full((data.num_nodes, data.num_nodes), limit, dtype=torch.int8)
    for source, lengths in nx.all_pairs_shortest_path_length(graph):
        for target, length in lengths.items():
            found[source, target] = min(length, limit)
    return found.flatten()


@st.composite
def directed(draw: st.DrawFn) -> Data:
    nodes = draw(st.integers(1, 9))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = torch.tensor(draw(st.lists(ends, max_size=20)), dtype=torch.int64)
    return Data(x=torch.ones(nodes, 1), edge_index=edges.reshape(-1, 2).T.contiguous())


@settings(max_examples=30, deadline=None)
@given(data=directed(), limit=st.integers(1, 6))
def test_equals_networkx(data: Data, limit: int) -> None:
    found = PairDistances(limit)(data).pair_distance
    assert found.dtype == torch.int8 and torch.equal(found, expected(data, limit))


@pytest.mark.parametrize("nodes", [63, 64, 65, 130])
def test_graphs_around_a_word_of_nodes(nodes: int) -> None:
    random = torch.Generator().manual_seed(nodes)
    edges = torch.randint(nodes, (2, nodes), generator=random)
    large = Data(x=torch.ones(nodes, 1), edge_index=edges)
    many = PairDistances(6).many([molecules()[0], large, molecules()[3], large])
    for data in many:
        assert torch.equal(data.pair_distance, expected(data, 6))


def molecules() -> list[Data]:
    """A ring, two components, a single node, and one way."""
    ring = torch.stack([torch.arange(7), torch.arange(7).roll(1)])
    edges = [
        torch.cat([ring, ring.flip(0)], dim=1),
        torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]]),
        torch.empty(2, 0, dtype=torch.int64),
        torch.tensor([[0, 1, 2], [1, 2, 3]]),
    ]
    return [
        Data(x=torch.ones(n, 2), edge_index=e) for n, e in zip((7, 5, 1, 4), edges, strict=True)
    ]


def test_components_are_as_far_apart_as_the_limit() -> None:
    found = PairDistances(5)(molecules()[1]).pair_distance.reshape(5, 5)
    assert found.tolist()[0] == [0, 1, 5, 5, 5] and found.tolist()[4] == [5, 5, 5, 5, 0]


def test_many_graphs_at_once_kept_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    own = [PairDistances(3)(data) for data in molecules()]
    for _ in range(2):
        many = apply(PairDistances(3), molecules(), progress=False)
        for one, other in zip(many, own, strict=True):
            assert torch.equal(one.pair_distance, other.pair_distance)
            assert one.pair_distance_of == other.pair_distance_of


def test_a_subgraph_network_prepares_many_graphs_as_one_by_one() -> None:
    for policy in ("distance", "ego", "marking"):
        encoder = SubgraphGNN(2, 4, 1, policy=policy)
        many = encoder.transform_many(molecules())
        for one, other in zip(map(encoder.transform, molecules()), many, strict=True):
            assert one.keys() == other.keys()
            assert policy == "marking" or torch.equal(one.pair_distance, other.pair_distance)


def test_batches_hold_one_graph_after_the_other() -> None:
    own = [PairDistances(3)(data) for data in molecules()]
    joined = torch.cat([data.pair_distance for data in own])
    assert torch.equal(Batch.from_data_list(own).pair_distance, joined)
    assert torch.equal(Collate(own)(range(4)).pair_distance, joined)


def test_nothing_is_computed_twice_and_others_graphs_distances_do_not_hold() -> None:
    data = molecules()[0]
    keys = set(data.keys())
    first = PairDistances(3)(data)
    assert set(data.keys()) == keys
    assert PairDistances(3)(first).pair_distance is first.pair_distance
    assert not PairDistances(4).holds(first)
    first.edge_index = first.edge_index[:, 2:]
    again = PairDistances(3)(first)
    assert torch.equal(again.pair_distance, expected(first, 3))


def test_refusals() -> None:
    for wrong in (0, True, 2.5):
        with pytest.raises(ValueError, match=f"max_distance is {wrong}, but it must be a whole"):
            PairDistances(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_distance is 128, but it is at most 127"):
        PairDistances(128)
    with pytest.raises(ValueError, match="a Batch of 4 graphs was given"):
        PairDistances(3)(Batch.from_data_list(molecules()))
