"""The k-path rooted subgraphs, beside a walk along every simple path with networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab.rewiring import apply
from gnnlab.structure.transforms import KPathSubgraphs
from gnnlab.structure.transforms.k_path_subgraphs import KEYS

Decoded = dict[int, tuple[dict[int, int], set[tuple[int, int]]]]


def data_of(graph: nx.Graph | nx.DiGraph) -> Data:
    """Arcs of a directed graph, both directions of an undirected one."""
    ends = torch.tensor(list(graph.edges), dtype=torch.int64).reshape(-1, 2).T
    edges = ends if graph.is_directed() else torch.cat([ends, ends.flip(0)], dim=1)
    return Data(x=torch.ones(len(graph), 1), edge_index=edges)


def decoded(data: Data) -> Decoded:
    """For each root the distances of its nodes, and the arcs, each once."""
    found: Decoded = {}
    sources, place = data.rooted_source.tolist(), 0
    for node, root in data.rooted_index.T.tolist():
        assert root in found or node == root  # the root comes first
        found.setdefault(root, ({}, set()))[0][node] = 0
    for row, (node, root) in enumerate(data.rooted_index.T.tolist()):
        own, arcs = found[root]
        own[node], order = int(data.rooted_distance[row]), list(own)
        for source in sources[place : place + int(data.rooted_degree[row])]:
            assert (order[source], node) not in arcs
            arcs.add((order[source], node))
        place += int(data.rooted_degree[row])
    assert place == len(sources)
    return found


def along_all_paths(graph: nx.Graph, length: int) -> Decoded:
    """Every simple path of at most so many edges, followed."""
    found: Decoded = {}
    for root in graph:
        nodes, arcs = {root: 0}, set()
        for end in set(graph) - {root}:
            for path in nx.all_simple_paths(graph, root, end, cutoff=length):
                nodes |= {node: min(nodes.get(node, 99), at) for at, node in enumerate(path)}
                for one, other in zip(path[:-1], path[1:], strict=True):
                    arcs |= {(one, other), (other, one)}
        found[root] = nodes, arcs
    return found


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_nodes_and_edges_are_those_of_all_simple_paths(length: int) -> None:
    for seed in range(30):
        graph = nx.gnp_random_graph(3 + seed % 6, 0.1 + 0.02 * seed, seed=seed)
        assert decoded(KPathSubgraphs(length)(data_of(graph))) == along_all_paths(graph, length)


def test_directed_graphs_keep_arcs_between_near_nodes() -> None:
    for seed in range(20):
        graph = nx.gnp_random_graph(8, 0.2, seed=seed, directed=True)
        found = decoded(KPathSubgraphs(2)(data_of(graph)))
        for root, (nodes, arcs) in found.items():
            far = nx.single_source_shortest_path_length(graph.reverse(), root, cutoff=2)
            assert nodes == dict(far)
            inside = {(u, w) for u, w in graph.edges if u in far and w in far}
            assert arcs == {(u, w) for u, w in inside if min(far[u], far[w]) < 2}


def test_the_edge_between_two_far_nodes_is_on_no_path() -> None:
    found = decoded(KPathSubgraphs(2)(data_of(nx.cycle_graph(5))))
    assert len(found[0][0]) == 5 and (2, 3) not in found[0][1] and len(found[0][1]) == 8


def test_loops_and_repeats_count_for_nothing() -> None:
    data = data_of(nx.lollipop_graph(4, 3))
    loops = torch.tensor([[0, 3], [0, 3]])
    more = Data(
        x=data.x, edge_index=torch.cat([loops, data.edge_index.flip(1), data.edge_index], 1)
    )
    assert decoded(KPathSubgraphs(3)(data)) == decoded(KPathSubgraphs(3)(more))


@pytest.mark.parametrize("nodes", [1, 4])
def test_without_an_edge_each_root_is_alone(nodes: int) -> None:
    data = KPathSubgraphs(3)(data_of(nx.empty_graph(nodes)))
    assert decoded(data) == {root: ({root: 0}, set()) for root in range(nodes)}
    kinds = (torch.int64, torch.uint8, torch.int32, torch.int32)
    assert tuple(data[key].dtype for key in KEYS) == kinds


def dataset() -> list[Data]:
    made = (nx.gnp_random_graph(3 + seed, 0.3, seed=seed) for seed in range(9))
    return [data_of(graph) for graph in (*made, nx.empty_graph(2), nx.empty_graph(1))]


def test_many_graphs_and_those_on_the_disk_are_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    method = KPathSubgraphs(3)
    alone = [method(data) for data in dataset()]
    for found in (
        method.many(dataset()),
        *(apply(method, dataset(), progress=False) for _ in "12"),
    ):
        for one, other in zip(found, alone, strict=True):
            assert all(torch.equal(one[key], other[key]) for key in KEYS)


def test_a_batch_holds_each_graph_by_itself() -> None:
    own = [KPathSubgraphs(2)(data) for data in dataset()]
    batch, shift = decoded(Batch.from_data_list(own)), 0
    for data in own:
        for root, (nodes, arcs) in decoded(data).items():
            raised = {node + shift: far for node, far in nodes.items()}
            assert batch.pop(root + shift) == (raised, {(u + shift, w + shift) for u, w in arcs})
        shift += data.num_nodes
    assert not batch


def test_what_holds_is_not_computed_again() -> None:
    data = KPathSubgraphs(2)(data_of(nx.cycle_graph(6)))
    assert KPathSubgraphs(2)(data).rooted_index is data.rooted_index
    assert not KPathSubgraphs(3).holds(data)
    assert KPathSubgraphs(2).numbers(data) == {"nodes": 30, "arcs": 48}
    data.edge_index = data.edge_index[:, 1:]
    assert not KPathSubgraphs(2).holds(data)


def test_too_many_are_counted_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = data_of(nx.complete_graph(20))
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 30_000)
    told = "more than 400 nodes and 7,600 arcs in subgraphs of paths up to 2 edges, of which"
    with pytest.raises(ValueError, match=told):
        KPathSubgraphs(2)(graph)
    two = [data_of(nx.cycle_graph(100)) for _ in range(2)]
    monkeypatch.setattr("gnnlab.structure.transforms.base.SHARE", 1)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 40_000)
    with pytest.raises(ValueError, match="a list of the 600 nodes and 800 arcs in subgraphs"):
        KPathSubgraphs(1).many(two)


def test_numbers_of_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.kernels.threads.GRAIN", 1)
    monkeypatch.setattr("gnnlab.structure.hops.node_search.FIRST", 8)
    graph, threads = data_of(nx.barabasi_albert_graph(300, 3, seed=0)), torch.get_num_threads()
    found: list[list[Tensor]] = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            data = KPathSubgraphs(2)(graph)
            found.append([data[key] for key in KEYS])
    finally:
        torch.set_num_threads(threads)
    assert all(map(torch.equal, *found))
    assert np.bincount(found[0][0][1]).min() > 1


def test_refusals() -> None:
    for wrong in (0, 1.5, 256):
        with pytest.raises(ValueError, match=f"length is {wrong}, but"):
            KPathSubgraphs(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a Batch of 2 graphs was given"):
        KPathSubgraphs(2)(Batch.from_data_list(dataset()[:2]))
