"""Link splits of PyG's RandomLinkSplit: the same pairs, no leak, and a task that trains on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import erdos_renyi_graph, to_undirected

from gnnlab import layers, tasks
from gnnlab.tasks import LinkSplit


def graph(directed: bool = False) -> Data:
    torch.manual_seed(1)
    edges = erdos_renyi_graph(60, 0.1, directed=True)
    edges = edges if directed else to_undirected(edges)
    return Data(x=torch.randn(60, 4), edge_index=edges)


def divided(data: Data, **settings: Any) -> tuple[Data, Data, Data]:
    torch.manual_seed(0)
    np.random.seed(0)
    train, valid, test = RandomLinkSplit(num_val=0.1, num_test=0.2, **settings)(data)
    return train, valid, test


def pairs(edge_index: torch.Tensor, either: bool = True) -> set[Any]:
    return {frozenset(pair) if either else tuple(pair) for pair in edge_index.T.tolist()}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("disjoint", [0.0, 0.3])
def test_the_pairs_are_pygs(apart: bool, disjoint: float) -> None:
    data = graph()
    settings = {"is_undirected": True, "split_labels": apart, "disjoint_train_ratio": disjoint}
    parts = divided(data, **settings)
    split = LinkSplit.from_pyg(*parts)
    assert split.undirected and split.valid_as_input
    assert pairs(split.message_edge_index) == pairs(parts[1].edge_index)
    for name, part in zip(("train", "valid", "test"), parts, strict=True):
        if apart:
            positive, negative = part.pos_edge_label_index, part.neg_edge_label_index
        else:
            positive = part.edge_label_index[:, part.edge_label == 1]
            negative = part.edge_label_index[:, part.edge_label == 0]
        assert pairs(getattr(split, f"{name}_positive")) == pairs(positive)
        assert pairs(getattr(split, f"{name}_negative")) == pairs(negative)
    held = split.valid_positive.shape[1] + split.test_positive.shape[1]
    assert split.message_edge_index.shape[1] == data.num_edges - 2 * held


def test_training_without_negatives_and_its_graph() -> None:
    data = graph()
    settings = {"is_undirected": True, "add_negative_train_samples": False}
    split = LinkSplit.from_pyg(*divided(data, **settings))
    assert split.train_negative.shape == (2, 0)
    result = tasks.fit(
        tasks.LinkPrediction(), layers.GCN(4, 8, 1), split.graph(data), tasks.Training(epochs=2)
    )
    assert 0 <= result.test <= 1


def test_a_split_that_takes_a_link_for_two_arcs_leaks_and_is_refused() -> None:
    data = graph()
    parts = divided(data, is_undirected=False)
    with pytest.raises(ValueError, match="which is among the message edges"):
        LinkSplit.from_pyg(*parts)
    assert LinkSplit.from_pyg(*parts, as_published=True).overlaps()["seen"] > 0


def test_arcs_of_a_directed_graph_keep_their_direction() -> None:
    data = graph(directed=True)
    ways = pairs(data.edge_index, either=False)
    one_way = torch.tensor([pair for pair in sorted(ways) if pair[::-1] not in ways]).T
    parts = divided(Data(x=data.x, edge_index=one_way))
    split = LinkSplit.from_pyg(*parts)
    assert not split.undirected
    positive = parts[2].edge_label_index[:, parts[2].edge_label == 1]
    assert pairs(split.test_positive, either=False) == pairs(positive, either=False)
    assert not pairs(split.test_negative) & pairs(one_way)
    negative = parts[2].edge_label_index[:, parts[2].edge_label == 0]
    assert pairs(split.test_negative) == pairs(negative) - pairs(one_way)


def test_other_graphs_are_refused() -> None:
    data = graph()
    train, valid, test = divided(data, is_undirected=True)
    with pytest.raises(ValueError, match="train has neither edge_label_index with edge_label"):
        LinkSplit.from_pyg(data, valid, test)
    with pytest.raises(ValueError, match="60, 60, 59 nodes, but they are one graph's parts"):
        LinkSplit.from_pyg(train, valid, Data(x=data.x[:59], edge_index=test.edge_index))
