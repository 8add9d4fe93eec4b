"""Wrong edges, wrong labels, few or uneven examples: where they are, and where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Data
from torch_geometric.utils import erdos_renyi_graph, is_undirected

from gnnlab.datasets import Graphs, Stress
from gnnlab.datasets.stress import thinned, with_wrong_edges
from gnnlab.datasets.values.masks import stratified


def graph(nodes: int, density: float, seed: int) -> Data:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        edge_index = erdos_renyi_graph(nodes, density)
        code = edge_index.min(0).values * nodes + edge_index.max(0).values
        data = Data(x=torch.ones(nodes, 1), edge_index=edge_index, edge_attr=code[:, None].float())
    data.edge_type = code % 3
    return data


def graphs(sizes: tuple[int, ...] = (40, 40, 40), splits: int = 3) -> Graphs:
    y = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    made = []
    for number, label in enumerate(y.split(1)):
        data = graph(8, 0.4, number)
        data.y = label
        made.append(data)
    return Graphs(tuple(made), stratified(y, splits, (0.8, 0.1)), len(sizes), "drawn")


def arcs(data: Data) -> set[tuple[int, int]]:
    return set(map(tuple, data.edge_index.T.tolist()))


@given(
    st.integers(1, 14), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.floats(0, 1), st.integers(0, 9)
)
@settings(max_examples=150, deadline=None)
def test_wrong_edges_are_new_ones_in_the_place_of_as_many(
    nodes: int, density: float, share: float, seed: int
) -> None:
    data = graph(nodes, density, seed)
    before = data.clone()
    found = with_wrong_edges(data, share, seed)
    absent = nodes * (nodes - 1) - data.num_edges
    moved = min(round(share * (data.num_edges // 2)), absent // 2)
    assert len(arcs(found)) == found.num_edges == data.num_edges
    assert len(arcs(found) - arcs(data)) == 2 * moved
    assert is_undirected(found.edge_index, num_nodes=nodes) and not found.has_self_loops()
    assert torch.equal(found.edge_attr.sort(0).values, data.edge_attr.sort(0).values)
    assert is_undirected(found.edge_index, [found.edge_attr, found.edge_type.float()], nodes)
    assert torch.equal(found.edge_type, found.edge_attr[:, 0].long() % 3)
    kept = arcs(found) & arcs(data)
    for (u, v), code in zip(
        found.edge_index.T.tolist(), found.edge_attr[:, 0].tolist(), strict=True
    ):
        assert ((u, v) not in kept) or code == min(u, v) * nodes + max(u, v)
    assert all(torch.equal(data[key], before[key]) for key in before.keys())
    assert torch.equal(with_wrong_edges(data, share, seed).edge_index, found.edge_index)


def test_self_loops_stay_and_a_directed_graph_is_refused() -> None:
    data = Data(edge_index=torch.tensor([[0, 1, 1, 2, 2], [1, 0, 1, 3, 2]]), num_nodes=5)
    with pytest.raises(ValueError, match="has an edge 2 -> 3 but none back, and Stress rewires"):
        with_wrong_edges(data, 0.5, 0)
    data.edge_index = torch.tensor([[0, 1, 1], [1, 0, 1]])
    found = with_wrong_edges(data, 1.0, 0)
    assert (1, 1) in arcs(found) and (0, 1) not in arcs(found) and found.num_edges == 3


def test_edges_are_wrong_in_every_graph_and_nothing_else_changes() -> None:
    data = graphs()
    found = Stress(edges=0.5).graphs(data)
    assert all(a.num_edges == b.num_edges for a, b in zip(data, found, strict=True))
    changed = sum(arcs(a) != arcs(b) for a, b in zip(data, found, strict=True))
    assert changed > 110 and found.masks is data.masks and torch.equal(found.y, data.y)
    other = Stress(edges=0.5, seed=1).graphs(data)
    assert any(arcs(a) != arcs(b) for a, b in zip(other, found, strict=True))
    assert Stress(labels=0.5).graphs(data) is data
    assert Stress(edges=0.5).training(data, 0) is data


def test_labels_are_wrong_in_training_alone_and_in_as_many_as_asked() -> None:
    data = graphs()
    for split in range(3):
        found = Stress(labels=0.25, seed=4).training(data, split)
        wrong = found.y != data.y
        assert int(wrong.sum()) == 24 and not (wrong & ~data.train_mask[:, split]).any()
        assert torch.equal(found.train_mask, data.train_mask)
        assert set(found.y.tolist()) == {0, 1, 2} and found[0].y.shape == (1,)
    every = Stress(labels=1.0).training(data, 0)
    train = data.train_mask[:, 0]
    assert (every.y != data.y)[train].all()
    moves = (every.y - data.y)[train] % 3
    assert 0.3 < float((moves == 1).float().mean()) < 0.7  # either other class alike


def test_shots_and_imbalance_thin_one_split_s_training_graphs() -> None:
    data = graphs((50, 30, 40))
    few = Stress(shots=5).training(data, 1)
    assert data.y[few.train_mask[:, 1]].bincount().tolist() == [5, 5, 5]
    uneven = Stress(imbalance=16).training(data, 1)
    assert data.y[uneven.train_mask[:, 1]].bincount().tolist() == [40, 10, 2]
    for found in (few, uneven):
        assert not (found.train_mask & ~data.train_mask).any()
        assert torch.equal(found.train_mask[:, 0], data.train_mask[:, 0])
        assert torch.equal(found.test_mask, data.test_mask)
        assert torch.equal(found.val_mask, data.val_mask) and torch.equal(found.y, data.y)
    assert not torch.equal(few.train_mask, Stress(shots=5, seed=1).training(data, 1).train_mask)


@given(
    st.lists(st.integers(-1, 3), max_size=60), st.sampled_from([1.0, 3.0, 100.0]),
    st.sampled_from([None, 1, 4]), st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_every_class_that_is_there_keeps_an_example(
    labels: list[int], imbalance: float, shots: int | None, seed: int
) -> None:
    y = np.array(labels, np.int64)
    kept = thinned(y, 4, imbalance, shots, np.random.default_rng(seed))
    assert not kept[y < 0].any()
    assert set(y[kept]) == set(y[y >= 0])
    if shots is not None:
        assert np.bincount(y[kept], minlength=4).max() <= shots
    if imbalance == 1 and shots is None:
        assert kept.sum() == (y >= 0).sum()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"edges": 1.5}, "edges is 1.5, but a share lies between 0 and 1"),
        ({"labels": -0.1}, "labels is -0.1"),
        ({"imbalance": 0.5}, "imbalance is 0.5, but the ratio is at least 1"),
        ({"shots": 0}, "shots is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stress(**given)


def test_numbers_have_no_shots() -> None:
    data = graphs().map(lambda graph: Data(x=graph.x, edge_index=graph.edge_index, y=torch.ones(1)))
    with pytest.raises(
        ValueError, match=r"drawn has targets of shape \(120,\), torch.float32, but"
    ):
        Stress(shots=3).training(data, 0)


def test_fewer_classes_than_labels_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="drawn has a label 2, but data.classes is 2"):
        Stress(labels=0.2).training(replace(graphs(), classes=2), 0)
