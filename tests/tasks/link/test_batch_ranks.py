"""Ranks in a batch of graphs are those in each graph, which are counted by hand elsewhere."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gnnlab.tasks.link.batch_ranks import (
    batch_ranks,
    by_pairs,
    by_products,
    graph_means,
    over_graphs,
)
from gnnlab.tasks.link.negative_sampling import draw_strangers
from gnnlab.tasks.metrics.ranks import Against, mrr, ranks

FEW = settings(max_examples=60, deadline=None)
KINDS: tuple[Against, ...] = get_args(Against)
Case = tuple[Tensor, list[Tensor], Tensor]


@st.composite
def batches(draw: st.DrawFn) -> Case:
    """Scores of all nodes of up to five graphs, with ties; each one's true pairs; and ptr."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    ptr = torch.tensor([0, *sizes]).cumsum(0)
    seed = draw(st.integers(0, 2**32 - 1))
    random = torch.Generator().manual_seed(seed)
    scores = torch.randint(-3, 4, (int(ptr[-1]), int(ptr[-1])), generator=random) / 2
    true = [
        (torch.rand(size, size, generator=random) < draw(st.sampled_from([0, 0.3, 1]))).nonzero().T
        for size in sizes
    ]
    return scores, true, ptr


def together(case: Case) -> tuple[Tensor, Tensor]:
    """The pairs by their numbers in the batch, in an order that mixes graphs, and whose nodes."""
    _, true, ptr = case
    pairs = torch.cat([own + first for own, first in zip(true, ptr, strict=False)], 1)
    order = torch.randperm(pairs.shape[1], generator=torch.Generator().manual_seed(0))
    return pairs[:, order], torch.arange(len(true)).repeat_interleave(ptr.diff())


@pytest.mark.parametrize("chunk", [1, 7, 1 << 17])
@FEW
@given(case=batches())
def test_a_batch_ranks_as_its_graphs_do(chunk: int, case: Case) -> None:
    scores, true, ptr = case
    pairs, batch = together(case)
    found = batch_ranks(
        by_pairs(lambda cells: scores[tuple(cells)]), pairs, batch, ptr, KINDS, chunk
    )
    for kind in KINDS:
        means = graph_means(found[kind], pairs, batch, len(true))
        for number, own in enumerate(true):
            nodes = slice(int(ptr[number]), int(ptr[number + 1]))
            mine = batch[pairs[0]] == number
            expected = ranks(scores[nodes, nodes], pairs[:, mine] - ptr[number], kind)
            assert torch.equal(found[kind][mine], expected)
            if own.numel():
                assert float(means[number]) == pytest.approx(mrr(scores[nodes, nodes], own, kind))
            else:
                assert bool(means[number].isnan())


def test_each_row_is_scored_once_and_within_its_graph() -> None:
    asked: list[Tensor] = []

    def score(cells: Tensor) -> Tensor:
        asked.append(cells)
        return cells.sum(0).float()

    pairs, batch = torch.tensor([[0, 0, 4], [1, 2, 3]]), torch.tensor([0, 0, 0, 1, 1])
    batch_ranks(by_pairs(score), pairs, batch, torch.tensor([0, 3, 5]), KINDS)
    (cells,) = asked
    assert cells.T.tolist() == [[0, 0], [0, 1], [0, 2], [4, 3], [4, 4]]


def test_no_true_pair_anywhere_gives_no_rank() -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    batch, ptr = torch.tensor([0, 1]), torch.tensor([0, 1, 2])
    found = batch_ranks(by_pairs(lambda cells: cells[0].float()), none, batch, ptr, KINDS)
    assert all(found[kind].shape == (0,) for kind in KINDS)
    means = graph_means(found["raw"], none, batch, 2)
    assert bool(means.isnan().all()) and over_graphs(means, "raw") == 0


def test_a_graph_without_a_true_pair_is_0_in_raw_and_left_out_elsewhere() -> None:
    means = torch.tensor([0.5, torch.nan, 1.0], dtype=torch.float64)
    assert over_graphs(means, "raw") == 0.5
    assert over_graphs(means, "filtered") == over_graphs(means, "extended") == 0.75


def test_scores_that_are_nan_are_refused() -> None:
    pairs, batch = torch.tensor([[0], [1]]), torch.tensor([0, 0])
    rows = by_pairs(lambda cells: cells[0] * torch.nan)
    with pytest.raises(ValueError, match="scores hold nan"):
        batch_ranks(rows, pairs, batch, torch.tensor([0, 2]), KINDS)


@pytest.mark.parametrize("chunk", [1, 1 << 17])
@FEW
@given(case=batches(), width=st.integers(1, 40))
def test_products_of_matrices_score_as_pairs_do(chunk: int, case: Case, width: int) -> None:
    _, _, ptr = case
    pairs, batch = together(case)
    states = torch.randn(int(ptr[-1]), width, generator=torch.Generator().manual_seed(width))
    states = states[torch.arange(len(states)) // 2]  # every two nodes look alike, and tie

    def dot(cells: Tensor) -> Tensor:
        first, second = states.double()[cells]
        return (first * second).sum(1).float()

    ours, theirs = (
        batch_ranks(rows, pairs, batch, ptr, KINDS, chunk)
        for rows in (by_products(states), by_pairs(dot))
    )
    assert all(torch.equal(ours[kind], theirs[kind]) for kind in KINDS)


@FEW
@given(case=batches(), count=st.integers(1, 3))
def test_strangers_are_no_partners_and_differ(case: Case, count: int) -> None:
    _, true, ptr = case
    pairs, batch = together(case)
    drawn = draw_strangers(pairs, ptr, count, torch.Generator().manual_seed(0))
    found, known = [set(map(tuple, each.T.tolist())) for each in (drawn, pairs)]
    assert len(found) == drawn.shape[1] <= count * pairs.shape[1] and not found & known
    assert torch.equal(batch[drawn[0]], batch[drawn[1]])
    again = draw_strangers(pairs, ptr, count, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)


def test_every_stranger_is_drawn_equally_often() -> None:
    """Of five nodes, 0 and 1 are partners; the others and the node itself come a quarter each."""
    pairs, ptr = torch.tensor([[5], [6]]), torch.tensor([0, 5, 10])
    random = torch.Generator().manual_seed(0)
    drawn = torch.cat([draw_strangers(pairs, ptr, 1, random)[1] for _ in range(2000)])
    counts = drawn.bincount(minlength=10)
    assert counts[:5].sum() == 0 and counts[6] == 0
    assert all(abs(int(counts[w]) - 500) < 100 for w in (5, 7, 8, 9))


def test_a_node_with_few_strangers_gets_few_pairs() -> None:
    pairs = torch.tensor([[0, 0, 1], [0, 1, 2]])  # node 0 has one stranger, node 1 two
    drawn = draw_strangers(pairs, torch.tensor([0, 3]), 4, torch.Generator().manual_seed(0))
    assert sorted(map(tuple, drawn.T.tolist())) == [(0, 2), (1, 0), (1, 1)]
