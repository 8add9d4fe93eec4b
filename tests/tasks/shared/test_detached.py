"""Training reads the caller's tensors as constants."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from learnable import graph, numbers, run
from link_problems import graph as links
from target_graphs import collection
from torch import nn
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.tasks import GraphPrediction, LinkPrediction, NodeClassification, Training


def weighted(data: Data) -> Data:
    data.edge_weight = torch.rand(data.num_edges) + 0.5
    data.edge_attr = torch.randn(data.num_edges, 2)
    data.anchors = [torch.randn(2), {"at": torch.randn(3)}]
    return data


class Anchored(nn.Module):
    """Reads weights, attributes, and numbers that lie deeper in the graph."""

    hidden_channels = 8

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.gine = layers.GINE(in_channels, 8, 1, edge_dim=2, dropout=0.0)

    def forward(self, data: Any) -> torch.Tensor:
        own = data.anchors[0] if isinstance(data.anchors[0], torch.Tensor) else data.anchors[0][0]
        states: torch.Tensor = self.gine(data) * own.sum()
        return states

    def reset_parameters(self) -> None:
        self.gine.reset_parameters()


def sets() -> Any:
    data = collection(torch.randn(20, 1))
    return data.with_graphs(weighted(own) for own in data)


CASES = {
    "node": (NodeClassification(), lambda: weighted(graph()), 3),
    "link": (LinkPrediction(), lambda: weighted(links()), 3),
    "graph": (GraphPrediction(standardise=True), sets, 1),
}


def attached(data: Any, computed: bool) -> list[torch.Tensor]:
    """Make every floating tensor of the graphs a leaf, or the result of one; return the leaves."""
    leaves = []

    def attach(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.is_floating_point():
            return tensor
        leaf = tensor.detach().clone().requires_grad_()
        leaves.append(leaf)
        return leaf * 1 if computed else leaf

    for one in [data] if isinstance(data, Data) else data:
        one.apply(attach)
    return leaves


@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_no_gradient_stays_and_nothing_is_run_backward_twice(case: str, computed: bool) -> None:
    task, make, width = CASES[case]
    torch.manual_seed(0)
    data = make()
    encoder = Anchored(width)
    expected = tasks.fit(task, encoder, data, Training(epochs=3))
    leaves = attached(data, computed)
    assert len(leaves) >= 5
    found = tasks.fit(task, encoder, data, Training(epochs=3))
    assert numbers(found) == numbers(expected)
    assert all(leaf.grad is None and leaf.requires_grad for leaf in leaves)


def test_data_without_gradients_is_not_copied() -> None:
    from gnnlab.tasks.shared.detached import detached

    one, many = graph(), sets()
    assert detached(one) is one and detached(many) is many
    assert detached("graph") == "graph"


def test_comparing_pairs_leaves_no_gradient() -> None:
    one, two = (Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1], [1, 0]])) for _ in "ab")
    one.x.requires_grad_()
    tasks.PairedComparison(copies=4, channels=2, epochs=1).compare(
        lambda: layers.GIN(1, 4, 1, dropout=0.0), one, two
    )
    assert one.x.grad is None


def test_values_of_a_callers_transform_are_constants_too() -> None:
    class Learnt(layers.GCN):
        def transform(self, data: Data) -> Data:
            data.edge_weight = next(self.parameters()).sum().abs().expand(data.num_edges)
            return data

    assert run(encoder=Learnt(3, 8, 2), training=Training(epochs=3)).test >= 0
