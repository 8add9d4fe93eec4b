"""Colours of subgraph networks, written out, and which graphs they tell apart."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gnnlab.structure import subgraph_colors
from gnnlab.structure.subgraphs.symbols import AGGREGATIONS, POLICIES, symbols_of

SYMBOLS = ("uL", "vL", "uG", "vG", "vv", "vu", "uu")
Graph = tuple[Tensor, int]


def read(graph: nx.Graph) -> Graph:
    edges = torch.tensor(list(graph.edges), dtype=torch.int64).reshape(-1, 2).T
    return torch.cat([edges, edges.flip(0)], dim=1), graph.number_of_nodes()


def stored(path: str) -> list[Graph]:
    """Graphs of a file of the mirror, one graph6 a line."""
    for folder in os.environ.get("GNNLAB_MIRROR", "").split(os.pathsep):
        file = Path(folder) / "expressivity" / path
        if folder and file.exists():
            lines = [line.removeprefix(b">>graph6<<") for line in file.read_bytes().split()]
            return [read(nx.from_graph6_bytes(line)) for line in lines]
    pytest.skip(f"{path} is not in GNNLAB_MIRROR")


def color(graph: Graph, *args: object, **kwargs: object) -> int:
    return int(subgraph_colors(*graph, *args, **kwargs).sum())  # type: ignore[arg-type]


def classes(graphs: list[Graph], *args: object, **kwargs: object) -> int:
    return len({color(graph, *args, **kwargs) for graph in graphs})


def apart(graphs: list[Graph], *args: object, **kwargs: object) -> int:
    """Pairs of graphs, one after the other, that are told apart."""
    colors = [color(graph, *args, **kwargs) for graph in graphs]
    return sum(one != other for one, other in zip(colors[::2], colors[1::2], strict=True))


@pytest.mark.parametrize(
    "family", ["sr16622", "sr251256", "sr261034", "sr281264", "sr361446", "sr351899"]
)
def test_strongly_regular_graphs_are_one_class(family: str) -> None:
    graphs = stored(f"SR/{family}.g6")[:40]
    assert classes(graphs, "SSWL+") == 1
    assert classes(graphs, SYMBOLS, "marking", pooling="SV") == 1


@pytest.mark.parametrize(
    ("part", "told"), [("basic", 60), ("regular", 50), ("str", 0), ("extension", 100)]
)
def test_pairs_of_brec(part: str, told: int) -> None:
    graphs = stored(f"BREC/brec_{part}.g6")
    assert apart(graphs, "SSWL+") == told
    assert apart(graphs, "SWL", "ego", radius=10**6) == 0  # all subgraphs are the graph: 1-WL


def test_csl_is_ten_classes_and_one_for_colour_refinement() -> None:
    graphs = stored("CSL/CSL.g6")
    assert classes(graphs, "SSWL+") == classes(graphs, "SWL", "marking") == 10
    assert classes(graphs, "SWL", "ego", radius=10**6) == 1


def test_the_hierarchy_is_strict_where_the_paper_says_so() -> None:
    """How many of 37 pairs of graphs of Cai, Fürer and Immerman are told apart."""
    every = stored("BREC/brec_cfi.g6")
    small = [number for number in range(100) if every[2 * number][1] <= 64]
    graphs = [graph for number in small for graph in every[2 * number : 2 * number + 2]]
    assert len(small) == 37
    assert apart(graphs, "SWL", pooling="VS") == 24
    assert apart(graphs, "SWL", pooling="SV") == 31
    assert apart(graphs, "PSWL") == apart(graphs, "GSWL") == 31
    for strongest in ("SSWL", "SSWL+", ("uL", "vu"), SYMBOLS):
        assert apart(graphs, strongest) == 35


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 7) -> Graph:
    nodes = draw(st.integers(1, max_nodes))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = [(a, b) for a, b in draw(st.lists(ends, max_size=12)) if a != b]
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(nodes))
    return read(nx.convert_node_labels_to_integers(graph, ordering="sorted"))


@settings(max_examples=25, deadline=None)
@given(
    graph=graphs(),
    symbols=st.sets(st.sampled_from(SYMBOLS), min_size=1),
    policy=st.sampled_from(POLICIES),
    seed=st.integers(0, 99),
)
def test_colours_move_with_the_nodes(
    graph: Graph, symbols: set[str], policy: str, seed: int
) -> None:
    edge_index, nodes = graph
    new = torch.randperm(nodes, generator=torch.Generator().manual_seed(seed))
    for pooling in ("VS", "SV"):
        own = subgraph_colors(edge_index, nodes, sorted(symbols), policy, pooling=pooling)
        moved = subgraph_colors(new[edge_index], nodes, sorted(symbols), policy, pooling=pooling)
        assert torch.equal(moved[new], own)


@settings(max_examples=25, deadline=None)
@given(graph=graphs(), policy=st.sampled_from(POLICIES), name=st.sampled_from(sorted(AGGREGATIONS)))
def test_colours_are_those_of_multisets_written_out(graph: Graph, policy: str, name: str) -> None:
    """Nodes have one colour exactly where a refinement of nested tuples gives them one."""
    edge_index, nodes = graph
    for pooling in ("VS", "SV"):
        found = subgraph_colors(edge_index, nodes, name, policy, pooling=pooling, radius=1).tolist()
        expected = written_out(edge_index, nodes, symbols_of(name), policy, pooling)
        same = {
            (a == b, c == d)
            for (a, c), (b, d) in product(zip(found, expected, strict=True), repeat=2)
        }
        assert same <= {(True, True), (False, False)}


def written_out(
    edge_index: Tensor, nodes: int, symbols: tuple[str, ...], policy: str, pooling: str
) -> list[object]:
    """The test with dictionaries: nodes^2 rounds, colours numbered anew in each."""
    every = range(nodes)
    graph = nx.Graph(edge_index.T.tolist())
    graph.add_nodes_from(every)
    far = {u: nx.single_source_shortest_path_length(graph, u) for u in every}
    near: dict[str, object] = {"distance": lambda u, v: far[u].get(v, -1)}
    mark = near.get(policy, lambda u, v: policy in ("marking", "ego+") and u == v)
    colors = {(u, v): mark(u, v) for u in every for v in every}  # type: ignore[operator]
    there = {
        "deletion": lambda u, v: u != v,
        "ego": lambda u, v: far[u].get(v, 9) <= 1,
        "ego+": lambda u, v: far[u].get(v, 9) <= 1,
    }.get(policy, lambda u, v: True)

    def heard(symbol: str, u: int, v: int) -> list[object]:
        if symbol == "uL":
            return [colors[u, w] for w in graph[v] if there(u, v) and there(u, w)]
        if symbol == "vL":
            return [colors[w, v] for w in graph[u]]
        return [colors[v, v]] if symbol == "vv" else [colors[w, v] for w in every]

    for _ in range(nodes * nodes):
        new = {
            (u, v): (colors[u, v], *(tuple(sorted(heard(s, u, v))) for s in symbols))  # type: ignore[type-var]
            for u in every
            for v in every
        }
        numbers = {value: number for number, value in enumerate(sorted(set(new.values())))}
        colors = {pair: numbers[value] for pair, value in new.items()}
    rows = {
        "VS": lambda u: [colors[u, v] for v in every],
        "SV": lambda v: [colors[u, v] for u in every],
    }
    return [tuple(sorted(rows[pooling](node))) for node in every]  # type: ignore[type-var]


def test_a_limit_on_distances_and_rounds_tells_less() -> None:
    """A path of 9 nodes from its reverse ends: after no round but one, only near nodes count."""
    path, star = read(nx.path_graph(9)), read(nx.star_graph(8))
    assert color(path, rounds=1) != color(path)
    assert classes([path, star], "SWL", max_distance=1, rounds=1) == 2
    colors = subgraph_colors(*path, "SWL", "distance", max_distance=1, rounds=1)
    assert len(set(colors[2:7].tolist())) == 1 < len(set(subgraph_colors(*path)[2:7].tolist()))


def test_components_and_graphs_without_edges() -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    assert subgraph_colors(none, 0).tolist() == []
    assert color((none, 1)) != color((none, 2))
    assert len(set(subgraph_colors(none, 3).tolist())) == 1
    two, ring = (
        read(nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3))),
        read(nx.cycle_graph(6)),
    )
    for policy in ("distance", "marking", "deletion", "ego+"):
        assert classes([two, ring], "SWL", policy) == 2


def test_refusals() -> None:
    edges, nodes = read(nx.cycle_graph(4))
    with pytest.raises(ValueError, match="aggregation is 'SSWL-', which is none of SWL, PSWL"):
        subgraph_colors(edges, nodes, "SSWL-")
    with pytest.raises(ValueError, match="a symbol is 'wL', which is none of uL"):
        subgraph_colors(edges, nodes, ["wL"])
    with pytest.raises(ValueError, match="policy is 'mark', which is none of distance, marking"):
        subgraph_colors(edges, nodes, policy="mark")
    with pytest.raises(ValueError, match="pooling is 'UV', which is none of VS, SV"):
        subgraph_colors(edges, nodes, pooling="UV")
    with pytest.raises(
        ValueError, match="rounds is 0, but it must be a whole number of at least 1"
    ):
        subgraph_colors(edges, nodes, rounds=0)
    with pytest.raises(ValueError, match="1,099,511,627,776 rounds over 16 pairs .* leave rounds"):
        subgraph_colors(edges, nodes, rounds=2**40)
