"""Hard negatives are the first by the smallest of several ranks, and never a link."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from link_graphs import as_set, blocks, linked
from torch_geometric.data import Data

from gnnlab import tasks
from gnnlab.tasks import LinkSplit
from gnnlab.tasks.link.splits.hard_negatives import with_hard_negatives

FEW = settings(max_examples=20, deadline=None)


@FEW
@given(data=linked(), seed=st.integers(0, 99))
def test_no_negative_is_a_link_and_each_end_is_kept_by_half(data: Data, seed: int) -> None:
    split = LinkSplit.hard(data, 0.1, 0.2, seed, kinds="one", per_positive=4)
    links = as_set(data.edge_index)
    for part in ("valid", "test"):
        positive, negative = (getattr(split, f"{part}_{kind}") for kind in ("positive", "negative"))
        assert negative.shape == (2, positive.shape[1], 4)
        assert not as_set(negative) & links
        assert bool((negative[0, :, :2] == positive[0][:, None]).all())
        assert bool((negative[1, :, 2:] == positive[1][:, None]).all())
        for row in negative.permute(1, 2, 0).tolist():
            assert len({tuple(pair) for pair in row}) == 4


@pytest.mark.parametrize("overlap", ["ra", "cn"])
@pytest.mark.parametrize("features", [False, True])
def test_they_are_those_that_the_heuristics_rank_first(overlap: Any, features: bool) -> None:
    data = blocks(sizes=(12, 12), inside=0.3)
    split = LinkSplit.random(data, 0.1, 0.1, seed=0)
    x = data.x if features else None
    hard = with_hard_negatives(split, x, per_positive=6, overlap=overlap, error=1e-12)
    graph = nx.Graph(split.message_edge_index.T.tolist())
    graph.add_nodes_from(range(24))
    score = nx.resource_allocation_index
    links = as_set(data.edge_index)
    unit = torch.nn.functional.normalize(data.x, dim=1).double()
    for (u, _), negatives in zip(
        split.test_positive.T.tolist(), hard.test_negative.permute(1, 2, 0).tolist(), strict=True
    ):
        candidates = [c for c in range(24) if c != u and frozenset((u, c)) not in links]
        pairs = [(u, c) for c in candidates]
        if overlap == "ra":
            shared = [own for _, _, own in score(graph, pairs)]
        else:
            shared = [len(list(nx.common_neighbors(graph, *pair))) for pair in pairs]
        rank = nx.pagerank(graph, 0.85, {u: 1.0}, tol=1e-13, max_iter=10_000)
        tables = [shared, [rank[c] for c in candidates]]
        if features:
            tables.append([max(0.0, float(unit[u] @ unit[c])) for c in candidates])
        # How many candidates score at least as high, to nine digits.
        places = [
            [sum(round(o, 9) >= round(own, 9) for o in table) for own in table] for table in tables
        ]
        best = dict(zip(candidates, map(min, zip(*places, strict=True)), strict=True))
        taken = [pair[1] for pair in negatives[:3]]
        worst = max(best[c] for c in taken)
        assert worst <= sorted(best.values())[2]


def test_the_seed_decides_between_equals_alone() -> None:
    data = blocks()
    split = LinkSplit.random(data, seed=0)
    one, two, other = (
        with_hard_negatives(split, data.x, per_positive=10, seed=seed) for seed in (0, 0, 1)
    )
    assert torch.equal(one.test_negative, two.test_negative)
    assert torch.equal(one.test_positive, other.test_positive)
    assert torch.equal(one.message_edge_index, split.message_edge_index)


def test_they_are_harder_than_any() -> None:
    data = blocks()
    split = LinkSplit.random(data, 0.1, 0.2, seed=0)
    hard = with_hard_negatives(split, data.x, per_positive=20)
    easy, difficult = (tasks.heuristic(s.graph(data), "ra", "roc_auc") for s in (split, hard))
    assert difficult["test"] < easy["test"] - 0.1
    assert set(tasks.heuristic(hard.graph(data), "ra")) == {"valid", "test"}


def test_sparse_features_give_the_same() -> None:
    data = blocks()
    split = LinkSplit.random(data, seed=0)
    x = torch.zeros(60, 40)
    x[torch.arange(60), torch.arange(60) % 40] = 1
    dense, sparse = (
        with_hard_negatives(split, own, per_positive=8) for own in (x, x.to_sparse_csr())
    )
    assert torch.equal(dense.valid_negative, sparse.valid_negative)
    assert np.shape(dense.valid_negative)[2] == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"per_positive": 3}, "per_positive is 3, but half of them"),
        ({"per_positive": 0}, "per_positive is 0"),
        (
            {"per_positive": 200},
            "is joined to all but .* its partners, but 100 negatives are to keep it",
        ),
        ({"overlap": "aa"}, "overlap is 'aa', which is none of ra, cn"),
        ({"x": torch.ones(3, 2)}, "x has 3 rows, but the split is of 60 nodes"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        with_hard_negatives(LinkSplit.random(blocks()), **given)
