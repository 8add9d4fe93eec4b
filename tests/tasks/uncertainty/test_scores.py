"""Scores and quantiles of conformal prediction against loops over classes and nodes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnlab.conformal import APS, CFGNN, DAPS, NAPS, RAPS, Split
from gnnlab.tasks.uncertainty.naps import within
from gnnlab.tasks.uncertainty.quantiles import conformal_quantile, weighted_quantiles
from gnnlab.tasks.uncertainty.scores import adaptive_scores, ranks
from tests.tasks.uncertainty.conformal_data import chances_and_labels, said


def adaptive_by_loops(chances: torch.Tensor, drawn: torch.Tensor | None) -> list[list[float]]:
    rows = []
    for node, row in enumerate(chances.tolist()):
        own = []
        for number, chance in enumerate(row):
            before = [p for c, p in enumerate(row) if p > chance or (p == chance and c <= number)]
            part = 0.0 if drawn is None else float(drawn[node]) * chance
            own.append(sum(sorted(before, reverse=True)) - part)
        rows.append(own)
    return rows


@pytest.mark.parametrize("random", [True, False])
def test_adaptive_scores_are_those_of_loops_also_at_ties(random: bool) -> None:
    chances, _ = chances_and_labels(40)
    chances[:5] = 0.25
    chances[5:9] = torch.tensor([0.1, 0.4, 0.1, 0.4])
    drawn = torch.rand(40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = adaptive_scores(chances, drawn if random else None)
    wanted = torch.tensor(adaptive_by_loops(chances, drawn if random else None)).double()
    assert torch.allclose(found, wanted, atol=1e-6)
    assert ranks(chances)[6].tolist() == [3, 1, 4, 2]


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=40), st.sampled_from([0.05, 0.1, 0.25, 0.5])
)
@settings(max_examples=80, deadline=None)
def test_the_quantile_is_the_one_found_by_counting(values: list[int], alpha: float) -> None:
    """The smallest score that enough of the n + 1 lie at or below, the new one being infinite."""
    scores = torch.tensor(values, dtype=torch.float64)
    needed = (1 - alpha) * (len(values) + 1) - 1e-9
    wanted = min((v for v in values if sum(w <= v for w in values) >= needed), default=math.inf)
    assert conformal_quantile(scores, alpha) == wanted
    count = len(values)
    together = weighted_quantiles(
        scores,
        torch.zeros(count, dtype=torch.int64),
        torch.arange(count),
        torch.ones(count),
        1,
        alpha,
    )
    assert float(together) == wanted


def test_weighted_quantiles_are_those_of_loops() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(8, (15,), generator=generator).double()
    rows = torch.randint(6, (60,), generator=generator)
    columns = torch.randint(15, (60,), generator=generator)
    weights = torch.rand(60, generator=generator, dtype=torch.float64) * 3
    found = weighted_quantiles(scores, rows, columns, weights, 7, 0.2)
    for point in range(7):
        pairs = [
            (float(scores[c]), float(w))
            for r, c, w in zip(rows, columns, weights, strict=True)
            if r == point
        ]
        total = 1 + sum(weight for _, weight in pairs)
        enough = [
            score for score, _ in pairs
            if sum(w for s, w in pairs if s <= score) >= 0.8 * total - 1e-9
        ]  # fmt: skip
        assert float(found[point]) == min(enough, default=math.inf)


def test_without_share_or_price_smoothing_and_penalties_change_nothing() -> None:
    given_ = said(60, 30, edges=90)
    plain = APS().sets(given_, 0.1)
    assert torch.equal(DAPS(share=0).sets(given_, 0.1), plain)
    assert torch.equal(RAPS(penalty=0).sets(given_, 0.1), plain)
    assert not torch.equal(DAPS().sets(given_, 0.1), plain)
    assert torch.equal(DAPS(share=0, base="split").sets(given_, 0.1), Split().sets(given_, 0.1))


def test_smoothed_scores_are_means_over_neighbours() -> None:
    given_ = said(12, 6, edges=10)
    scores, found = APS().scores(given_), DAPS(share=0.3).scores(given_)
    first, second = given_.edge_index
    for node in range(12):
        around = scores[first[second == node]]
        wanted = scores[node] if not len(around) else 0.7 * scores[node] + 0.3 * around.mean(0)
        assert torch.allclose(found[node], wanted)


def test_all_calibration_nodes_in_reach_give_the_plain_quantile() -> None:
    """A complete graph: every node has all others near, itself aside where it calibrates."""
    given_ = said(40, 25)
    index = (torch.ones(40, 40) - torch.eye(40)).nonzero().T
    whole = given_.__class__(**{**vars(given_), "edge_index": index})
    found, plain = NAPS(hops=1).sets(whole, 0.2), APS().sets(given_, 0.2)
    assert torch.equal(found[25:], plain[25:])


def test_too_few_calibration_nodes_near_give_every_class() -> None:
    given_ = said(30, 15, edges=12)
    assert NAPS(hops=1).sets(given_, 0.05).all()


def test_pairs_within_hops_are_those_of_networkx() -> None:
    import networkx as nx

    given_ = said(30, 10, edges=25)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(30))
    graph.add_edges_from(given_.edge_index.T.tolist())
    rows, columns, away = within(given_.edge_index, 30, torch.arange(10), 3)
    found = {
        (r, c): d for r, c, d in zip(rows.tolist(), columns.tolist(), away.tolist(), strict=True)
    }
    wanted = {
        (node, root): hops
        for root in range(10)
        for node, hops in nx.single_source_shortest_path_length(graph, root, 3).items()
        if hops
    }
    assert found == wanted


def test_a_correction_that_learns_makes_sets_smaller_and_draws_nothing_of_the_callers() -> None:
    """Probabilities that are too flat in a graph of two halves: smoothing sharpens them."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(400) // 200
    logits = torch.nn.functional.one_hot(labels, 2) + 1.5 * torch.randn(400, 2, generator=generator)
    ends = torch.randint(200, (2, 1600), generator=generator) + 200 * torch.randint(
        2, (1600,), generator=generator
    )
    given_ = said(400, 0)
    order = torch.randperm(400, generator=generator)
    own = {"chances": logits.double().softmax(1), "labels": labels, "calibration": order[:160]}
    given_ = given_.__class__(
        **{**vars(given_), **own, "edge_index": torch.cat([ends, ends.flip(0)], 1)}
    )
    state = torch.get_rng_state()
    found, plain = CFGNN(epochs=60).sets(given_, 0.1), APS().sets(given_, 0.1)
    assert torch.equal(torch.get_rng_state(), state)
    rest = order[160:]
    assert float(found[rest].sum(1).double().mean()) < 0.8 * float(
        plain[rest].sum(1).double().mean()
    )
    assert float(found[rest, labels[rest]].double().mean()) > 0.85
