"""Pairs are told apart by encoders that can, and by no others."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import datasets, layers, tasks
from gnnlab.tasks.graph.pair_discrimination import (
    Comparison,
    PairedComparison,
    compare_pairs,
    hotelling,
    renumbered,
)

QUICK = PairedComparison(epochs=5, lr=1e-2)


def graph(made: nx.Graph) -> Data:
    edges = torch.tensor(list(made.edges)).T
    return Data(x=torch.ones(len(made), 1), edge_index=torch.cat([edges, edges.flip(0)], dim=1))


HEXAGON = graph(nx.cycle_graph(6))
TRIANGLES = graph(nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)))
PRISM, BIPARTITE = graph(nx.circular_ladder_graph(3)), graph(nx.complete_bipartite_graph(3, 3))
PATH, STAR = graph(nx.path_graph(5)), graph(nx.star_graph(4))


class CountsTriangles(nn.Module):
    """States that hold the triangles at a node: above 1-WL."""

    level, hidden_channels, in_channels = "node", 8, 1

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(2, 8)

    def forward(self, data: Data) -> Tensor:
        n = len(data.x)
        a = torch.zeros(n, n)
        a[data.edge_index[0], data.edge_index[1]] = 1
        triangles = (a @ a @ a).diagonal()[:, None]
        return torch.relu(self.map(torch.cat([data.x, triangles], dim=1)))


class SeesNumbers(CountsTriangles):
    """States that hold the number of a node in the batch: a fault."""

    def forward(self, data: Data) -> Tensor:
        return torch.arange(len(data.x), dtype=torch.float32)[:, None].expand(-1, 8) * self.map.bias


class Noisy(CountsTriangles):
    """States with noise of every forward pass."""

    def forward(self, data: Data) -> Tensor:
        return self.map.bias + torch.randn(len(data.x), 8)


def gin() -> nn.Module:
    return layers.GIN(1, 8, 3, dropout=0.0)


def test_the_threshold_is_the_published_one() -> None:
    assert PairedComparison().threshold == pytest.approx(72.34, abs=0.01)


def test_hotelling_is_the_textbooks() -> None:
    rows = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)) + 0.3
    mean, cov = rows.mean(0).numpy(), np.cov(rows.T.numpy())
    expected = 20 * mean @ np.linalg.inv(cov) @ mean
    assert hotelling(rows) == pytest.approx(float(expected), rel=1e-5)
    one = torch.randn(30, 1, dtype=torch.float64)
    t = stats.ttest_1samp(one[:, 0].numpy(), 0).statistic
    assert hotelling(one) == pytest.approx(t**2)


def test_what_does_not_vary_is_apart_or_nothing() -> None:
    assert hotelling(torch.zeros(10, 3)) == 0
    assert hotelling(torch.ones(10, 3)) == float("inf")
    rows = torch.zeros(10, 2)
    rows[:, 0] = torch.arange(10) - 4.5
    assert hotelling(rows) == pytest.approx(0, abs=1e-9)
    rows[:, 1] = 1
    assert hotelling(rows) == float("inf")


@pytest.mark.parametrize(
    ("make", "one", "two", "told"),
    [
        (gin, PATH, STAR, True),
        (gin, HEXAGON, TRIANGLES, False),
        (gin, PRISM, BIPARTITE, False),
        (gin, PRISM, PRISM, False),
        (CountsTriangles, HEXAGON, TRIANGLES, True),
        (CountsTriangles, PRISM, BIPARTITE, True),
        (CountsTriangles, PATH, graph(nx.relabel_nodes(nx.path_graph(5), {0: 4, 4: 0})), False),
    ],
)
def test_pairs_are_told_apart_where_theory_says_so(
    make: Any, one: Data, two: Data, told: bool
) -> None:
    found = QUICK.compare(make, one, two)
    assert found.reliable and found.told_apart is told


def test_an_encoder_that_sees_the_order_of_nodes_is_not_relied_on() -> None:
    found = QUICK.compare(SeesNumbers, PRISM, BIPARTITE)
    assert not found.reliable and not found.told_apart
    assert not Comparison(apart=100.0, control=80.0, threshold=72.3).told_apart


def test_copies_are_the_graph_in_other_orders() -> None:
    made = Data(x=torch.arange(5.0)[:, None], edge_index=PATH.edge_index)
    copies = renumbered(made, 6, lambda data: data)
    assert torch.equal(copies[0].edge_index, PATH.edge_index)
    expected = {frozenset(pair) for pair in PATH.edge_index.T.tolist()}
    for other in copies:
        names = other.x[:, 0].int()
        assert {frozenset(pair) for pair in names[other.edge_index].T.tolist()} == expected
    assert len({tuple(other.x[:, 0].tolist()) for other in copies}) > 3


def test_the_seed_decides_and_the_callers_generator_stays() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    noisy = PairedComparison(epochs=2, copies=20, channels=2)
    one, same, other = (noisy.compare(Noisy, PRISM, BIPARTITE, s) for s in (0, 0, 1))
    assert one == same != other
    assert torch.equal(torch.random.get_rng_state(), before)


def test_sets_are_compared_pair_by_pair() -> None:
    found = compare_pairs(CountsTriangles, [PRISM, BIPARTITE, PRISM, PRISM], QUICK)
    assert [each.told_apart for each in found] == [True, False]
    with pytest.raises(ValueError, match="3 graphs are no pairs"):
        tasks.compare_pairs(gin, [PRISM] * 3)


def test_real_pairs_look_alike_to_a_network_of_1_wl() -> None:
    try:
        data = datasets.load("brec_basic")
    except FileNotFoundError:
        pytest.skip("brec_basic is not in the mirror")
    found = compare_pairs(gin, data[:6], QUICK)
    assert not any(each.told_apart for each in found) and all(each.reliable for each in found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"copies": 16}, "copies is 16, .* at least 17"),
        ({"alpha": 2.0}, "alpha is 2.0"),
        ({"readout": "median"}, "readout is 'median'"),
        ({"batch_pairs": 0}, "batch_pairs is 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairedComparison(**settings)


def test_rounding_tells_no_graphs_apart() -> None:
    """Sums over neighbours in two orders differ in the last digits, always in the same way."""
    one = graph(nx.circulant_graph(41, [1, 2]))
    two = graph(nx.circulant_graph(41, [1, 9]))
    for seed in range(3):
        found = PairedComparison().compare(
            lambda: layers.GIN(1, 16, 5, dropout=0.0), one, two, seed
        )
        assert not found.told_apart and found.reliable
        assert found.apart < 1e-3


def test_differences_within_rounding_count_for_nothing() -> None:
    torch.manual_seed(0)
    rows = 1e-14 * (1 + 0.01 * torch.randn(32, 4).double())
    assert hotelling(rows) > 1e4
    assert hotelling(rows, rounding=1e-9) < 1e-3
    real = rows + 1e-3
    assert hotelling(real, rounding=1e-9) > 1e4
