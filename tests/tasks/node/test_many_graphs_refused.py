"""Pairs within many graphs that nothing can be learnt from, each refused in a sentence."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import torch
from contact_graphs import FEATURES, chords, collection
from torch import nn

from gnnlab import datasets, layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.tasks import LinkPrediction, fit


class Graphwise(nn.Module):
    level, hidden_channels = "graph", 4


def changed(**values: Any) -> Graphs:
    own = [copy(one) for one in collection()]
    for name, value in values.items():
        own[3][name] = value
    return collection().with_graphs(own)


def relabelled(mask: str, label: int) -> Graphs:
    data = collection()
    own = [copy(one) for one in data]
    for one, chosen in zip(own, getattr(data, mask)[:, 0].tolist(), strict=True):
        if chosen:
            one.edge_label = torch.full_like(one.edge_label, label)
    return data.with_graphs(own)


def emptied() -> Graphs:
    data = collection()
    own = [copy(one) for one in data]
    one = own[int(data.train_mask[:, 0].nonzero()[0])]
    one.edge_label_index, one.edge_label = one.edge_label_index[:, :0], one.edge_label[:0]
    return data.with_graphs(own)


PAIRS = chords(3).edge_label_index
LABELS = chords(3).edge_label
BEYOND = torch.where(PAIRS == 7, 8, PAIRS)


@pytest.mark.parametrize(
    ("data", "settings", "said"),
    [
        (changed(edge_label_index=None), {}, "graph 3 .* data.edge_label_index is None, but link"),
        (changed(edge_label=None), {}, "graph 3 of the dataset: data.edge_label is None, but link"),
        (changed(edge_label_index=BEYOND), {}, "names node 8, but the graph has 8 nodes"),
        (changed(edge_label_index=-PAIRS), {}, "data.edge_label_index names node -"),
        (changed(edge_label_index=PAIRS.int()), {}, "holds torch.int32, but node numbers are"),
        (changed(edge_label_index=PAIRS.T), {}, r"pairs are a tensor \(2, P\)"),
        (changed(edge_label=LABELS[1:]), {}, r"data.edge_label is \(9,\) and .* one label \(P,\)"),
        (changed(edge_label=LABELS * 2), {}, "graph 3 .* data.edge_label holds 2, but a pair is"),
        (changed(edge_label=LABELS / 2), {}, "data.edge_label holds 0.5, but a pair is true, 1"),
        (
            changed(edge_label_index=PAIRS[:, [0] * len(LABELS)], edge_label=LABELS**0),
            {},
            "graph 3 .* holds a true pair twice",
        ),
        (relabelled("val_mask", 0), {}, "data.val_mask selects no graph with a true pair"),
        (relabelled("test_mask", 0), {}, "data.test_mask selects no graph with a true pair"),
        (
            relabelled("train_mask", 1),
            {"negatives": "split"},
            "data.train_mask selects no graph with a pair labelled 0 .* take negatives='epoch'",
        ),
        (emptied(), {}, "in split 0, but no pair of it has a label: take it out of the masks"),
        (list(collection()), {}, "says nothing of training, validation and test"),
        (chords(0), {}, "data.link_split is missing"),
        (collection(), {"split": 2}, "split is 2, but the masks hold 2 splits"),
        (collection(), {"metric": "mrr"}, "metric is 'mrr', but pairs within many .* extended_mrr"),
        (collection(), {"also": ("hits@3",)}, "metric is 'hits@3', but pairs within many graphs"),
        (collection(), {"mask_targets": False}, "mask_targets is False, but it says how the links"),
        (collection(), {"batch_size": 0.5}, "batch_size is 0.5, but it must be a whole number"),
        (collection(), {"drop_last": True}, "drop_last is True, but it says how the links of one"),
        (collection(), {"supervision": 0.5}, "supervision is 0.5, but it says how the links"),
        (collection(), {"encoder": Graphwise()}, "level is 'graph', but link prediction within"),
        (
            collection(),
            {"encoder": layers.ResNetAdj(FEATURES, 8, num_nodes=4)},
            "ResNetAdj learns one row of weights .* cannot read several graphs",
        ),
        (collection(), {"encoder": layers.GCN(7, 8)}, "in_channels is 7, but data.x has 4"),
        (collection(), {"head": "common_neighbors"}, "reads no states, so there is nothing to"),
    ],
)
def test_what_cannot_be_learnt_is_refused_in_one_sentence(
    data: Any, settings: dict[str, Any], said: str
) -> None:
    others = {name: value for name, value in settings.items() if name not in ("encoder", "split")}
    encoder = settings.get("encoder", layers.GCN(FEATURES, 8))
    with pytest.raises(ValueError, match=said) as caught:
        fit(LinkPrediction(**others), encoder, data, split=settings.get("split", 0))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metric", ["raw_mrr", "extended_mrr"])
def test_the_links_of_one_graph_are_not_ranked_among_all_nodes(metric: str) -> None:
    data = datasets.load("karate")
    graph = tasks.LinkSplit.random(data, seed=0).graph(data)
    for settings in ({"metric": metric}, {"also": (metric,)}):
        with pytest.raises(ValueError, match=f"'{metric}', .* take 'mrr' or 'filtered_mrr'"):
            LinkPrediction(**settings).setup(graph, 0)
