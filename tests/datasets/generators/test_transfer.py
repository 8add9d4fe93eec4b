"""Generated long-range tasks: the label follows from the data by the rule, so many hops away."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data

from gnnlab import datasets, layers
from gnnlab.datasets import Graphs, graph_transfer, ring_transfer, tree_neighbours_match
from gnnlab.datasets.generators.topologies import TOPOLOGIES

NAMES = ("graph-transfer", "ring-transfer", "tree-neighbours-match")


def graph_of(data: Data) -> nx.Graph:
    graph = nx.Graph(data.edge_index.T.tolist())
    assert graph.number_of_nodes() == data.num_nodes
    assert 2 * graph.number_of_edges() == data.num_edges, "both directions, no repeats, no loops"
    return graph


def drawn(topology: str, nodes: int) -> nx.Graph:
    """The graph as networkx builds it."""
    half = nodes // 2
    if topology == "line":
        return nx.path_graph(nodes)
    if topology == "clique-path":
        return nx.lollipop_graph(half, nodes - half)
    graph = nx.cycle_graph(nodes)
    if topology == "crossed-ring":  # node i of an arm and nodes i - 1 and i + 1 of the other
        graph.add_edges_from((i, nodes - i - 1) for i in range(half))
        graph.add_edges_from((i, nodes + 1 - i) for i in range(2, half))
    return graph


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("nodes", [4, 5, 6, 7, 10, 15, 30])
def test_the_graph_is_what_its_name_says_and_its_ends_are_so_far_apart(
    topology: str, nodes: int
) -> None:
    place = datasets.topology_of(topology, nodes)
    graph = graph_of(Data(edge_index=place.edge_index, num_nodes=nodes))
    assert set(map(frozenset, graph.edges)) == set(map(frozenset, drawn(topology, nodes).edges))
    assert nx.shortest_path_length(graph, place.source, place.root) == place.distance
    claimed = {"line": nodes - 1, "clique-path": nodes - nodes // 2 + 1}
    assert place.distance == claimed.get(topology, nodes // 2)
    if topology != "crossed-ring":
        assert place.distance >= nx.diameter(graph)  # no two nodes lie farther apart


def test_crosses_make_more_ways_and_none_shorter() -> None:
    ways = {
        name: len(list(nx.all_shortest_paths(graph_of(ring_like(name)), 0, 6)))
        for name in ("ring", "crossed-ring")
    }
    assert ways == {"ring": 2, "crossed-ring": 2**5}


def ring_like(name: str) -> Data:
    return graph_transfer(topology=name, nodes=12)[0]


@given(
    st.sampled_from(list(TOPOLOGIES)),
    st.integers(4, 12),
    st.integers(2, 6),
    st.integers(0, 30),
    st.booleans(),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_the_label_is_the_class_that_lies_at_the_other_end(
    topology: str, nodes: int, classes: int, more: int, swap: bool, seed: int
) -> None:
    found = graph_transfer(seed, topology, nodes, classes, classes + more, swap, splits=2)
    place = datasets.topology_of(topology, nodes)
    ends = {place.source, place.root}
    for data in found:
        (root,) = data.root_index.tolist()
        (source,) = ends - {root}
        held = torch.nn.functional.one_hot(data.y, classes).float()
        assert torch.equal(data.x[source], held[0])
        assert int(data.x[root].sum()) == (1 if swap else 0)
        others = [node for node in range(nodes) if node not in ends]
        assert torch.equal(data.x[others], torch.ones(len(others), classes))
        assert swap or root == place.root
    assert torch.bincount(found.y, minlength=classes).diff().abs().max() <= 1
    assert found.classes == found.num_features == classes


def test_swapped_ends_are_asked_alike_and_each_graph_answers_itself() -> None:
    found = graph_transfer(nodes=8, classes=3, graphs=400, swap=True)
    kinds = {(data.x.numpy().tobytes(), int(data.root_index)): int(data.y) for data in found}
    assert len(kinds) == 2 * 3**2
    assert all(kinds[data.x.numpy().tobytes(), int(data.root_index)] == data.y for data in found)
    roots = torch.cat([data.root_index for data in found])
    assert 160 < int((roots == 0).sum()) < 240


@pytest.mark.parametrize("name", [*TOPOLOGIES, "tree"])
def test_a_model_learns_nothing_of_the_label_with_a_layer_too_few(name: str) -> None:
    if name == "tree":
        found, distance = tree_neighbours_match(depth=3, graphs=60), 3
        # Of trees whose root asks for the same key: what it asks for is no news.
        asked = [int(data.x[0].argmax()) for data in found]
        graphs = [data for data, key in zip(found, asked, strict=True) if key == asked[0]]
    else:
        found = graph_transfer(topology=name, nodes=9, graphs=10)
        distance = datasets.topology_of(name, 9).distance
        graphs = list(found)
    assert len({int(data.y) for data in graphs}) > 1
    for depth, apart in ((distance - 1, False), (distance, True)):
        torch.manual_seed(0)
        encoder = layers.SAGE(found.num_features, 8, num_layers=depth).double().eval()
        states: dict[int, torch.Tensor] = {}
        for data in graphs:
            double = Data(x=data.x.double(), edge_index=data.edge_index)
            states.setdefault(int(data.y), encoder(double)[data.root_index])
        first, *others = states.values()
        assert all(torch.equal(first, other) is not apart for other in others)


def test_ring_transfer_is_graph_transfer_on_the_ring() -> None:
    one, other = ring_transfer(3, 14, 4, 40), graph_transfer(3, "ring", 14, 4, 40)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.edge_index, b.edge_index)
        assert torch.equal(a.y, b.y) and torch.equal(a.root_index, b.root_index)
    assert len({data.x.numpy().tobytes() for data in one}) == 4
    assert (one.name, other.name) == ("ring-transfer", "graph-transfer")


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("directed", [False, True])
def test_the_root_asks_for_the_value_of_a_leaf_so_many_hops_away(
    depth: int, directed: bool
) -> None:
    found = tree_neighbours_match(1, depth, graphs=60, directed=directed)
    leaves = 2**depth
    tree = nx.balanced_tree(2, depth)
    nodes = [node for node in tree if tree.degree(node) == 1]
    assert len(nodes) == leaves and found.classes == leaves
    assert all(nx.shortest_path_length(tree, 0, node) == depth for node in nodes)
    for data in found:
        arcs = set(map(tuple, data.edge_index.T.tolist()))
        up = {(child, parent) for parent, child in tree.edges}
        assert arcs == (up if directed else up | {(b, a) for a, b in up})
        key, value = data.x[:, :leaves], data.x[:, leaves:]
        (match,) = [node for node in nodes if torch.equal(key[node], key[0])]
        assert torch.equal(value[match], torch.nn.functional.one_hot(data.y[0], leaves).float())
        assert not value[0].any() and int(key[0].sum()) == 1 and data.root_index.tolist() == [0]
        for part in (key, value):  # every key once, every value once
            assert torch.equal(part[nodes].sum(0), torch.ones(leaves))
        inner = [node for node in tree if node and node not in nodes]
        assert not data.x[inner].any()


def test_no_two_trees_are_equal_and_all_can_be_had() -> None:
    found = tree_neighbours_match(depth=2, graphs=96)
    assert len({data.x.numpy().tobytes() for data in found}) == 96 == 4 * math.factorial(4)
    pairs = {(int(data.x[0].argmax()), tuple(data.x[3:, 4:].argmax(1).tolist())) for data in found}
    assert pairs == set(itertools.product(range(4), itertools.permutations(range(4))))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_set_twice_and_leaves_global_generators_alone(name: str) -> None:
    state = torch.get_rng_state()
    first, again, other = (datasets.load(name, seed=seed, graphs=50) for seed in (3, 3, 4))
    assert isinstance(first, Graphs) and isinstance(other, Graphs)
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.root_index, b.root_index)
    assert torch.equal(first.train_mask, again.train_mask)
    assert not torch.equal(first.y, other.y)


@pytest.mark.parametrize("name", NAMES)
def test_is_listed_for_graphs_and_batches_with_its_root(name: str) -> None:
    assert name in datasets.names("graph") and name not in datasets.names("node")
    found = datasets.load(name.upper().replace("-", "_"), graphs=20, splits=3)
    assert isinstance(found, Graphs) and found.train_mask.shape == (20, 3)
    nodes = found[0].num_nodes
    batch = Batch.from_data_list(found[:3])
    assert batch.root_index.tolist() == [
        int(data.root_index) + i * nodes for i, data in enumerate(found[:3])
    ]
    resolved = datasets.resolve(name, graphs=20)
    assert resolved["name"] == name and resolved["graphs"] == 20 and resolved["seed"] == 0


def test_the_card_tells_how_many_graphs_differ() -> None:
    card = datasets.card("ring-transfer", nodes=12, graphs=100)
    assert isinstance(card, datasets.GraphsCard)
    assert (card.repeats, card.torn, card.nodes) == (95, 0, (12, 12.0, 12))
    text = str(card)
    assert "none: generated" in text and "random, stratified" in text and "ring_transfer" in text
    for topology, kinds in (("ring", 9), ("clique-path", 18)):  # a ring looks alike from both ends
        swapped = datasets.card(
            "graph-transfer", topology=topology, swap=True, classes=3, graphs=300
        )
        assert isinstance(swapped, datasets.GraphsCard)
        assert (300 - swapped.repeats, swapped.torn) == (kinds, 0), "the root is marked"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: graph_transfer(topology="rings"), "unknown topology 'rings'; did you mean 'ring'"),
        (lambda: graph_transfer(nodes=3), "nodes is 3, but it must be a whole number of at least"),
        (lambda: ring_transfer(classes=1), "classes is 1"),
        (lambda: ring_transfer(graphs=4), "graphs is 4, but it must be a whole number of at least"),
        (lambda: ring_transfer(seed=-1), "seed is -1"),
        (lambda: tree_neighbours_match(depth=1), "depth is 1"),
        (lambda: tree_neighbours_match(depth=2, graphs=97), "there are 96 different trees of dep"),
        (lambda: tree_neighbours_match(depth=14), "2000 trees of depth 14 takes .* GB"),
        (
            lambda: datasets.load("ring-transfer", normalize_features=True),
            "many graphs: leave norm",
        ),
        (lambda: datasets.load("ring-transfer", node=4), "did you mean 'nodes'"),
        (lambda: datasets.load("ring-transfer", split="public"), "takes no split"),
        (
            lambda: datasets.load("csl", split=torch.eye(3)),
            "split is tensor.* but it must be a word",
        ),
    ],
)
def test_bad_settings_get_one_sentence(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
