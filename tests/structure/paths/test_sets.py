"""Paths from every node: what networkx finds, counted before they are listed."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from hop_oracles import random_graph
from path_oracles import all_shortest, both, listed, reversed_graph, simple
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab.kernels import threads as parallel
from gnnlab.rewiring import apply
from gnnlab.structure import paths_from
from gnnlab.structure.graphs.graph import join
from gnnlab.structure.graphs.reading import read_arcs
from gnnlab.structure.paths import sets as module
from gnnlab.structure.paths.sets import KINDS, PathSets
from gnnlab.structure.transforms import AddPaths

every_kind = pytest.mark.parametrize("kind", KINDS)
LENGTH = 4


def small_graph(seed: int) -> tuple[Tensor, int, bool]:
    """One of 1 to 14 nodes with loops and repeats, directed every second time."""
    edges, nodes, directed = random_graph(seed)
    kept = min(nodes, 14)
    return edges[:, (edges < kept).all(0)], kept, directed


def side_by_side(seeds: range, kind: str, length: int = LENGTH) -> PathSets:
    union, starts = join([read_arcs(*small_graph(seed)[:2]) for seed in seeds])
    return PathSets(*union.sources, starts, length, kind)


@pytest.fixture(scope="module")
def expected() -> list[tuple[list[tuple[int, ...]], list[tuple[int, ...]]]]:
    """Of 500 graphs, all simple and all shortest paths."""
    graphs = (reversed_graph(*small_graph(seed)[:2]) for seed in range(500))
    return [(simple(graph, LENGTH), all_shortest(graph, LENGTH)) for graph in graphs]


@every_kind
def test_500_graphs_side_by_side_equal_networkx(kind: str, expected: list) -> None:  # type: ignore[type-arg]
    sets = side_by_side(range(500), kind)
    found = sets.paths()
    assert sum(len(own) for own, _ in expected) > 20_000
    for seed, (own, (paths, shortest)) in enumerate(zip(found, expected, strict=True)):
        listing = listed([torch.from_numpy(nodes) for nodes in own.nodes])
        assert [nodes.shape for nodes in own.nodes] == [
            (k, paths) for k, paths in enumerate(sets.counts[seed].tolist(), start=2)
        ]
        if kind == "all":
            assert sorted(listing) == paths
        elif kind == "all_shortest":
            assert sorted(listing) == shortest
        else:
            check_one_for_each_pair(listing, shortest, directed=small_graph(seed)[2])


def check_one_for_each_pair(
    found: list[tuple[int, ...]], shortest: list[tuple[int, ...]], directed: bool
) -> None:
    assert set(found) <= set(shortest)
    pairs = [(path[0], path[-1]) for path in found]
    assert len(set(pairs)) == len(pairs) and set(pairs) == {(p[0], p[-1]) for p in shortest}
    if not directed:
        assert {path[::-1] for path in found} == set(found)
    assert {path[1:] for path in found if len(path) > 2} <= set(found)


@every_kind
@pytest.mark.parametrize("seed", [2, 3, 14, 21])
def test_one_graph_alone_is_as_among_others_and_sorted(kind: str, seed: int) -> None:
    found = paths_from(*small_graph(seed)[:2], LENGTH, kind)
    among = side_by_side(range(seed + 1), kind).paths()[seed].nodes
    assert all(np.array_equal(*two) for two in zip(found, among, strict=True))
    for nodes in found:
        assert nodes.dtype == torch.int64 and nodes.T.tolist() == sorted(nodes.T.tolist())


def test_distances_are_those_of_networkx() -> None:
    for seed in range(40):
        edges, nodes, _ = small_graph(seed)
        hops = dict(nx.all_pairs_shortest_path_length(reversed_graph(edges, nodes)))
        found = PathSets(*read_arcs(edges, nodes).sources, np.array([0, nodes]), LENGTH, "all")
        (own,) = found.paths(distances=True)
        for paths, far in zip(own.nodes, own.distances, strict=True):
            assert far.dtype == np.uint8
            wanted = [[hops[path[0]][node] for node in path] for path in paths.T.tolist()]
            assert far.tolist() == wanted


def renumbered(edges: Tensor, nodes: int, seed: int) -> tuple[Tensor, Tensor]:
    new = torch.randperm(nodes, generator=torch.Generator().manual_seed(seed))
    return new[edges], new


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(s, marks=pytest.mark.nightly) for s in range(1, 8))]
)
def test_shortest_paths_move_with_the_nodes_where_colours_tell_them_apart(seed: int) -> None:
    graph = nx.gnp_random_graph(30, 0.12, seed=seed)
    for node in range(30):  # a tail of its own length at each node, so that none are alike
        nx.add_path(graph, [node, *(100 + 40 * node + j for j in range(node))])
    graph = nx.convert_node_labels_to_integers(graph.subgraph(max(nx.connected_components(graph))))
    edges, nodes = both(graph)
    wanted = paths_from(edges, nodes, 4)
    assert sum(map(len, all_shortest(graph.to_directed(), 4))) > sum(p.numel() for p in wanted)
    moved, new = renumbered(edges, nodes, seed)
    found = paths_from(moved, nodes, 4)
    assert sorted(listed([new[p] for p in wanted])) == sorted(listed(found))


def test_where_a_symmetry_swaps_two_ways_the_numbers_decide() -> None:
    edges, nodes = both(nx.cycle_graph(4))
    chosen = set()
    for seed in range(20):
        moved, new = renumbered(edges, nodes, seed)
        found = paths_from(moved, nodes, 2)
        assert [paths.shape[1] for paths in found] == [8, 4]
        old = new.argsort()
        chosen.add(tuple(sorted(listed([old[found[1]]]))))
    assert len(chosen) > 1


@every_kind
def test_two_threads_give_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "GRAIN", 64)
    monkeypatch.setattr(module, "SMALL", 0)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            sets = side_by_side(range(60), kind)
            found.append((sets.counts, sets.paths(distances=kind == "all")))
            assert parallel._chunks(1 << 20) > 1 or threads == 1
    finally:
        torch.set_num_threads(before)
    (counts, one), (same, two) = found
    assert np.array_equal(counts, same) and counts.sum() > 1000
    for a, b in zip(one, two, strict=True):
        assert all(np.array_equal(*parts) for parts in zip(a.nodes, b.nodes, strict=True))
        assert all(np.array_equal(*parts) for parts in zip(a.distances, b.distances, strict=True))


@every_kind
@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_graphs_with_hardly_a_node(kind: str, nodes: int) -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    assert [p.shape for p in paths_from(none, nodes, 3, kind)] == [(2, 0), (3, 0), (4, 0)]
    empty = PathSets(np.zeros(1, np.int32), np.empty(0, np.int32), np.zeros(1, np.int64), 3, kind)
    assert empty.paths() == [] and empty.counts.shape == (0, 3)


@every_kind
def test_loops_and_repeats_count_for_nothing(kind: str) -> None:
    edges, nodes = both(nx.cycle_graph(9))
    loops = torch.arange(nodes).expand(2, -1)
    more = torch.cat([edges, loops, edges.flip(1)], 1)
    for one, two in zip(
        paths_from(edges, nodes, 3, kind), paths_from(more, nodes, 3, kind), strict=True
    ):
        assert torch.equal(one, two) and one.shape[1] > 0


def test_a_directed_path_runs_from_where_it_is_heard() -> None:
    found = paths_from(torch.tensor([[0, 1, 2], [1, 2, 3]]), 4, 5, "all")
    assert listed(found) == [(1, 0), (2, 1), (3, 2), (2, 1, 0), (3, 2, 1), (3, 2, 1, 0)]


def test_shortest_paths_are_counted_without_going_them() -> None:
    """Squares in a row have 2^squares shortest paths from end to end, in either direction."""
    for squares in (8, 40):
        graph = nx.Graph()
        for j in range(squares):
            nx.add_cycle(graph, [3 * j, 3 * j + 1, 3 * j + 3, 3 * j + 2])
        sources = read_arcs(*both(graph)).sources
        sets = PathSets(*sources, np.array([0, len(graph)]), 2 * squares, "all_shortest")
        if squares == 8:
            assert sets.counts[0, -1] == 2 * 2**8 == sets.paths()[0].nodes[-1].shape[1]
            continue
        with pytest.raises(ValueError, match=r"\d,\d+ shortest paths of up to 80 .*lower length$"):
            sets.paths()


def free(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: memory)


def test_paths_are_counted_and_refused_before_they_are_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def allocate(*shape: object) -> None:
        raise AssertionError("paths were allocated")

    monkeypatch.setattr(module.memory, "empty", allocate)
    edges, nodes = both(nx.complete_graph(9))
    paths = [9 * 8, 9 * 8 * 7, 9 * 8 * 7 * 6]
    bytes_ = 16 * (2 * paths[0] + 3 * paths[1] + 4 * paths[2])
    free(monkeypatch, bytes_)
    told = f"a list of the {sum(paths):,} simple paths of up to 3 edges takes 0.0 GB, .* lower leng"
    with pytest.raises(ValueError, match=told):
        paths_from(edges, nodes, 3, "all")
    free(monkeypatch, int(bytes_ / 0.8) + 1)
    with pytest.raises(AssertionError, match="were allocated"):
        paths_from(edges, nodes, 3, "all")


def test_counting_stops_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete graph of 60 nodes has some 10^20 simple paths of 12 edges."""
    free(monkeypatch, 1 << 25)
    told = r"more than \d+,\d+ simple paths of up to 12 edges, .* or take kind='all_shortest'"
    with pytest.raises(ValueError, match=told):
        paths_from(*both(nx.complete_graph(60)), 12, "all")
    graph = Data(x=torch.ones(60, 1), edge_index=both(nx.complete_graph(60))[0])
    with pytest.raises(ValueError, match="lower length"):
        apply(AddPaths(12, "all"), [graph], cache=False)


def test_too_many_paths_of_a_dataset_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = [
        Data(x=torch.ones(n, 1), edge_index=both(nx.complete_graph(n))[0]) for n in range(4, 12)
    ]
    monkeypatch.setattr("gnnlab.structure.transforms.base.SHARE", 1)
    counts = [sum(n * (n - 1) for n in range(4, 12)), sum(n * (n - 1) * (n - 2) for n in range(12))]
    counts[1] -= 6  # the triangle
    free(monkeypatch, 16 * (2 * counts[0] + 3 * counts[1]))
    with pytest.raises(ValueError, match=f"the {sum(counts):,} simple paths of up to 2 edges"):
        apply(AddPaths(2, "all"), graphs, cache=False)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ((0, "all"), "length is 0, but it must be a whole number of at least 1"),
        ((2.5, "all"), "length is 2.5"),
        ((256, "all"), "length is 256, but paths of at most 255 edges are listed"),
        ((3, "longest"), "kind is 'longest', which is none of shortest, all_shortest, all"),
    ],
)
def test_refuses_settings_that_do_not_fit(settings: tuple[int, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AddPaths(*settings)
    with pytest.raises(ValueError, match=sentence):
        paths_from(torch.empty(2, 0, dtype=torch.int64), 2, *settings)


def test_refuses_edges_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="7"):
        paths_from(torch.tensor([[0], [7]]), 3, 2)
    with pytest.raises(ValueError, match="float32"):
        paths_from(torch.tensor([[0.0], [1.0]]), 3, 2)


def stored(graph: nx.Graph, **settings: object) -> Data:
    edges, nodes = both(graph)
    return AddPaths(**settings)(Data(x=torch.ones(nodes, 1), edge_index=edges))  # type: ignore[arg-type,no-any-return]


def test_the_transform_stores_what_is_listed() -> None:
    data = stored(nx.petersen_graph(), length=3, kind="all")
    for k, paths in enumerate(paths_from(data.edge_index, 10, 3, "all"), start=1):
        assert torch.equal(data[f"path_{k}_index"], paths)
        far = data[f"path_{k}_distance"]
        assert far.dtype == torch.uint8 and far.shape == (paths.shape[1], k + 1)
        assert far[:, :2].tolist() == [[0, 1]] * len(far) and int(far.max()) <= 2
    counts = {"paths of 1 edges": 30, "paths of 2 edges": 60, "paths of 3 edges": 120}
    assert AddPaths(3, "all").numbers(data) == counts
    assert "path_1_distance" not in stored(nx.petersen_graph(), length=3, kind="all_shortest")


def test_a_batch_of_three_sizes_offsets_nodes_and_not_distances() -> None:
    graphs = [nx.path_graph(5), nx.complete_graph(4), nx.empty_graph(3)]
    parts = [stored(graph, length=3, kind="all") for graph in graphs]
    batch = Batch.from_data_list(parts)
    for k in (1, 2, 3):
        moved = [part[f"path_{k}_index"] + at for part, at in zip(parts, (0, 5, 9), strict=True)]
        assert torch.equal(batch[f"path_{k}_index"], torch.cat(moved, 1))
        distances = torch.cat([part[f"path_{k}_distance"] for part in parts])
        assert torch.equal(batch[f"path_{k}_distance"], distances)


def test_holds_tells_this_graph_length_and_kind() -> None:
    data, method = stored(nx.cycle_graph(9), length=3, kind="all"), AddPaths(3, "all")
    assert method.holds(data) and method(data).path_3_index is data.path_3_index
    assert not AddPaths(2, "all").holds(data) and not AddPaths(3).holds(data)
    other = AddPaths(2)(data)
    assert AddPaths(2).holds(other) and "path_3_index" not in other
    assert "path_1_distance" not in other and "path_3_index" in data
    data.edge_index = data.edge_index[:, 2:]
    assert not method.holds(data)
    assert method(data).path_1_index.shape[1] == data.num_edges


def test_kept_results_are_read_as_they_were_written(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    graphs = [
        Data(x=torch.ones(n, 1), edge_index=both(nx.gnp_random_graph(n, 3 / n, seed=n))[0])
        for n in (7, 300, 1, 12)
    ]
    for method in (AddPaths(3, "all"), AddPaths(4)):
        made = apply(method, graphs)
        with monkeypatch.context() as patch:
            patch.setattr(AddPaths, "results", None)  # so nothing can be computed
            again = apply(method, graphs)
        for one, two in zip(made, again, strict=True):
            assert one.keys() == two.keys() and one.path_of == two.path_of
            for key in [key for key in one.keys() if key.endswith(("_index", "_distance"))]:
                assert torch.equal(one[key], two[key]) and one[key].dtype == two[key].dtype
