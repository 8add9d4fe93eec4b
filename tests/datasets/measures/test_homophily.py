"""The four measures against closed forms, a dense formula and published numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gnnlab.datasets import (
    adjusted_homophily,
    edge_homophily,
    label_informativeness,
    load,
    node_homophily,
)

MEASURES = (edge_homophily, node_homophily, adjusted_homophily, label_informativeness)


def test_two_separate_cliques_with_a_label_each_are_perfectly_homophilous() -> None:
    edges = torch.tensor([[0, 0, 1, 3, 3, 4], [1, 2, 2, 4, 5, 5]])
    y = torch.tensor([0, 0, 0, 1, 1, 1])
    assert [measure(edges, y) for measure in MEASURES] == pytest.approx([1, 1, 1, 1])


def test_a_two_coloured_even_cycle_is_heterophilous_but_fully_informative() -> None:
    edges = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
    y = torch.tensor([0, 1, 0, 1])
    assert [measure(edges, y) for measure in MEASURES] == pytest.approx([0, 0, -1, 1])


def test_a_star_separates_node_from_edge_homophily() -> None:
    # Centre and one of three leaves have label 0: the centre sees 1/3, leaves see 1, 0, 0.
    edges = torch.tensor([[0, 0, 0], [1, 2, 3]])
    y = torch.tensor([0, 0, 1, 1])
    assert edge_homophily(edges, y) == pytest.approx(1 / 3)
    assert node_homophily(edges, y) == pytest.approx((1 / 3 + 1) / 4)
    # Degrees by class: 4 and 2 of 6, so chance gives (16 + 4) / 36 = 5/9.
    assert adjusted_homophily(edges, y) == pytest.approx((1 / 3 - 5 / 9) / (4 / 9))
    joint = [1 / 3, 1 / 3, 1 / 3]  # (0, 0), (0, 1), (1, 0)
    entropy = -sum(p * math.log(p) for p in (2 / 3, 1 / 3))
    pairs = -sum(p * math.log(p) for p in joint)
    assert label_informativeness(edges, y) == pytest.approx(2 - pairs / entropy)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    nodes = draw(st.integers(2, 9))
    node = st.integers(0, nodes - 1)
    edges = draw(st.lists(st.tuples(node, node), max_size=25))
    y = draw(st.lists(st.integers(-1, 2), min_size=nodes, max_size=nodes))
    return torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T, torch.tensor(y)


def dense(edges: Tensor, y: Tensor) -> list[float]:
    """The definitions on an adjacency matrix."""
    a = torch.zeros(len(y), len(y), dtype=torch.float64)
    a[edges[0], edges[1]] = a[edges[1], edges[0]] = 1
    a.fill_diagonal_(0)
    a[y < 0] = 0
    a[:, y < 0] = 0
    same = (y[:, None] == y).double()
    degree = a.sum(1)
    edge = (a * same).sum() / a.sum()
    node = ((a * same).sum(1) / degree)[degree > 0].mean()
    mass = torch.stack([degree[y == c].sum() for c in range(3)]) / a.sum()
    chance = (mass**2).sum()
    joint = [a[y == c][:, y == d].sum() / a.sum() for c in range(3) for d in range(3)]
    entropy = -sum(float(p) * math.log(p) for p in mass if p > 0)
    pairs = -sum(float(p) * math.log(p) for p in joint if p > 0)
    informative = 2 - pairs / entropy if entropy > 0 else math.nan
    adjusted = (edge - chance) / (1 - chance) if chance < 1 else math.nan
    return [float(edge), float(node), float(adjusted), informative]


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_all_measures_equal_the_dense_definitions(graph: tuple[Tensor, Tensor]) -> None:
    edges, y = graph
    measured = [measure(edges, y) for measure in MEASURES]
    expected = dense(edges, y)
    assert measured == pytest.approx(expected, abs=1e-9, nan_ok=True)
    both = torch.cat([edges, edges.flip(0), edges], dim=1)
    assert [m(both, y) for m in MEASURES] == pytest.approx(measured, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "edge", "adjusted", "informative"),
    [
        ("cora", 0.81, 0.77, 0.59),
        ("citeseer", 0.74, 0.67, 0.45),
        ("minesweeper", 0.68, 0.01, 0.00),
    ],
)
def test_published_values_come_out(
    mirror: Path, name: str, edge: float, adjusted: float, informative: float
) -> None:
    data = load(name)
    assert round(edge_homophily(data.edge_index, data.y), 2) == edge
    assert round(adjusted_homophily(data.edge_index, data.y), 2) == adjusted
    assert abs(round(label_informativeness(data.edge_index, data.y), 2)) == informative


@pytest.mark.parametrize(
    ("name", "edge", "adjusted", "informative"),
    [
        ("roman-empire", 0.05, -0.05, 0.11),
        ("amazon-ratings", 0.38, 0.14, 0.04),
        ("tolokers", 0.59, 0.09, 0.01),
        ("questions", 0.84, 0.02, 0.00),
    ],
)
def test_published_values_come_out_where_the_files_are_at_hand(
    mirror: Path, name: str, edge: float, adjusted: float, informative: float
) -> None:
    try:
        data = load(name)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")
    assert edge_homophily(data.edge_index, data.y) == pytest.approx(edge, abs=0.0051)
    assert round(adjusted_homophily(data.edge_index, data.y), 2) == adjusted
    assert abs(round(label_informativeness(data.edge_index, data.y), 2)) == informative


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("edges", "y", "told"),
    [
        ([[0, -1], [1, 0]], [0, 1], "edge_index names node -1"),
        ([[0, 2], [1, 0]], [0, 1], "edge_index names node 2"),
        ([[0], [0]], [], "edge_index names node 0"),
        ([[0], [1]], [[0, 1]], r"y is torch.int64 of shape \(1, 2\), but each node has one label"),
        ([[0], [1]], [0.5, 1.0], "y is torch.float32"),
    ],
)
def test_what_has_no_label_is_refused(measure: Any, edges: Any, y: Any, told: str) -> None:
    """A node of -1 took the label of the last one."""
    given = torch.tensor(y) if y else torch.zeros(0, dtype=torch.int64)
    with pytest.raises(ValueError, match=told):
        measure(torch.tensor(edges), given)
