"""Drawn splits: disjoint, stratified, of the promised sizes."""

from __future__ import annotations

import networkx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnlab.datasets.values.edge_lists import largest_component
from gnnlab.datasets.values.masks import Masks, few_labels, few_per_class, from_indices, stratified


@given(
    st.lists(st.integers(-1, 3), min_size=1, max_size=80),
    st.sampled_from([(0.5, 0.25), (0.6, 0.2), (0.1, 0.1)]),
    st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_every_class_is_split_in_the_same_shares(
    labels: list[int], fractions: tuple[float, float], seed: int
) -> None:
    y = torch.tensor(labels)
    masks = stratified(y, 3, fractions, seed)
    parts = torch.stack([masks.train, masks.val, masks.test]).long()
    assert torch.equal(parts.sum(0), (y >= 0).long()[:, None].expand(-1, 3))
    for label in range(4):
        size = int((y == label).sum())
        counts = parts[:, y == label].sum(1)
        shares = torch.tensor([*fractions, 1 - sum(fractions)])[:, None] * size
        assert bool(((counts - shares).abs() <= 1).all())


def test_splits_differ_from_each_other_and_by_seed() -> None:
    y = torch.arange(100) % 4
    one, two = stratified(y, 10, seed=0), stratified(y, 10, seed=1)
    assert torch.unique(one.train, dim=1).shape == (100, 10)
    assert not torch.equal(one.train, two.train)
    assert torch.equal(one.train, stratified(y, 10, seed=0).train)


def test_few_labels_are_drawn_in_the_public_sizes() -> None:
    y = torch.arange(2000) % 7
    y[:50] = -1
    masks = few_labels(y, 5, seed=3)
    for c in range(7):
        assert masks.train[y == c].sum(0).tolist() == [20] * 5
    assert masks.val.sum(0).tolist() == [500] * 5 and masks.test.sum(0).tolist() == [1000] * 5
    assert not bool((masks.train | masks.val | masks.test)[:50].any())
    assert torch.unique(torch.cat([masks.train, masks.val, masks.test]), dim=1).shape[1] == 5
    assert torch.equal(masks.test, few_labels(y, 5, seed=3).test)
    assert not torch.equal(masks.test, few_labels(y, 5, seed=4).test)
    with pytest.raises(ValueError, match="380 nodes are left of 400, but validation and test take"):
        few_labels(torch.zeros(400).long(), 1)


def test_few_per_class_leaves_the_rest_to_the_test() -> None:
    y = torch.arange(400) % 4
    y[:40] = -1
    masks = few_per_class(y, 5, seed=3)
    for c in range(4):
        assert masks.train[y == c].sum(0).tolist() == [20] * 5
        assert masks.val[y == c].sum(0).tolist() == [30] * 5
    assert torch.equal(masks.train | masks.val | masks.test, (y >= 0)[:, None].expand(-1, 5))
    assert torch.unique(masks.train, dim=1).shape[1] == 5
    assert torch.equal(masks.val, few_per_class(y, 5, seed=3).val)
    with pytest.raises(ValueError, match="class 1 has 9 nodes to draw from, but the"):
        few_per_class((torch.arange(100) > 90).long(), 1)


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=9))
@settings(max_examples=100, deadline=None)
def test_the_largest_component_is_networkx_s(nodes: int, edges: list[tuple[int, int]]) -> None:
    edges = [(a % nodes, b % nodes) for a, b in edges]
    graph = networkx.Graph(edges)
    graph.add_nodes_from(range(nodes))
    parts = sorted(networkx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    edge_index = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T
    assert set(largest_component(edge_index, nodes).nonzero().flatten().tolist()) == parts[0]


def test_overlapping_parts_are_refused() -> None:
    mask = torch.tensor([[True], [False]])
    with pytest.raises(ValueError, match="split 0 puts row 0 in two parts"):
        Masks(mask, ~mask, mask)


def test_one_split_may_be_three_vectors() -> None:
    number = torch.arange(6) % 3
    masks = Masks(number == 0, number == 1, number == 2)
    assert masks.sizes == (2, 2, 2) and masks.train.shape == (6, 1)
    with pytest.raises(ValueError, match=r"val is torch.int64 of shape \(6,\), but masks"):
        Masks(number == 0, number, number == 2)
    with pytest.raises(ValueError, match=r"test is torch.bool of shape \(5,\), but masks"):
        Masks(number == 0, number == 1, (number == 2)[:5])


def test_lists_of_nodes_become_masks() -> None:
    ids = [torch.tensor(part) for part in ([3, 0], [1], [4])]
    masks = from_indices(*ids, num_nodes=5)
    assert masks.train.flatten().tolist() == [True, False, False, True, False]
    assert masks.sizes == (2, 1, 1)
