"""Drawn splits: disjoint, stratified, of the promised sizes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnlab.datasets.splits import Masks, from_indices, stratified


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


def test_overlapping_parts_are_refused() -> None:
    mask = torch.tensor([[True], [False]])
    with pytest.raises(ValueError, match="split 0 puts node 0 in two parts"):
        Masks(mask, ~mask, mask)


def test_lists_of_nodes_become_masks() -> None:
    ids = [torch.tensor(part) for part in ([3, 0], [1], [4])]
    masks = from_indices(*ids, num_nodes=5)
    assert masks.train.flatten().tolist() == [True, False, False, True, False]
    assert masks.sizes == (2, 1, 1)
