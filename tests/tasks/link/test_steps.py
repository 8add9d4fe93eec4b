"""A step of training leaves most of the graph to read, or says that it does not."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest
import torch
from link_graphs import as_set, blocks, both_ways
from link_problems import gcn, graph, problem
from torch import nn
from torch_geometric.data import Data

from gnnlab import datasets, layers, rewiring
from gnnlab.tasks import LinkPrediction, LinkSplit, Training, fit
from gnnlab.tasks.link.steps import links_a_step


class Unmaskable(layers.GCN):
    maskable = False


@pytest.mark.parametrize(
    ("asked", "count", "taken"),
    [
        (None, 3696, 370), (None, 30, 3), (None, 14, 2), (None, 7, 1), (None, 1, 1),
        (None, 10_000_000, 65_536), (0.25, 100, 25), (0.9, 10_000_000, 65_536),
        (1152, 3696, 1152), (1152, 100, 100), (1_000_000, 2_000_000, 1_000_000),
    ],
)  # fmt: skip
def test_a_step_takes_a_number_of_links_or_a_share(asked: Any, count: int, taken: int) -> None:
    assert links_a_step(asked, count) == taken


def tiny() -> Data:
    """Twenty links."""
    pairs = torch.tensor(list(nx.gnm_random_graph(12, 20, seed=1).edges)).T
    return Data(x=torch.eye(12)[:, :3] + 0.1, edge_index=both_ways(pairs))


@pytest.mark.parametrize("draw", [LinkSplit.random, LinkSplit.ncn])
def test_by_default_every_step_reads_most_of_the_graph(draw: Any) -> None:
    for data in (tiny(), blocks()):
        data = draw(data, seed=0).graph(data)
        read = edges_read(data)
        assert len(read) in range(7, 11)
        assert min(read) > 0.8 * data.num_edges


def edges_read(data: Data) -> list[int]:
    """How many edges the encoder reads in each step of an epoch, without a warning."""
    read: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = problem(data)
        model = found.model(gcn())
    model.encoder.register_forward_pre_hook(lambda _, seen: read.append(seen[0].num_edges))
    for batch in found.batches():
        found.loss(model, batch)
    return read


def said(task: LinkPrediction, data: Data | None = None, encoder: nn.Module | None = None) -> str:
    """What a fit warns of, or how it refuses."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit(task, encoder or gcn(), data or graph(), Training(epochs=1))
        except ValueError as refused:
            return f"refused: {refused}"
    told = [str(one.message) for one in caught if "links out" in str(one.message)]
    assert len(told) <= 1 and not any("\n" in one for one in told)
    return "".join(told)


def test_a_step_that_leaves_fewer_than_half_is_warned_of() -> None:
    assert graph().link_split.train_positive.shape[1] == 168
    for quiet in ({}, {"batch_size": 84}, {"batch_size": 0.5}, {"negatives": "split"}):
        assert said(LinkPrediction(**quiet)) == ""
    assert said(LinkPrediction(batch_size=120)) == (
        "a step of 120 links takes 120 of the 168 links out that encoder and head read, which "
        "leaves 48 to training, while evaluation reads all: leave batch_size out, which takes 17 "
        "links a step, or set mask_targets=False, which lets a link be read while it is predicted"
    )
    assert "takes 152 of the 168" in said(LinkPrediction(batch_size=0.9))


def test_a_step_that_leaves_nothing_is_refused() -> None:
    for size in (168, 65_536):
        assert re.match(
            "refused: a step of 168 .* leaves 0 to", said(LinkPrediction(batch_size=size))
        )
    assert said(LinkPrediction(batch_size=65_536, mask_targets=False)) == ""
    rewired = rewiring.RandomEdges(add=100, remove=0, seed=0)(graph())
    assert "takes 168 of the 268 links out" in said(LinkPrediction(batch_size=168), rewired)
    alone = replace(tiny_split(), train_positive=tiny_split().train_positive[:, :1])
    alone = replace(alone, message_edge_index=both_ways(alone.train_positive))
    told = said(LinkPrediction(), alone.graph(tiny()))
    assert told.startswith("refused: a step of 1 links takes 1 of the 1") and "larger graph" in told


def tiny_split() -> LinkSplit:
    return LinkSplit.random(tiny(), seed=0)


def test_links_that_are_set_apart_leave_enough_too() -> None:
    encoder = Unmaskable(3, 8, 2)
    assert said(LinkPrediction(batch_size=10_000), encoder=encoder) == ""  # none is masked
    told = said(LinkPrediction(supervision=0.9), encoder=encoder)
    assert told.startswith("supervision=0.9 takes 151 of the 168 links out")
    assert "take a smaller share" in told
    told = said(LinkPrediction(supervision=0.999), encoder=encoder)
    assert told.startswith("refused: supervision=0.999 takes 168 of the 168")


def test_arcs_are_counted_by_the_pairs_that_they_join() -> None:
    data = tiny()
    ahead = data.edge_index[:, data.edge_index[0] < data.edge_index[1]]
    data.edge_index = torch.cat([ahead, ahead[:, :10].flip(0)], dim=1)
    data = LinkSplit.random(data, seed=0).graph(data)
    pairs, arcs = len(as_set(data.edge_index)), data.link_split.train_positive.shape[1]
    told = said(LinkPrediction(batch_size=arcs - 1), data)
    assert not data.link_split.undirected and f"of the {pairs} links out" in told


@pytest.mark.parametrize(
    "size", [0, -1, 1.0, 2.5, 0.0, -0.1, True, float("nan"), float("inf"), "3"]
)  # fmt: skip
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=r"^batch_size is .*, but it (must be|is) a "):
        LinkPrediction(batch_size=size)


@pytest.mark.slow
@pytest.mark.skipif("GNNLAB_MIRROR" not in os.environ, reason="needs Cora")
def test_on_cora_the_default_scores_as_high_as_a_third_does() -> None:
    """Test Hits@100 of three splits: .75, .80, .67 by a third; with no edge left .37, .41, .21."""
    data, tests = datasets.load("cora", sparse_features=True), []
    for seed in range(3):
        own = LinkSplit.ncn(data, seed).graph(data)
        encoder = layers.GCN(own.num_features, 64, 2)
        task = LinkPrediction("hits@100", "ncn")
        tests.append(fit(task, encoder, own, Training(epochs=40), seed=seed).test)
    assert min(tests) > 0.65 and sum(tests) / 3 > 0.72
