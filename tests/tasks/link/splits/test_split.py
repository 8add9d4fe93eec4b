"""No split of links leaks, however it is drawn, and none that leaks can be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from link_graphs import as_set, blocks, both_ways, linked
from torch_geometric.data import Data

from gnnlab import rewiring
from gnnlab.tasks import LinkSplit

FEW = settings(max_examples=60, deadline=None)
PARTS = ("train", "valid", "test")


def assert_no_leak(split: LinkSplit, data: Data) -> None:
    links = as_set(data.edge_index[:, data.edge_index[0] != data.edge_index[1]])
    message = as_set(split.message_edge_index)
    parts = [as_set(getattr(split, f"{part}_positive")) for part in PARTS]
    assert set().union(*parts) == links and sum(map(len, parts)) == len(links)
    assert message == parts[0]
    assert not message & (parts[1] | parts[2])
    negatives = [as_set(getattr(split, f"{part}_negative")) for part in PARTS]
    for own in negatives:
        assert not own & links and all(len(pair) == 2 for pair in own)


@FEW
@given(data=linked(), seed=st.integers(0, 99), shares=st.sampled_from([(0.1, 0.2), (0.3, 0.1)]))
def test_a_random_split_does_not_leak(data: Data, seed: int, shares: tuple[float, float]) -> None:
    assert_no_leak(LinkSplit.random(data, *shares, seed=seed), data)
    split = LinkSplit.random(data, *shares, seed=seed, kinds="one")
    assert_no_leak(split, data)
    assert split.overlaps() == {"seen": 0, "shared": 0, "true": 0}
    for part in PARTS:
        positive, negative = (getattr(split, f"{part}_{kind}") for kind in ("positive", "negative"))
        assert positive.shape == negative.shape
    together = [as_set(getattr(split, f"{part}_negative")) for part in PARTS]
    assert len(set().union(*together)) == sum(map(len, together))


@FEW
@given(data=linked(directed=False), seed=st.integers(0, 99))
def test_the_ncn_split_has_its_shares_and_its_quirk(data: Data, seed: int) -> None:
    split = LinkSplit.ncn(data, seed)
    assert_no_leak(split, data)
    links = len(as_set(data.edge_index[:, data.edge_index[0] != data.edge_index[1]]))
    fifth = links // 5
    assert split.test_positive.shape[1] == split.test_negative.shape[1] == fifth
    assert split.valid_positive.shape[1] == fifth // 2
    assert split.valid_negative.shape[1] == fifth


@FEW
@given(data=linked(), seed=st.integers(0, 99))
def test_the_message_graph_holds_the_message_edges_and_their_attributes(
    data: Data, seed: int
) -> None:
    data.edge_weight = 1.0 * data.edge_index[0] + data.edge_index[1] / 100
    split = LinkSplit.random(data, seed=seed)
    graph = split.graph(data)
    assert as_set(graph.edge_index) == as_set(split.message_edge_index)
    expected = graph.edge_index[0] + graph.edge_index[1] / 100
    torch.testing.assert_close(graph.edge_weight, expected)
    assert "link_split" not in data and graph.link_split is split


@FEW
@given(data=linked(directed=True), seed=st.integers(0, 99))
def test_arcs_of_a_directed_graph_keep_their_direction_and_stay_together(
    data: Data, seed: int
) -> None:
    split = LinkSplit.random(data, seed=seed)
    assert not split.undirected
    arcs = {tuple(pair) for pair in data.edge_index.T.tolist()}
    for part in PARTS:
        assert {tuple(pair) for pair in getattr(split, f"{part}_positive").T.tolist()} <= arcs


def test_shares_of_a_directed_graph_are_of_joined_pairs() -> None:
    """Ten pairs are joined by twelve arcs: two of ten are held out, between two and four arcs."""
    pairs = torch.triu_indices(8, 8, 1)[:, ::2][:, :10]
    data = Data(x=torch.ones(8, 1), edge_index=torch.cat([pairs, pairs[:, :2].flip(0)], dim=1))
    for seed in range(9):
        split = LinkSplit.random(data, 0.2, 0.2, seed)
        for part in PARTS:
            positive = getattr(split, f"{part}_positive")
            assert len(as_set(positive)) == (6 if part == "train" else 2)
            assert getattr(split, f"{part}_negative").shape == positive.shape
        assert sum(getattr(split, f"{part}_positive").shape[1] for part in PARTS) == 12


def test_the_same_seed_draws_the_same_split_and_another_another() -> None:
    data = blocks()
    one, two, other = (LinkSplit.random(data, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one.test_positive, two.test_positive)
    assert torch.equal(one.valid_negative, two.valid_negative)
    assert not torch.equal(one.test_positive, other.test_positive)


def test_negatives_are_uniform_among_the_pairs_that_are_left() -> None:
    """Every pair is drawn equally often, of a sparse graph and of a dense one."""
    for joined in (3, 21):
        pairs = torch.triu_indices(10, 10, 1)[:, :joined]
        data = Data(x=torch.ones(10, 1), edge_index=both_ways(pairs), num_nodes=10)
        counts = torch.zeros(10, 10)
        for seed in range(400):
            drawn = LinkSplit.random(data, 1 / 3, 1 / 3, seed, kinds="one").test_negative
            counts[drawn[0], drawn[1]] += 1
        free = counts[tuple(torch.triu_indices(10, 10, 1)[:, joined:])]
        assert counts.sum() == free.sum()
        expected = float(free.mean())
        assert float((free - expected).abs().max()) < 5 * expected**0.5


def test_the_value_cannot_be_changed() -> None:
    split = LinkSplit.random(blocks())
    with pytest.raises(AttributeError):
        split.num_nodes = 3  # type: ignore[misc]


def test_it_does_not_share_memory_with_what_it_was_made_of() -> None:
    split = LinkSplit.random(blocks())
    given = split.valid_positive.clone()
    own = replace(split, valid_positive=given)
    given.fill_(0)
    assert torch.equal(own.valid_positive, split.valid_positive)


SPLIT = LinkSplit.random(blocks(), 0.1, 0.2, seed=0)


@pytest.mark.parametrize(
    ("name", "pairs", "said"),
    [
        ("valid_positive", [[3], [3]], "holds the pair of node 3 with itself"),
        ("valid_positive", [[3], [60]], "names node 60, but the graph has 60 nodes"),
        ("test_negative", [[-1], [2]], "names node -1, but the graph has 60"),
        ("valid_positive", [[], []], "valid_positive is empty"),
        ("test_negative", [[], []], "test_negative is empty"),
        ("valid_negative", SPLIT.valid_positive[:, :1].flip(0).tolist(), "is a link of the graph"),
        ("test_positive", SPLIT.message_edge_index[:, :1].tolist(), "among the message edges"),
        ("test_positive", SPLIT.valid_positive[:, :1].tolist(), "among the positives of train or"),
        ("train_positive", SPLIT.test_positive[:, :1].tolist(), "among the positives of train"),
        ("valid_positive", SPLIT.valid_positive[:, [0, 0]].tolist(), "more than once (1 repeats"),
        ("message_edge_index", [[0], [1]], "holds 0 -> 1 but not 1 -> 0"),
    ],
)
def test_a_leak_or_a_bad_pair_is_refused_in_one_sentence(name: str, pairs: Any, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        replace(SPLIT, **{name: torch.tensor(pairs, dtype=torch.int64)})
    assert said in str(caught.value) and name.partition("_")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (torch.zeros(3, 2, dtype=torch.int64), "(3, 2), but pairs are a tensor (2, P)"),
        (torch.zeros(2, 3), "holds torch.float32, but node numbers are int64"),
        (torch.ones(2, 3, 4, dtype=torch.int64), "with itself"),
    ],
)
def test_a_bad_shape_or_type_is_refused(pairs: torch.Tensor, said: str) -> None:
    with pytest.raises(ValueError, match="valid_positive is|holds") as caught:
        replace(SPLIT, valid_positive=pairs)
    assert said in str(caught.value)


def test_own_negatives_go_with_their_positives() -> None:
    own = SPLIT.valid_negative[:, :, None].expand(-1, -1, 4)
    assert replace(SPLIT, valid_negative=own).valid_negative.shape[2] == 4
    with pytest.raises(ValueError, match="rows for 2 positives, but valid_positive holds"):
        replace(SPLIT, valid_negative=own[:, :2])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: LinkSplit.random(blocks(), valid=0), "valid is 0, but a share of the links"),
        (lambda: LinkSplit.random(blocks(), valid=1e-3), "of .* links none"),
        (lambda: LinkSplit.random(blocks(), 0.5, 0.5), "leaves none of .* to train on"),
        (lambda: LinkSplit.random(blocks(), seed=-1), "seed is -1"),
        (
            lambda: LinkSplit.random(complete(9)),
            "joins 36 of its 36 pairs of nodes, which leaves 0",
        ),
        (lambda: LinkSplit.ncn(complete(4)), "has 6 links, of which a tenth"),
        (lambda: LinkSplit.random(Data(x=torch.ones(3, 1), edge_index=loops(3))), "joins no two"),
        (lambda: SPLIT.graph(blocks(seed=1)), "give the data that it was drawn from"),
        (lambda: SPLIT.graph(complete(9)), "a graph of 60 nodes"),
    ],
)
def test_what_cannot_be_split_is_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def complete(nodes: int) -> Data:
    return Data(x=torch.ones(nodes, 1), edge_index=both_ways(torch.triu_indices(nodes, nodes, 1)))


def loops(nodes: int) -> torch.Tensor:
    return torch.arange(nodes).expand(2, -1)


def test_a_temporal_split_learns_from_the_past() -> None:
    pairs = torch.tensor([[0, 1, 2, 3, 0, 4, 0], [1, 2, 3, 4, 2, 5, 1]])
    year = torch.tensor([1, 1, 2, 2, 3, 4, 4])  # (0, 1) meet again in year 4
    data = Data(x=torch.ones(8, 1), edge_index=both_ways(pairs))
    split = LinkSplit.temporal(data, year.repeat(2), 3, 4)
    assert as_set(split.train_positive) == as_set(pairs[:, :4])
    assert as_set(split.valid_positive) == {frozenset((0, 2))}
    assert as_set(split.test_positive) == {frozenset((4, 5))}
    again = LinkSplit.temporal(data, year.repeat(2), 3, 4, repeats="keep")
    assert as_set(again.test_positive) == {frozenset((4, 5)), frozenset((0, 1))}
    assert again.overlaps() == {"seen": 1, "shared": 1, "true": 0}
    with pytest.raises(ValueError, match="every one of the 14 edges has one"):
        LinkSplit.temporal(data, year, 3, 4)
    with pytest.raises(ValueError, match="validation comes first"):
        LinkSplit.temporal(data, year.repeat(2), 4, 3)


def test_an_official_split_is_taken_as_it_is() -> None:
    train = torch.tensor([[0, 1, 2], [1, 2, 3]])
    data = Data(x=torch.ones(8, 1), edge_index=both_ways(train))
    held = {"edge": torch.tensor([[0, 1], [4, 5]]), "edge_neg": torch.tensor([[0, 2], [5, 6]])}
    parts = {"train": {"edge": train.T}, "valid": held, "test": held}
    split = LinkSplit.official(data, parts)
    assert split.valid_positive.tolist() == [[0, 4], [1, 5]]
    assert split.overlaps() == {"seen": 2, "shared": 4, "true": 0}
    ranked = {"source_node": [4, 5], "target_node": [5, 6], "target_node_neg": [[1, 2], [0, 1]]}
    parts = {**parts, "test": {key: torch.tensor(value) for key, value in ranked.items()}}
    split = LinkSplit.official(data, parts)
    assert split.test_negative.tolist() == [[[4, 4], [5, 5]], [[1, 2], [0, 1]]]
    with pytest.raises(ValueError, match="negatives are 'edge_neg'"):
        LinkSplit.official(data, {**parts, "test": parts["train"]})
    with pytest.raises(ValueError, match="no part 'test'"):
        LinkSplit.official(data, {"train": parts["train"], "valid": parts["valid"]})


def test_added_edges_that_are_held_out_links_are_counted() -> None:
    data = blocks()
    split = LinkSplit.random(data, seed=0)
    graph = split.graph(data)
    assert split.added_positives(graph) == {"valid": 0, "test": 0}
    rewired = rewiring.RandomEdges(add=400, seed=0)(graph)
    added = as_set(rewired.edge_index) - as_set(graph.edge_index)
    counted = {part: len(added & as_set(getattr(split, f"{part}_positive"))) for part in PARTS[1:]}
    assert split.added_positives(rewired) == counted and min(counted.values()) > 0
