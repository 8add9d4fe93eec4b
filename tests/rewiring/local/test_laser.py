"""LASER's snapshots hold what the definition says, by dense powers and Floyd-Warshall."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from rewiring_graphs import arcs, data_of
from torch_geometric.data import Data

from gnnlab.rewiring import LASER

CASES = {
    "LASER": lambda: LASER(4, rho=0.4),
}


def snapshot(data: Data, r: int) -> set[tuple[int, int]]:
    return {(u, v) for u, v in arcs(data.edge_index[:, data.edge_type == r - 1]) if u < v}


def orbits(graph: nx.Graph, r: int) -> dict[int, list[int]]:
    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    return {u: [v for v, length in lengths[u].items() if length == r] for u in graph}


def test_a_path_of_nine_has_its_exact_orbits() -> None:
    data = data_of(nx.path_graph(9))
    out = LASER(4, rho=1.0)(data)
    for r in (2, 3, 4):
        assert snapshot(out, r) == {(u, u + r) for u in range(9 - r)}
    assert out.laser_density.tolist() == [[1, 1, 1]] and out["num_edge_types"] == 4


@pytest.mark.parametrize("shape", ["small", "large", "sparse"])
def test_takes_the_share_with_the_fewest_walks(shape: str) -> None:
    graph = {
        "small": nx.connected_watts_strogatz_graph(40, 4, 0.2, seed=0),
        "large": nx.connected_watts_strogatz_graph(150, 4, 0.2, seed=1),  # walks node by node
        "sparse": nx.gnp_random_graph(140, 0.015, seed=2),
    }[shape]
    rho, length = 0.3, 6
    out = LASER(4, rho=rho, walk_length=length)(data_of(graph))
    adjacency = nx.to_numpy_array(graph) + np.eye(len(graph))
    walks = np.linalg.matrix_power(adjacency, length)
    for r in (2, 3, 4):
        chosen, sure, possible = snapshot(out, r), set(), set()
        for i, orbit in orbits(graph, r).items():
            if orbit:
                wanted = max(1, int(rho * len(orbit) + 0.5))
                edge = sorted(walks[i, orbit])[wanted - 1]
                sure |= {(min(i, j), max(i, j)) for j in orbit if walks[i, j] < edge}
                possible |= {(min(i, j), max(i, j)) for j in orbit if walks[i, j] <= edge}
        assert sure <= chosen <= possible
        pairs = sum(map(len, orbits(graph, r).values())) // 2
        assert float(out.laser_density[0, r - 2]) == pytest.approx(len(chosen) / max(pairs, 1))


def test_one_of_an_orbit_is_taken_and_either_end_is_enough() -> None:
    # A spider: the centre's neighbours see 5 nodes two hops away, every foot sees one.
    spider = nx.Graph([(0, leg) for leg in range(1, 6)] + [(leg, leg + 5) for leg in range(1, 6)])
    out = LASER(2, rho=0.01)(data_of(spider))
    assert {(0, foot) for foot in range(6, 11)} <= snapshot(out, 2)  # the feet ask for the centre
    assert len(snapshot(out, 2)) > 5  # the legs ask for each other, one each at least


def test_counts_of_selected_nodes_follow_the_rounding() -> None:
    star = data_of(nx.star_graph(5))  # each leaf has 4 leaves at distance 2
    for seed in range(5):
        pairs = snapshot(LASER(2, rho=0.6, seed=seed)(star), 2)
        degree = [sum(leaf in pair for pair in pairs) for leaf in range(1, 6)]
        assert min(degree) >= 2  # round(2.4); the others come from the other ends


def test_moves_with_the_nodes_where_all_are_taken() -> None:
    graph = nx.gnp_random_graph(25, 0.12, seed=4)
    data = data_of(graph)
    new = torch.from_numpy(np.random.default_rng(0).permutation(25))
    moved = Data(x=data.x, edge_index=new[data.edge_index])
    first, other = LASER(5, rho=1.0)(data), LASER(5, rho=1.0)(moved)
    for r in (2, 3, 4, 5):
        ends = [sorted((int(new[u]), int(new[v]))) for u, v in snapshot(first, r)]
        assert {(u, v) for u, v in ends} == snapshot(other, r)


def test_moves_with_the_nodes_where_no_walk_counts_tie() -> None:
    random, checked = np.random.default_rng(7), 0
    for seed in range(200):
        graph = nx.gnp_random_graph(16, 0.15, seed=seed)
        walks = np.linalg.matrix_power(nx.to_numpy_array(graph) + np.eye(16), 8)
        if any(
            len(set(walks[i, orbit])) < len(orbit)
            for r in (2, 3)
            for i, orbit in orbits(graph, r).items()
        ):
            continue  # a tie
        new = random.permutation(16)
        data = data_of(graph)
        moved = Data(x=data.x, edge_index=torch.from_numpy(new)[data.edge_index])
        checked += 1
        for r in (2, 3):
            first = {tuple(sorted(new[list(pair)])) for pair in snapshot(LASER(3)(data), r)}
            assert first == snapshot(LASER(3)(moved), r)
    assert checked


def test_ties_follow_the_seed_and_the_graph() -> None:
    star = data_of(nx.star_graph(9))
    drawn = {frozenset(snapshot(LASER(2, rho=0.3, seed=seed)(star), 2)) for seed in range(8)}
    assert len(drawn) > 4
    assert len({frozenset(snapshot(LASER(2, rho=0.3)(star), 2)) for _ in range(3)}) == 1


def test_graphs_side_by_side_equal_graphs_alone() -> None:
    method = LASER(4, rho=0.5)
    shapes = [nx.gnp_random_graph(n, 2 / max(n, 1), seed=n) for n in (1, 9, 130, 0, 30)]
    graphs = [method.read(data_of(shape)) for shape in shapes]
    for alone, together in zip(
        map(method.changes, graphs), method.changes_many(graphs), strict=True
    ):
        assert np.array_equal(alone.added, together.added)
        assert np.array_equal(alone.kind, together.kind)  # type: ignore[arg-type]
        assert np.array_equal(alone.notes["laser_density"], together.notes["laser_density"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"snapshots": 1}, "at least 2"),
        ({"rho": 0.0}, "above 0"),
        ({"rho": 1.5}, "between 0 and 1"),
    ],
)
def test_bad_settings_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LASER(**setting)  # type: ignore[arg-type]
