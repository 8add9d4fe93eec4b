"""The largest items of each segment are those that sorting each by itself finds."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_oracles import normal
from torch import Tensor
from torch_geometric.nn.pool.select import topk as pyg

from gnnlab.ops import segment_topk


def one_by_one(values: Tensor, index: Tensor, counts: list[int]) -> list[int]:
    """Each segment sorted by itself; Python's sort keeps the order of what is equal."""
    found = []
    for segment, count in enumerate(counts):
        own = (index == segment).nonzero().flatten().tolist()
        found += sorted(own, key=lambda i: -float(values[i]))[:count]
    return found


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 2)), max_size=25),
    counts=st.lists(st.integers(0, 6), min_size=5, max_size=5),
)
def test_is_the_sorted_beginning(items: list[tuple[int, int]], counts: list[int]) -> None:
    index = torch.tensor([i for i, _ in items], dtype=torch.int64)
    values = torch.tensor([float(v) for _, v in items])
    found = segment_topk(values, index, 5, torch.tensor(counts))
    assert found.tolist() == one_by_one(values, index, counts)
    found = segment_topk(values, index, 5, 2)
    assert found.tolist() == one_by_one(values, index, [2] * 5)


def test_every_backend_chooses_alike(backend: str) -> None:
    values, index = normal(500), torch.arange(500) % 7
    counts = torch.arange(7) * 9
    expected = one_by_one(values, index, counts.tolist())
    assert segment_topk(values, index, 7, counts).tolist() == expected


def test_pyg_keeps_the_same_nodes() -> None:
    values, batch = normal(60), torch.arange(60) // 9
    sizes = torch.bincount(batch)
    ours = segment_topk(values, batch, len(sizes), (0.5 * sizes).ceil().long())
    theirs = pyg.topk(values, 0.5, batch)
    assert sorted(ours.tolist()) == sorted(theirs.tolist())


def test_empty_segments_give_nothing() -> None:
    none = torch.empty(0), torch.empty(0, dtype=torch.int64)
    assert segment_topk(*none, 0, 3).shape == segment_topk(*none, 4, 3).shape == (0,)


@pytest.mark.parametrize(
    ("values", "index", "k", "sentence"),
    [
        (torch.ones(2, 1), torch.zeros(2).long(), 1, r"values"),
        (torch.ones(2), torch.tensor([0, 5]), 1, "index names segment 5"),
        (torch.ones(2), torch.zeros(2).long(), -1, "k is -1"),
        (torch.ones(2), torch.zeros(2).long(), torch.ones(2).long(), r"with one for each segment"),
        (torch.ones(2), torch.zeros(2).long(), torch.tensor([1, -2, 0]), "k holds -2"),
    ],
)
def test_refuses(values: Tensor, index: Tensor, k: int | Tensor, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        segment_topk(values, index, 3, k)
