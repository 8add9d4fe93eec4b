"""How many nodes there are, and refusals where that cannot be known or is no number of nodes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import rewiring, tasks
from gnnlab.contracts.nodes import count_nodes

EDGES = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
FAR = torch.tensor([[0, 2**40], [2**40, 0]])
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"x": torch.tensor(1.0)}, r"data.x is \(\) cannot be counted: give each node a row"),
    ({"num_nodes": 2**40}, "the graph has 1099511627776 nodes .* at most 2,147,483,647"),
    ({"num_nodes": torch.tensor(2**40)}, r"has tensor\(1099511627776\) nodes"),
    ({"num_nodes": 2.5}, "the graph has 2.5 nodes"),
    ({"num_nodes": -1}, "the graph has -1 nodes"),
    ({"edge_index": FAR}, "the graph has 1099511627777 nodes"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
@pytest.mark.filterwarnings("ignore:Unable to accurately infer")
def test_what_does_not_count_nodes_is_refused_wherever_they_are_counted(
    keys: dict[str, Any], told: str
) -> None:
    data = Data(**{"edge_index": EDGES, **keys})
    calls = (
        lambda: count_nodes(data),
        lambda: tasks.LinkSplit.random(data, 0.1, 0.2, seed=0),
        lambda: rewiring.FoSR(1)(data),
    )
    for call in calls:
        with pytest.raises(ValueError, match=told):
            call()


def test_what_counts_nodes() -> None:
    ones = torch.ones(4, 2)
    given: tuple[tuple[dict[str, Any], int], ...] = (
        ({"x": ones}, 4), ({"num_nodes": 3}, 3), ({"num_nodes": torch.tensor(3)}, 3), ({}, 0),
        ({"x": ones, "num_nodes": 3}, 3), ({"x": ones.to_sparse()}, 4),
    )  # fmt: skip
    for keys, nodes in given:
        assert count_nodes(Data(**keys)) == nodes


@pytest.mark.parametrize("key", ["edge_attr", "edge_weight", "edge_type", "extra"])
def test_keys_without_numbers_are_refused_before_links_are_drawn(key: str) -> None:
    data = Data(x=torch.ones(3, 1), edge_index=EDGES)
    data[key] = torch.ones(4, device="meta")
    with pytest.raises(ValueError, match=f"data.{key} is on the meta device, which holds no"):
        tasks.LinkSplit.random(data, 0.1, 0.2, seed=0)
