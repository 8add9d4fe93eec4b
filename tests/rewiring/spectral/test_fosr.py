"""FoSR takes what the n x n table of products would have it take."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rewiring_graphs import data_of

from gnnlab.rewiring import FoSR, spectral_gap
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.spectra.first_order_gap import first_order, smallest_product

CASES = {
    "FoSR": lambda: FoSR(4),
}


def lowest_product(y: np.ndarray, adjacency: np.ndarray) -> tuple[int, int]:
    """The first smallest entry of the table, loops and edges left out."""
    table = np.outer(y, y)
    table[adjacency > 0] = np.inf
    np.fill_diagonal(table, np.inf)
    if np.isinf(table).all():
        return -1, -1
    return divmod(int(table.argmin()), len(y))  # type: ignore[return-value]


def power_step(adjacency: np.ndarray, x: np.ndarray) -> np.ndarray:
    root = np.sqrt(adjacency.sum(1))
    x = x - (x @ root) * root / adjacency.sum()
    inverse = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
    y = x + inverse * (adjacency @ (inverse * x))
    return y / np.linalg.norm(y)


@settings(max_examples=300, deadline=None)
@given(
    nodes=st.integers(1, 9),
    share=st.floats(0, 1),
    seed=st.integers(0, 999),
    levels=st.sampled_from([1, 2, 5, 0]),
    shift=st.sampled_from([0, -9, 9]),
)
def test_the_pair_is_the_first_smallest_of_the_table(
    nodes: int, share: float, seed: int, levels: int, shift: int
) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(-levels, levels + 1, nodes) + float(shift)  # few levels: many ties
    y = random.standard_normal(nodes) if levels == 0 else y
    graph = nx.gnp_random_graph(nodes, share, seed=seed)
    adjacency = nx.to_numpy_array(graph, nodelist=range(nodes))
    own = read_graph(data_of(graph), True, "")
    lists, mark = np.full((3, nodes), -1), np.full(nodes, -1)
    found = smallest_product(y, own.rowptr, own.arcs[1], lists, mark, np.empty(nodes))
    assert found == lowest_product(y, adjacency)


@pytest.mark.parametrize("seed", range(5))
def test_follows_the_release(seed: int) -> None:
    graph = nx.barabasi_albert_graph(40, 2, seed=seed)
    own = read_graph(data_of(graph), True, "")
    adjacency = nx.to_numpy_array(graph, nodelist=range(40))
    start = np.random.default_rng(seed).uniform(-1, 1, 40)
    pairs, x = first_order(own.rowptr, own.arcs[1], start, 30, 5), start
    for _ in range(5):
        x = power_step(adjacency, x)
    for u, v in pairs.T:
        y = x / np.sqrt(1 + adjacency.sum(1))
        table = np.where(adjacency + np.eye(40) > 0, np.inf, np.outer(y, y))
        assert table[u, v] == pytest.approx(table.min(), rel=1e-9)
        adjacency[u, v] = adjacency[v, u] = 1
        x = power_step(adjacency, x)


def test_the_gap_of_a_barbell_grows() -> None:
    data = data_of(nx.barbell_graph(10, 0))
    out = FoSR(3)(data)
    before, after = (spectral_gap(g.edge_index, 20) for g in (data, out))
    assert after > 2 * before


def test_components_and_isolated_nodes_are_joined() -> None:
    data = data_of(nx.disjoint_union(nx.complete_graph(5), nx.complete_graph(5)))
    out = FoSR(1)(data)
    u, v = out.edge_index[:, -1].tolist()
    assert (u < 5) != (v < 5)
    lonely = FoSR(4)(data_of(nx.empty_graph(4)))
    assert lonely.num_edges == 8


def test_the_seed_decides_the_start() -> None:
    data = data_of(nx.gnp_random_graph(30, 0.15, seed=1))
    first, again, other = (FoSR(5, power_steps=0, seed=seed)(data) for seed in (0, 0, 1))
    assert torch.equal(first.edge_index, again.edge_index)
    assert not torch.equal(first.edge_index, other.edge_index)


def test_fewer_edges_are_the_first_of_more() -> None:
    data = data_of(nx.path_graph(20))
    few, many = FoSR(3)(data), FoSR(8)(data)
    assert torch.equal(few.edge_index, many.edge_index[:, : few.num_edges])
