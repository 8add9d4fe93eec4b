"""Negatives join the kinds of nodes that links join, and dense graphs have as many as there are."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from link_graphs import as_set, blocks, both_ways
from link_problems import gcn
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import tasks
from gnnlab.structure.graphs.node_kinds import by_numbering, two_colours
from gnnlab.tasks import LinkPrediction, LinkSplit, Training, fit
from gnnlab.tasks.link.splits.parts import PARTS

FEW = settings(max_examples=30, deadline=None)
quiet = pytest.mark.filterwarnings("ignore:every link crosses")
USERS, ITEMS = 80, 20


def shop(seed: int = 0, links: int = 300, shuffled: bool = False, directed: bool = False) -> Data:
    """Users and items joined at random, each with features that tell which it is."""
    random = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(USERS * ITEMS, generator=random)[:links]
    pairs = torch.stack([chosen // ITEMS, USERS + chosen % ITEMS])
    side = (torch.arange(USERS + ITEMS) >= USERS).long()
    if shuffled:
        new = torch.randperm(USERS + ITEMS, generator=random)
        pairs, side = new[pairs], side[new.argsort()]
    x = torch.eye(2)[side] + 0.1 * torch.randn(USERS + ITEMS, 2, generator=random)
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    return Data(x=x, edge_index=pairs if directed else both_ways(pairs), side=side)


def parts(split: LinkSplit, kind: str = "negative") -> list[Tensor]:
    return [getattr(split, f"{part}_{kind}").reshape(2, -1) for part in PARTS]


def crosses(side: Tensor, pairs: Tensor) -> bool:
    return bool((side[pairs[0]] != side[pairs[1]]).all())


def test_where_nothing_can_be_learnt_the_score_is_that_of_guessing() -> None:
    """Pairs within a side are told from links by the kinds of their ends alone."""
    tests: dict[str, list[float]] = {"auto": [], "one": []}
    task, training = LinkPrediction("roc_auc", "mlp", batch_size=0.5), Training(lr=3e-2, epochs=20)
    for kinds, found in tests.items():
        for seed in range(4):
            data = shop(seed)
            graph = LinkSplit.random(data, 0.1, 0.3, seed, kinds).graph(data)
            found.append(fit(task, gcn(), graph, training, seed=seed).test)
    assert 0.43 < np.mean(tests["auto"]) < 0.57
    assert np.mean(tests["one"]) > 0.7


DRAWS: dict[str, Any] = {
    "random": lambda data, **more: LinkSplit.random(data, 0.1, 0.2, **more),
    "ncn": LinkSplit.ncn,
    "hard": lambda data, **more: LinkSplit.hard(data, 0.1, 0.2, per_positive=10, **more),
    "temporal": lambda data, **more: LinkSplit.temporal(
        data, torch.arange(data.num_edges) % (data.num_edges // 2), 200, 250, **more
    ),
}


@quiet
@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
def test_every_protocol_draws_across(name: str, directed: bool, shuffled: bool) -> None:
    if directed and name == "temporal":
        return
    data = shop(shuffled=shuffled, directed=directed)
    split = DRAWS[name](data, seed=3)
    assert all(crosses(data.side, own) for own in parts(split))
    if directed and name != "hard":  # arcs go from users to items, and so do negatives
        assert all(bool((data.side[own[0]] == 0).all()) for own in parts(split))
    problem = LinkPrediction().setup(split.graph(data), 0)
    for _ in range(3):
        for batch in problem.batches():
            assert crosses(data.side, batch.negative)
            assert batch.negative.shape[1] == len(batch.columns)
            if directed:
                assert bool((data.side[batch.negative[0]] == 0).all())
    one = DRAWS[name](data, seed=3, kinds="one")
    assert one.kinds is None and not all(crosses(data.side, own) for own in parts(one))
    assert torch.equal(one.test_positive, split.test_positive)


def test_kinds_are_told_or_read_from_the_numbering_or_the_colours() -> None:
    data = shop(shuffled=True)
    with pytest.warns(
        UserWarning, match=r"between two sides of 79 and 20 nodes, so .* kinds='one'"
    ):
        coloured = LinkSplit.random(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numbered = LinkSplit.random(shop())
        given = LinkSplit.random(data, kinds=data.side)
        data.node_type = data.side
        typed = LinkSplit.random(data)
        plain = LinkSplit.random(blocks())
    linked = coloured.kinds < 2
    assert torch.equal(coloured.kinds[linked], data.side[linked]) and int(linked.sum()) == 99
    assert torch.equal(typed.kinds, given.kinds) and torch.equal(typed.kinds, data.side)
    assert torch.equal(numbered.kinds, shop().side) and plain.kinds is None
    assert repr(numbered).endswith("test 60 + 60, kinds of 80 + 20)")


def test_several_kinds_are_joined_as_often_by_negatives_as_by_links() -> None:
    """Papers cite papers and have authors; authors join nobody else."""
    random = torch.Generator().manual_seed(0)
    papers = torch.triu_indices(30, 30, 1)[:, torch.randperm(435, generator=random)[:100]]
    authors = torch.randperm(600, generator=random)[:80]
    pairs = torch.cat([papers, torch.stack([authors // 20, 30 + authors % 20])], dim=1)
    kinds = (torch.arange(50) >= 30).long()
    data = Data(x=torch.ones(50, 1), edge_index=both_ways(pairs), node_type=kinds)
    split = LinkSplit.random(data, 0.2, 0.3, seed=1)
    for positive, negative in zip(parts(split, "positive"), parts(split), strict=True):
        joined = [
            kinds[pairs].sum(0).bincount(minlength=3).tolist() for pairs in (positive, negative)
        ]
        assert joined[0] == joined[1] and joined[0][2] == 0
    batches = LinkPrediction().setup(split.graph(data), 0).batches()
    drawn = torch.cat([batch.negative for batch in batches], dim=1)
    assert kinds[drawn].sum(0).bincount().tolist() == (
        kinds[split.train_positive].sum(0).bincount().tolist()
    )


@FEW
@given(nodes=st.integers(2, 30), share=st.floats(0.02, 0.3), seed=st.integers(0, 999))
def test_two_colours_are_those_of_networkx(nodes: int, share: float, seed: int) -> None:
    graph = nx.gnp_random_graph(nodes, share, seed=seed)
    pairs = np.array(list(graph.edges), np.int64).reshape(-1, 2).T
    found = two_colours(pairs, nodes)
    assert (found is None) == (not nx.is_bipartite(graph))
    if found is None:
        return
    assert (found[pairs[0]] + found[pairs[1]] == 1).all()
    assert [node for node in graph if graph.degree[node] == 0] == np.flatnonzero(
        found == 2
    ).tolist()
    for part in nx.connected_components(graph):
        if len(part) == 1:
            continue
        sides = [[node for node in part if found[node] == side] for side in (0, 1)]
        assert len(sides[0]) >= len(sides[1])
        if len(sides[0]) == len(sides[1]):
            assert min(part) in sides[0]


def test_the_numbering_tells_sides_and_leaves_who_may_be_of_either() -> None:
    pairs = np.array([[0, 1, 0, 3], [5, 6, 7, 5]])
    assert by_numbering(pairs, 9).tolist() == [0, 0, 0, 0, 2, 1, 1, 1, 1]
    assert by_numbering(np.array([[0, 1], [1, 2]]), 3) is None  # a path
    assert by_numbering(np.empty((2, 0), np.int64), 3) is None


def test_an_official_split_trains_as_it_is_judged() -> None:
    data = shop()
    split = LinkSplit.random(data, seed=0)
    held = {
        part: {"edge": getattr(split, f"{part}_positive").T, "edge_neg": own.T}
        for part, own in zip(PARTS, parts(split), strict=True)
    }
    graph = split.graph(data)
    assert torch.equal(LinkSplit.official(graph, held).kinds, data.side)
    assert LinkSplit.official(graph, held, kinds="one").kinds is None
    inside = {**held, "test": {**held["test"], "edge_neg": torch.tensor([[0, 1]])}}
    assert LinkSplit.official(graph, inside).kinds is None


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("two", "kinds is 'two', which is none of auto, one"),
        (torch.ones(3, dtype=torch.int64), r"kinds is \(3,\), but each of 100 nodes has one kind"),
        (torch.ones(100), "kinds is torch.float32, but it is a tensor of whole numbers"),
        ([0] * 100, "kinds is"),
    ],
)
def test_kinds_that_are_none_are_refused(kinds: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LinkSplit.random(shop(), kinds=kinds)


def test_a_split_whose_kinds_tell_its_negatives_is_refused() -> None:
    split = LinkSplit.random(shop(), seed=0)
    with pytest.raises(
        ValueError, match="test_negative holds a pair of nodes of kinds that no link"
    ):
        replace(split, test_negative=torch.tensor([[0], [1]]))


def dense(nodes: int, missing: int, seed: int = 0) -> Data:
    """All pairs but some."""
    random = torch.Generator().manual_seed(seed)
    pairs = torch.triu_indices(nodes, nodes, 1)
    pairs = pairs[:, torch.randperm(pairs.shape[1], generator=random)[missing:]]
    return Data(x=torch.randn(nodes, 3, generator=random), edge_index=both_ways(pairs))


@pytest.mark.parametrize("missing", [100, 60, 12, 2])
@pytest.mark.parametrize("draw", [LinkSplit.random, LinkSplit.ncn])
def test_a_dense_graph_is_split_with_the_negatives_that_there_are(draw: Any, missing: int) -> None:
    data = dense(21, missing)
    split = draw(data, seed=0)
    negatives = parts(split)
    different = set().union(*map(as_set, negatives))
    assert len(different) == sum(own.shape[1] for own in negatives) <= missing
    assert min(own.shape[1] for own in negatives[1:]) >= 1
    result = fit(LinkPrediction("roc_auc", "mlp"), gcn(), split.graph(data), Training(epochs=2))
    assert 0 <= result.test <= 1
    assert set(tasks.heuristic(split.graph(data), "cn", "roc_auc")) == {"valid", "test"}


def test_validation_and_test_take_their_negatives_first() -> None:
    data = dense(20, 60)  # 130 links: 91, 13 and 26
    assert [own.shape[1] for own in parts(LinkSplit.random(data))] == [21, 13, 26]
    assert [own.shape[1] for own in parts(LinkSplit.random(dense(20, 30)))] == [0, 10, 20]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (dense(9, 0), "joins 36 of its 36 pairs of nodes, which leaves 0 to be a negative, but"),
        (dense(9, 1), "joins 35 of its 36 pairs of nodes, which leaves 1 to be a negative, but"),
        (shop(links=USERS * ITEMS), "some kinds of nodes alone, which leaves 0 .* or kinds='one'"),
    ],
)
def test_a_complete_graph_is_refused(data: Data, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        LinkSplit.random(data)
    assert "take a sparser graph" in str(caught.value) and "\n" not in str(caught.value)
