"""Ranks of true pairs equal a count by hand, and the released evaluation where nothing ties."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gnnlab.tasks.metrics.ranks import Against, mrr, ranks

FEW = settings(max_examples=80, deadline=None)
KINDS: tuple[Against, ...] = get_args(Against)


@st.composite
def scored(draw: st.DrawFn, ties: bool = True) -> tuple[Tensor, Tensor]:
    """Scores of a graph of up to 8 nodes, and some of its pairs, loops among them."""
    nodes = draw(st.integers(1, 8))
    if ties:
        cells = draw(st.lists(st.integers(-2, 2), min_size=nodes**2, max_size=nodes**2))
    else:
        cells = draw(st.permutations(range(nodes**2)))
    ends = st.integers(0, nodes - 1)
    pairs = draw(st.sets(st.tuples(ends, ends), min_size=1))
    return torch.tensor(cells).view(nodes, nodes) / 2, torch.tensor(sorted(pairs)).T


def by_hand(scores: Tensor, pairs: Tensor, against: str) -> list[float]:
    table, known = scores.tolist(), [tuple(pair) for pair in pairs.T.tolist()]
    found = []
    for u, v in known:
        rank = 1.0
        for w in range(len(table)):
            if w == v:
                continue
            if against != "raw" and (u, w) in known:
                continue
            if against == "extended" and w == u:
                continue
            if table[u][w] > table[u][v]:
                rank += 1
            elif table[u][w] == table[u][v]:
                rank += 0.5
        found.append(rank)
    return found


def as_released(scores: Tensor, pairs: Tensor, against: str) -> float:
    """Put the true pair first, sort, and see where it went."""
    first, second = pairs
    masked = scores.clone()
    if against == "raw":
        rows = scores[first].clone()
        rows[torch.arange(len(first)), second] = -torch.inf
    else:
        masked[first, second] = -torch.inf
        if against == "extended":
            masked.fill_diagonal_(-torch.inf)
        rows = masked[first]
    both = torch.cat([scores[first, second][:, None], rows], 1)
    place = (both.argsort(1, descending=True) == 0).nonzero()[:, 1] + 1
    return float((1 / place.double()).mean())


@pytest.mark.parametrize("against", KINDS)
@FEW
@given(case=scored())
def test_ranks_are_counted(against: Against, case: tuple[Tensor, Tensor]) -> None:
    found = ranks(*case, against)
    assert found.tolist() == by_hand(*case, against)
    expected = sum(1 / rank for rank in by_hand(*case, against)) / len(found)
    assert mrr(*case, against) == pytest.approx(expected)


@pytest.mark.parametrize("against", KINDS)
@FEW
@given(case=scored(ties=False))
def test_without_ties_it_is_the_released_evaluation(
    against: Against, case: tuple[Tensor, Tensor]
) -> None:
    assert mrr(*case, against) == pytest.approx(as_released(*case, against))


@FEW
@given(case=scored())
def test_fewer_rivals_rank_no_lower(case: tuple[Tensor, Tensor]) -> None:
    raw, filtered, extended = (ranks(*case, against) for against in ("raw", "filtered", "extended"))
    assert bool((raw >= filtered).all()) and bool((filtered >= extended).all())


@FEW
@given(case=scored(), data=st.data())
def test_the_numbers_of_the_nodes_do_not_matter(
    case: tuple[Tensor, Tensor], data: st.DataObject
) -> None:
    scores, pairs = case
    order = torch.tensor(data.draw(st.permutations(range(len(scores)))))
    other = torch.empty_like(scores)
    other[order[:, None], order] = scores
    for against in KINDS:
        assert torch.equal(ranks(other, order[pairs], against), ranks(scores, pairs, against))


def test_a_graph_by_hand() -> None:
    scores = torch.tensor([[9.0, 5.0, 7.0, 6.0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    pairs = torch.tensor([[0, 0], [1, 2]])
    # For node 0: itself 9, partner 2 at 7, stranger 3 at 6, partner 1 at 5.
    assert ranks(scores, pairs, "raw").tolist() == [4, 2]
    assert ranks(scores, pairs, "filtered").tolist() == [3, 2]
    assert ranks(scores, pairs, "extended").tolist() == [2, 1]
    assert mrr(scores, pairs, "extended") == pytest.approx(0.75)


def test_no_pair_has_no_rank() -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    assert ranks(torch.eye(3), none).shape == (0,)
    with pytest.raises(ValueError, match="pairs is empty, .* leave the graph out"):
        mrr(torch.eye(3), none)


@pytest.mark.parametrize(
    ("scores", "pairs", "against", "message"),
    [
        (torch.zeros(3), torch.tensor([[0], [1]]), "raw", r"scores has shape \(3,\)"),
        (torch.zeros(3, 2), torch.tensor([[0], [1]]), "raw", r"scores has shape \(3, 2\)"),
        (torch.eye(3), torch.tensor([0, 1]), "raw", r"pairs has shape \(2,\)"),
        (torch.eye(3), torch.tensor([[0.0], [1.0]]), "raw", "torch.float32, but it must be"),
        (torch.eye(3), torch.tensor([[0], [3]]), "raw", "pairs names node 3, but scores is of 3"),
        (torch.eye(3), torch.tensor([[-1], [0]]), "raw", "pairs names node -1"),
        (torch.eye(3) * torch.nan, torch.tensor([[0], [1]]), "raw", "scores hold nan"),
        (torch.eye(3), torch.tensor([[0], [1]]), "self", "against is 'self', which is none of ext"),
    ],
)
def test_bad_input_is_named(scores: Tensor, pairs: Tensor, against: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ranks(scores, pairs, against)
