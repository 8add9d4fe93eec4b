"""Path colours: what the layers written out in tuples tell apart, and known families of graphs."""

from __future__ import annotations

import os
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from path_oracles import all_shortest, both, simple
from torch import Tensor

from gnnlab.structure import path_colors
from gnnlab.structure.paths.tie_breaking import refined_colors

Colors = dict[int, object]


def written_out(graph: nx.Graph, length: int, kind: str) -> Colors:
    """The colours as nested tuples of sorted multisets."""
    arcs = graph.to_directed()
    paths = (simple if kind == "all" else all_shortest)(arcs, length)
    hops = dict(nx.all_pairs_shortest_path_length(graph))
    colors: Colors = dict.fromkeys(graph, 0)
    names: dict[object, int] = {}
    for k in range(1, length + 1):
        heard: dict[int, list[object]] = {v: [] for v in graph}
        for path in paths:
            if len(path) == k + 1:
                v = path[0]
                far = [hops[v][w] if kind == "all" else 0 for w in path]
                heard[v].append(tuple(zip([colors[w] for w in path], far, strict=True)))
        new = {v: (colors[v], tuple(sorted(map(str, heard[v])))) for v in graph}
        colors = {v: names.setdefault(new[v], len(names)) for v in graph}
    return colors


def same_partition(one: list[object], two: list[object]) -> bool:
    return len(set(one)) == len(set(two)) == len(set(zip(one, two, strict=True)))


@pytest.mark.parametrize("kind", ["all", "all_shortest"])
@pytest.mark.parametrize("seed", range(12))
def test_nodes_are_told_apart_as_by_the_layers_written_out(seed: int, kind: str) -> None:
    graph = nx.disjoint_union_all(
        [nx.gnp_random_graph(9, 0.3, seed=seed), nx.random_regular_graph(3, 8, seed=seed)]
        + [nx.cycle_graph(6), nx.cycle_graph(3), nx.cycle_graph(3), nx.path_graph(4)]
    )
    for length in (1, 2, 3):
        found = path_colors(*both(graph), length, kind)
        assert found.dtype == torch.int64
        wanted = written_out(graph, length, kind)
        assert same_partition(found.tolist(), [wanted[v] for v in sorted(graph)])


@pytest.mark.parametrize("kind", ["all", "all_shortest", "shortest"])
def test_colours_move_with_the_nodes(kind: str) -> None:
    tree = nx.random_labeled_tree(25, seed=3)  # one way between any two nodes
    graph = tree if kind == "shortest" else nx.gnp_random_graph(25, 0.15, seed=1)
    edges, nodes = both(graph)
    new = torch.randperm(nodes, generator=torch.Generator().manual_seed(0))
    found = path_colors(new[edges], nodes, 3, kind)
    assert torch.equal(found[new], path_colors(edges, nodes, 3, kind))


@pytest.mark.parametrize("kind", ["all", "all_shortest"])
def test_graphs_side_by_side_are_coloured_as_alone(kind: str) -> None:
    parts = [nx.petersen_graph(), nx.empty_graph(2), nx.complete_graph(5)]
    alone = torch.cat([path_colors(*both(part), 3, kind) for part in parts])
    assert torch.equal(path_colors(*both(nx.disjoint_union_all(parts)), 3, kind), alone)


def test_bad_input_and_too_many_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    assert path_colors(none, 0, 2).shape == (0,)
    assert len(set(path_colors(none, 4, 2, "all").tolist())) == 1
    with pytest.raises(ValueError, match="kind is 'some', which is none of shortest"):
        path_colors(none, 4, 2, "some")
    with pytest.raises(ValueError, match="length is 0"):
        path_colors(none, 4, 0)
    monkeypatch.setattr("gnnlab.structure.paths.colors.MOST", 5000)
    told = "walks every path, and there are more than 5,000 of up to 9 edges: lower length, or take"
    with pytest.raises(ValueError, match=told):
        path_colors(*both(nx.complete_graph(12)), 9, "all")


def test_refined_colours_are_those_of_networkx() -> None:
    graph = nx.disjoint_union_all(
        [nx.gnp_random_graph(20, 0.1, seed=5), nx.path_graph(9), nx.cycle_graph(5)]
    )
    edges, nodes = both(graph)
    arcs = np.array(sorted(edges.T.flip(1).tolist())).T
    rowptr = np.searchsorted(arcs[0], np.arange(nodes + 1))
    found = refined_colors(rowptr, arcs[1]).tolist()
    nx.set_node_attributes(graph, "same", "kind")
    hashes = nx.weisfeiler_lehman_subgraph_hashes(graph, node_attr="kind", iterations=8)
    assert same_partition(found, [hashes[v][-1] for v in sorted(graph)])


def folder() -> Path:
    for mirror in os.environ.get("GNNLAB_MIRROR", "").split(os.pathsep):
        if mirror and (Path(mirror) / "expressivity").is_dir():
            return Path(mirror) / "expressivity"
    pytest.skip("the expressivity sets are not at hand: set GNNLAB_MIRROR")


def graph_colors(file: str, length: int, kind: str) -> list[int]:
    """A colour for each graph of a file: the sum of its nodes'."""
    lines = (folder() / file).read_bytes().split()
    graphs = [both(nx.from_graph6_bytes(line)) for line in lines]
    starts = np.cumsum([0, *(nodes for _, nodes in graphs)])
    edges = torch.cat([own + int(at) for (own, _), at in zip(graphs, starts, strict=False)], 1)
    colors = path_colors(edges, int(starts[-1]), length, kind)
    owner = torch.from_numpy(np.arange(len(graphs)).repeat(np.diff(starts)))
    total: Tensor = torch.zeros(len(graphs), dtype=torch.int64).index_add_(0, owner, colors)
    return total.tolist()


@pytest.mark.parametrize(
    ("family", "graphs", "told_apart"),
    [("sr16622", 2, 2), ("sr251256", 15, 8), ("sr261034", 10, 8), ("sr281264", 4, 4)],
)
def test_strongly_regular_graphs(family: str, graphs: int, told_apart: int) -> None:
    """One pass, lengths in edges: simple paths of up to three edges see nothing, four a lot."""
    file = f"SR/{family}.g6"
    assert len(graph_colors(file, 1, "all")) == graphs
    found = [len(set(graph_colors(file, length, "all"))) for length in (2, 3, 4)]
    assert found == [1, 1, told_apart]
    for kind in ("shortest", "all_shortest"):
        assert len(set(graph_colors(file, 4, kind))) == 1


@pytest.mark.parametrize(
    ("kind", "length", "classes"),
    [("all", 2, 2), ("all", 3, 5), ("all", 4, 9), ("all", 5, 10)]
    + [("all_shortest", length, n) for length, n in ((2, 2), (3, 4), (4, 7), (5, 8), (6, 10))],
)
def test_circular_skip_links(kind: str, length: int, classes: int) -> None:
    colors = graph_colors("CSL/CSL.g6", length, kind)
    labels = (folder() / "CSL/CSL_labels.txt").read_text().split()
    assert len(set(colors)) == classes
    assert len(set(zip(labels, colors, strict=True))) == 10  # one colour for each label


@pytest.mark.parametrize(
    ("part", "pairs", "of_all", "of_shortest"),
    [("basic", 60, 60, 55), ("regular", 50, 50, 48), ("extension", 100, 96, 53)],
)
def test_brec(part: str, pairs: int, of_all: int, of_shortest: int) -> None:
    for kind, expected in (("all", of_all), ("all_shortest", of_shortest)):
        colors = graph_colors(f"BREC/brec_{part}.g6", 4, kind)
        assert len(colors) == 2 * pairs
        assert sum(a != b for a, b in zip(colors[::2], colors[1::2], strict=True)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "length", "told_apart"),
    [("SR/sr251256.g6", 5, 15), ("SR/sr261034.g6", 5, 10), ("SR/sr281264.g6", 5, 4)]
    + [("SR/sr361446.g6", 4, 86), ("SR/sr351899.g6", 4, 218)],
)
def test_large_families_of_strongly_regular_graphs(
    file: str, length: int, told_apart: int
) -> None:  # fmt: skip
    assert len(set(graph_colors(file, length, "all"))) == told_apart
    assert len(set(graph_colors(file, 4, "all_shortest"))) == 1


@pytest.mark.slow
def test_brec_strongly_regular() -> None:
    for kind, expected in (("all", 49), ("all_shortest", 0)):
        colors = graph_colors("BREC/brec_str.g6", 4, kind)
        assert sum(a != b for a, b in zip(colors[::2], colors[1::2], strict=True)) == expected
