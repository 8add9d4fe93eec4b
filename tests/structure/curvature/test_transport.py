"""The flow, the plans it leaves, and what is counted on edges."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from networkx.algorithms.flow import maximum_flow_value

from gnnlab.kernels import effort
from gnnlab.structure.curvature import neighbourhoods, transport
from gnnlab.structure.curvature import ollivier as curvature
from gnnlab.structure.curvature.max_flow import HEAD, MASK, WANT, flow_memory, saturate
from gnnlab.structure.curvature.neighbourhoods import net
from gnnlab.structure.curvature.ollivier import Ollivier, as_lazy
from gnnlab.structure.curvature.short_cycles import cycles
from gnnlab.structure.curvature.transport import Lazy
from gnnlab.structure.graphs.undirected_lists import Neighbours, from_edges


def lists(graph: nx.Graph) -> Neighbours:
    low, high = np.array(sorted(tuple(sorted(e)) for e in graph.edges()), np.int64).T
    return from_edges(low, high, graph.number_of_nodes())


def test_the_flow_is_maximum() -> None:
    for seed in range(150):
        random = np.random.default_rng(seed)
        sources, sinks = int(random.integers(1, 12)), int(random.integers(1, 150))
        words = -(-sinks // 64)
        may = random.random((sources, sinks)) < random.uniform(0.02, 0.5)
        supply, demand = random.integers(1, 20, sources), random.integers(1, 4, sinks)
        memory = flow_memory(sources, words, 4 * (sources + sinks))
        bits = np.zeros((sources, 64 * words), np.uint8)
        bits[:, :sinks] = may
        memory.rows[: sources * words] = (
            np.packbits(bits, axis=1, bitorder="little").view("<u8").ravel()
        )
        full = np.packbits(np.arange(64 * words) < sinks, bitorder="little").view("<u8")
        memory.sets[MASK], memory.sets[WANT] = full, full
        memory.excess[:], memory.deficit[:sinks] = supply, demand
        memory.sink[HEAD], memory.arc[2, 0] = -1, 0
        network = nx.DiGraph()
        network.add_nodes_from(["from", "to"])
        network.add_edges_from(("from", s, {"capacity": int(m)}) for s, m in enumerate(supply))
        network.add_edges_from((-1 - y, "to", {"capacity": int(m)}) for y, m in enumerate(demand))
        network.add_edges_from((int(s), -1 - int(y)) for s, y in zip(*may.nonzero(), strict=True))
        assert saturate(memory, sources, words) == maximum_flow_value(network, "from", "to")


def plan_of(graph: Neighbours, i: int, j: int, alpha: float) -> tuple[np.ndarray, int]:
    """The plan between two nodes as a matrix, and the mass of everything."""
    prepared, lazy = net(graph), as_lazy(alpha, graph)
    a, b = neighbourhoods.by_degree(graph.rowptr, i, j)
    memory = transport.memory(prepared, graph.num_nodes, graph.num_nodes, 4 * graph.num_nodes**2)
    _, whole, sources, words = transport.solve(prepared, memory, a, b, lazy)
    assert transport.move_rest(memory.flow, sources, words) >= 0
    plan = np.zeros((graph.num_nodes, graph.num_nodes))
    for k in range(words):
        for bit in range(64):
            if int(memory.flow.sets[MASK, k]) >> bit & 1:
                arc = memory.flow.sink[HEAD, 64 * k + bit]
                while arc >= 0:
                    source = memory.ends.source[memory.flow.arc[0, arc]]
                    plan[source, memory.ends.sink[64 * k + bit]] += memory.flow.amount[arc]
                    arc = memory.flow.arc[1, arc]
    return (plan if (a, b) == (i, j) else plan.T), whole


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9])
def test_plans_are_feasible_and_cost_what_is_said(
    dense: bool, alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not dense:
        monkeypatch.setattr(neighbourhoods, "DENSE_NODES", 0)
    for seed in range(25):
        named = nx.connected_watts_strogatz_graph(16, 4, 0.6, seed=seed)
        named.add_edges_from((0, v) for v in range(2, 12))
        graph, hops = lists(named), nx.floyd_warshall_numpy(named)
        near = nx.to_numpy_array(named)
        step = alpha * np.eye(16) + (1 - alpha) * near / near.sum(1, keepdims=True)
        kappa = Ollivier(graph, alpha).curvature()
        pairs = Ollivier(graph, alpha).heaviest_moves()
        for edge in range(0, graph.num_edges, 3):
            i, j = int(graph.low[edge]), int(graph.high[edge])
            plan, whole = plan_of(graph, i, j, alpha)
            plan /= whole
            left = np.minimum(step[i], step[j])  # what both reach stays in place
            np.testing.assert_allclose(plan.sum(1) + left, step[i], atol=1e-12)
            np.testing.assert_allclose(plan.sum(0) + left, step[j], atol=1e-12)
            paid = plan * hops
            np.testing.assert_allclose(1 - paid.sum(), kappa[edge], atol=1e-12)
            most = max(paid.max(), 1e-15)
            best = [(min(p, q), max(p, q)) for p, q in np.argwhere(paid >= most - 1e-12).tolist()]
            assert tuple(pairs[:, edge]) == (min(best) if best else (-1, -1))


def test_a_problem_that_outgrows_its_arcs_is_done_again_with_more() -> None:
    graph = lists(nx.barabasi_albert_graph(60, 8, seed=0))
    prepared, lazy = net(graph), Lazy(0, 1)
    hub = int(np.diff(graph.rowptr).argmax())
    edge = int(np.flatnonzero((graph.low == hub) | (graph.high == hub))[0])
    a, b = neighbourhoods.by_degree(graph.rowptr, int(graph.low[edge]), int(graph.high[edge]))
    tight = transport.memory(prepared, 60, 60, 2)
    assert transport.solve(prepared, tight, a, b, lazy)[0] == -1
    room = transport.memory(prepared, 60, 60, 500)
    cost, whole, _, _ = transport.solve(prepared, room, a, b, lazy)
    assert 1 - cost / whole == pytest.approx(Ollivier(graph).curvature()[edge])


def test_cycles_equal_their_definition_on_either_end() -> None:
    for seed in range(60):
        named = nx.gnp_random_graph(5 + seed % 14, 0.3 + seed % 5 / 10, seed=seed)
        if not named.number_of_edges():
            continue
        graph = lists(named)
        found = cycles(graph)
        for edge, (i, j) in enumerate(zip(graph.low.tolist(), graph.high.tolist(), strict=True)):
            around_i, around_j = set(named[i]), set(named[j])
            through_low = [
                set(named[k]) & around_j - around_i - {i} for k in around_i - around_j - {j}
            ]
            through_high = [
                set(named[k]) & around_i - around_j - {j} for k in around_j - around_i - {i}
            ]
            assert found.triangles[edge] == len(around_i & around_j)
            assert found.low[edge] == sum(map(bool, through_low))
            assert found.high[edge] == sum(map(bool, through_high))
            assert found.most[edge] == max(map(len, through_low + through_high), default=0)


def test_long_work_is_cut_into_slices_with_equal_results(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = lists(nx.barabasi_albert_graph(150, 5, seed=0))
    whole = Ollivier(graph).curvature()
    monkeypatch.setattr(effort, "SLICE", 20_000)
    assert len(list(effort.stretches(curvature._work(graph, graph.numbers), "edge", False))) > 20
    assert np.array_equal(Ollivier(graph).curvature(progress=True), whole)


def test_refuses_hubs_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = lists(nx.complete_bipartite_graph(40, 40))
    monkeypatch.setattr(curvature, "SCRATCH", 1000)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 1000)
    with pytest.raises(ValueError, match="neighbourhoods of 40 nodes.*use balanced_forman"):
        Ollivier(graph).curvature()


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [(0, (0, 1)), (1.0, (1, 1)), (0.5, (1, 2)), (0.1, (1, 10)), (2 / 3, (2, 3))],
)
def test_numbers_are_read_as_the_fractions_they_print_as(
    alpha: float, expected: tuple[int, int]
) -> None:
    assert tuple(as_lazy(alpha, lists(nx.path_graph(4)))) == expected


def test_other_numbers_become_the_nearest_fraction_that_fits() -> None:
    graph = lists(nx.barabasi_albert_graph(300, 5, seed=0))
    for alpha in torch.rand(50, dtype=torch.float64).tolist():
        lazy = as_lazy(alpha, graph)
        assert abs(lazy.stay / lazy.whole - alpha) < 1e-12
