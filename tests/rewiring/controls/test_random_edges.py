"""The control: as many edges, drawn uniformly."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import pytest
from rewiring_graphs import arcs, data_of

from gnnlab.rewiring import LASER, AddHops, Identity, RandomEdges
from gnnlab.structure.graphs.reading import read_graph

CASES = {
    "Identity": lambda: Identity(),
    "RandomEdges": lambda: RandomEdges(add=5, remove=2),
    "RandomEdges like": lambda: RandomEdges(like=LASER(3)),
}


@pytest.mark.parametrize("add", [3, 24, 28, 100])
@pytest.mark.parametrize("undirected", [True, False])
def test_adds_and_removes_as_many_as_there_are(add: int, undirected: bool) -> None:
    data = data_of(nx.cycle_graph(9))
    out = RandomEdges(add=add, remove=4, undirected=undirected)(data)
    each = 2 if undirected else 1
    left = 36 - 9 if undirected else 72 - 18
    assert int((out.edge_type == 1).sum()) == each * min(add, left)
    assert int((out.edge_type == 0).sum()) == 18 - 4 * each


def test_draws_uniformly() -> None:
    data = data_of(nx.path_graph(5))  # 6 absent pairs
    counts: Counter[tuple[int, int]] = Counter()
    for seed in range(1200):
        out = RandomEdges(add=1, seed=seed)(data)
        counts[min(arcs(out.edge_index[:, out.edge_type == 1]))] += 1
    assert len(counts) == 6
    # Each count is binomial with mean 200 and deviation 13.
    assert all(abs(count - 200) < 65 for count in counts.values())


def test_counts_as_another_method_does() -> None:
    data = data_of(nx.path_graph(12))
    other = LASER(4, rho=0.3)
    ours = RandomEdges(like=other)(data)
    assert Counter(ours.edge_type.tolist()) == Counter(other(data).edge_type.tolist())
    with pytest.raises(ValueError, match="give one or the other"):
        RandomEdges(add=2, like=other)
    with pytest.raises(ValueError, match="make them agree"):
        RandomEdges(like=other, undirected=False)
    with pytest.raises(ValueError, match="like is AddHops.*changes no edge"):
        RandomEdges(like=AddHops(2), undirected=False)  # type: ignore[arg-type]


def test_draws_of_two_graphs_differ_and_repeat() -> None:
    first, second = data_of(nx.path_graph(30)), data_of(nx.cycle_graph(30))
    random = [read_graph(data, True, "").generator(0).random() for data in (first, second, first)]
    assert random[0] == random[2] != random[1]


@pytest.mark.parametrize(
    "setting",
    [{"add": -1}, {"remove": 1.5}, {"remove": -0.5}, {"seed": -3}, {"seed": 0.5}, {"add": True}],
)
def test_bad_settings_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="whole number of at least 0"):
        RandomEdges(**setting)  # type: ignore[arg-type]
