"""GTR takes the best edge at every step, as computed from scratch."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from rewiring_graphs import arcs, data_of

from gnnlab.rewiring import GTR

CASES = {
    "GTR": lambda: GTR(4),
}


def total(laplacian: np.ndarray) -> float:
    """The sum of resistances over pairs within components, by eigenvalues."""
    graph = nx.from_numpy_array(np.diag(np.diag(laplacian)) - laplacian)
    sums = 0.0
    for part in nx.connected_components(graph):
        nodes = sorted(part)
        values = np.linalg.eigvalsh(laplacian[np.ix_(nodes, nodes)])[1:]
        sums += len(nodes) * (1 / values).sum()
    return sums


def gains(graph: nx.Graph) -> dict[tuple[int, int], float]:
    """What every absent pair within a component would lower the total by, from scratch."""
    laplacian = nx.laplacian_matrix(graph).toarray().astype(float)
    before, found = total(laplacian), {}
    for part in nx.connected_components(graph):
        for u in part:
            for v in part:
                if u < v and not graph.has_edge(u, v):
                    change = np.zeros(len(laplacian))
                    change[u], change[v] = 1, -1
                    found[u, v] = before - total(laplacian + np.outer(change, change))
    return found


@pytest.mark.parametrize("block", range(10))
def test_every_step_is_the_best_one(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        random = np.random.default_rng(seed)
        nodes = int(random.integers(2, 10))
        graph = nx.gnp_random_graph(nodes, float(random.uniform(0.1, 0.9)), seed=seed)
        steps = int(random.integers(1, 6))
        out = GTR(steps)(data_of(graph))
        added = out.edge_index[:, out.edge_type == 1][:, ::2].T.tolist()
        for u, v in added:
            found = gains(graph)
            best = max(found.values())
            assert found[u, v] == pytest.approx(best, rel=1e-9)
            assert (u, v) == min(pair for pair, gain in found.items() if gain >= best * (1 - 1e-8))
            graph.add_edge(u, v)
        assert len(added) == steps or not gains(graph)


def test_components_are_never_joined_and_compete_by_the_whole_sum() -> None:
    graph = nx.disjoint_union(nx.path_graph(5), nx.path_graph(7))
    out = GTR(100)(data_of(graph))
    assert arcs(out.edge_index) == {
        (u, v) for part in (range(5), range(5, 12)) for u in part for v in part if u != v
    }
    first = GTR(1)(data_of(graph))
    assert first.edge_index[:, -2].tolist() == list(
        max(gains(graph).items(), key=lambda g: g[1])[0]
    )


def test_fewer_edges_are_the_first_of_more() -> None:
    data = data_of(nx.barbell_graph(6, 3))
    few, many = GTR(3)(data), GTR(8)(data)
    assert torch.equal(few.edge_index, many.edge_index[:, : few.num_edges])


def test_the_first_edge_of_a_cycle_crosses_it() -> None:
    out = GTR(1)(data_of(nx.cycle_graph(8)))
    assert out.edge_index[:, -2:].tolist() == [[0, 4], [4, 0]]  # the lowest of four equal ones


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="num_edges is -1"):
        GTR(-1)


def test_what_does_not_fit_says_so_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 1 << 10)
    with pytest.raises(ValueError, match=r"40 nodes takes 0.0 GB.*use FoSR"):
        GTR(1)(data_of(nx.path_graph(40)))
