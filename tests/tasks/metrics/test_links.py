"""Metrics of links equal the published definitions on scores that tie."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics import links as link_metrics

FEW = settings(max_examples=80, deadline=None)
TIED = st.integers(-3, 3)


def scores(size: int) -> st.SearchStrategy[Tensor]:
    return st.lists(TIED, min_size=size, max_size=size).map(lambda v: torch.tensor(v) / 2)


@st.composite
def shared(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    return draw(scores(draw(st.integers(1, 8)))), draw(scores(draw(st.integers(1, 12))))


@st.composite
def own(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    rows, width = draw(st.integers(1, 6)), draw(st.integers(1, 7))
    return draw(scores(rows)), draw(scores(rows * width)).view(rows, width)


def ogb_hits(positive: Tensor, negative: Tensor, k: int) -> float:
    """Hu et al. (NeurIPS 2020): the share of positives above the k-th largest negative."""
    if len(negative) < k:
        return 1.0
    kth = sorted(negative.tolist(), reverse=True)[k - 1]
    return sum(score > kth for score in positive.tolist()) / len(positive)


def ogb_ranks(positive: Tensor, negative: Tensor) -> list[float]:
    """The mean of the rank with every tie won, and of that with every tie lost."""
    found = []
    for score, others in zip(positive.tolist(), negative.tolist(), strict=True):
        optimistic = sum(other > score for other in others)
        pessimistic = sum(other >= score for other in others)
        found.append((optimistic + pessimistic) / 2 + 1)
    return found


@FEW
@given(case=shared(), k=st.integers(1, 14))
def test_hits_against_shared_negatives(case: tuple[Tensor, Tensor], k: int) -> None:
    assert link_metrics.find(f"hits@{k}")(*case) == pytest.approx(ogb_hits(*case, k))


@FEW
@given(case=own(), k=st.integers(1, 4))
def test_ranks_among_own_negatives(case: tuple[Tensor, Tensor], k: int) -> None:
    expected = ogb_ranks(*case)
    assert link_metrics.ranks(*case).tolist() == expected
    assert link_metrics.mrr(*case) == pytest.approx(sum(1 / r for r in expected) / len(expected))
    share = sum(r <= k for r in expected) / len(expected)
    assert link_metrics.hits(*case, k) == pytest.approx(share)


@FEW
@given(case=shared())
def test_shared_negatives_rank_as_the_same_ones_of_each(case: tuple[Tensor, Tensor]) -> None:
    positive, negative = case
    each = negative.expand(len(positive), -1)
    assert torch.equal(link_metrics.ranks(*case), link_metrics.ranks(positive, each))


@FEW
@given(case=own(), data=st.data())
def test_filtered_ranks_leave_links_out(case: tuple[Tensor, Tensor], data: st.DataObject) -> None:
    positive, negative = case
    flags = st.lists(st.booleans(), min_size=negative.numel(), max_size=negative.numel())
    left_out = torch.tensor(data.draw(flags)).view(negative.shape)
    expected = [
        ogb_ranks(positive[i : i + 1], negative[i][~left_out[i]][None])[0]
        for i in range(len(positive))
    ]
    assert link_metrics.ranks(positive, negative, left_out).tolist() == expected
    together = link_metrics.ranks(positive, negative[0], left_out[0])
    assert together.tolist() == ogb_ranks(
        positive, negative[0][~left_out[0]].expand(len(positive), -1)
    )


@FEW
@given(case=st.one_of(shared(), own()))
def test_auc_and_average_precision_are_scikit_learns(case: tuple[Tensor, Tensor]) -> None:
    positive, negative = case[0], case[1].reshape(-1)
    labels = [1] * len(positive) + [0] * len(negative)
    both = torch.cat([positive, negative]).tolist()
    assert link_metrics.roc_auc(*case) == pytest.approx(roc_auc_score(labels, both))
    expected = average_precision_score(labels, both)
    assert link_metrics.average_precision(*case) == pytest.approx(expected)


def test_ogbs_own_evaluator_agrees() -> None:
    ogb = pytest.importorskip("ogb.linkproppred")
    g = torch.Generator().manual_seed(0)
    positive, negative = (torch.randint(-5, 6, (n,), generator=g) / 2 for n in (200, 300))
    evaluator = ogb.Evaluator(name="ogbl-collab")
    for k in (10, 50, 100):
        evaluator.K = k
        found = evaluator.eval({"y_pred_pos": positive, "y_pred_neg": negative})[f"hits@{k}"]
        assert link_metrics.hits(positive, negative, k) == pytest.approx(float(found))
    own = torch.randint(-5, 6, (200, 1000), generator=g) / 2
    ranked = ogb.Evaluator(name="ogbl-citation2").eval({"y_pred_pos": positive, "y_pred_neg": own})
    assert link_metrics.mrr(positive, own) == pytest.approx(float(ranked["mrr_list"].mean()))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: link_metrics.find("hits@0"), "there is no metric 'hits@0' for links"),
        (lambda: link_metrics.find("accuracy"), "hits@K, such as hits@100"),
        (lambda: link_metrics.mrr(torch.ones(2), torch.ones(3, 4)), "do not go together"),
        (lambda: link_metrics.mrr(torch.ones(0), torch.ones(3)), "with at least one of each"),
        (lambda: link_metrics.hits(torch.tensor([torch.nan]), torch.ones(2), 1), "scores hold nan"),
    ],
)
def test_what_has_no_rank_is_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_the_loop_knows_their_limits() -> None:
    assert metrics.best_possible("hits@20") == metrics.best_possible("mrr") == 1
    assert metrics.sign("hits@20") == 1 and metrics.is_fraction("mrr")
