"""Return probabilities by random signs, against exact ones, and what exact ones would take."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx

from gnnlab.kernels import effort
from gnnlab.kernels.effort import LongWork, duration, require_time, stretches
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.transforms import RandomWalkPE
from gnnlab.structure.walks.returns import return_probabilities, walked_arcs


def random_graph(directed: bool) -> Data:
    graph = nx.gnp_random_graph(200, 0.04, seed=1, directed=directed)
    graph.add_node(200)  # whom nothing reaches
    return from_networkx(graph)


@pytest.mark.parametrize("directed", [False, True])
def test_sketch_lies_within_its_standard_errors(directed: bool) -> None:
    data = random_graph(directed)
    exact = RandomWalkPE(7)(data).random_walk_pe
    found = RandomWalkPE(7, probes=1500)(data)
    error = found.random_walk_pe_error
    assert torch.equal(found.random_walk_pe[:, 0], exact[:, 0])
    torch.testing.assert_close(found.random_walk_pe[:, 1], exact[:, 1])
    assert not error[:, :2].any() and bool((error[:200, 2:] > 0).any(1).float().mean() > 0.95)
    assert not found.random_walk_pe[200].any() and not error[200].any()
    sure = error < 1e-12  # walks that never come back are known to
    torch.testing.assert_close(found.random_walk_pe[sure], exact[sure])
    off = ((found.random_walk_pe - exact) / error)[~sure]
    assert off.abs().max() < 5
    assert 0.7 < float((off**2).mean()) < 1.3


def test_error_at_even_steps_is_a_share_of_the_number() -> None:
    found = RandomWalkPE(6, probes=800)(random_graph(False))
    share = (found.random_walk_pe_error / found.random_walk_pe)[:200, [3, 5]]
    assert share.max() < 1.3 * (2 / 800) ** 0.5


def test_sketch_depends_on_its_graph_alone() -> None:
    data, sketch = random_graph(False), RandomWalkPE(4, probes=40)
    alone = sketch(data)
    other = sketch.many([random_graph(True), data])[1]
    assert torch.equal(alone.random_walk_pe, other.random_walk_pe)
    assert sketch.holds(other) and not RandomWalkPE(4)(data).keys() == other.keys()
    assert not RandomWalkPE(4).holds(other) and not RandomWalkPE(4, probes=41).holds(other)
    fresh = RandomWalkPE(4, probes=40, seed=1)(data)
    assert not torch.equal(fresh.random_walk_pe, alone.random_walk_pe)


def test_stored_and_read_back() -> None:
    sketch = RandomWalkPE(3, probes=8)
    graphs = [sketch.read(random_graph(directed)) for directed in (False, True)]
    found = list(sketch.results(graphs))
    back = sketch.unpack(sketch.pack(found))
    assert all(np.array_equal(back(number), rows) for number, rows in enumerate(found))


def arcs_of(data: Data) -> tuple[np.ndarray, np.ndarray]:
    graph = read_graph(data, False, "test")
    return graph.rowptr, graph.arcs[1]


def test_arcs_of_a_walk() -> None:
    """On a ring of 100, the step after s of them leaves 2 s + 1 nodes along two arcs each."""
    ring = from_networkx(nx.cycle_graph(100))
    assert walked_arcs(*arcs_of(ring), 6) == 2 * (1 + 3 + 5)
    assert walked_arcs(*arcs_of(ring), 5) == 2 * (1 + 3 + 5)


def test_what_would_take_more_than_a_day_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_graph(False)
    monkeypatch.setattr("gnnlab.structure.walks.returns.ARC", 1e14)
    with pytest.raises(ValueError, match=r"201 nodes .* days, .* RandomWalkPE\(k, probes=1000\)"):
        RandomWalkPE(6)(data)


def test_long_work_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_graph(False)
    exact = return_probabilities(*arcs_of(data), 6, True)
    cost = 201 * walked_arcs(*arcs_of(data), 6)
    monkeypatch.setattr("gnnlab.structure.walks.returns.ARC", 60e9 * torch.get_num_threads() / cost)
    monkeypatch.setattr(effort, "SLICE", 1e9)
    with pytest.warns(LongWork, match="will take about 60 seconds"):
        sliced = return_probabilities(*arcs_of(data), 6, True)
    assert np.array_equal(sliced, exact)


def test_short_work_says_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_time(1e9, "it", "wait")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "1 seconds"), (119, "119 seconds"), (150, "2 minutes"), (9000, "2 hours"),
     (864000, "10 days")],
)  # fmt: skip
def test_duration(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_stretches_cover_all_items_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "SLICE", 10)
    work = np.cumsum([0, 1, 100, 1, 1, 40, 0, 0])
    ranges = list(stretches(work, "item"))
    assert [first for first, _ in ranges] == [0, *(last for _, last in ranges[:-1])]
    assert ranges[-1][1] == 7 and len(ranges) > 2
