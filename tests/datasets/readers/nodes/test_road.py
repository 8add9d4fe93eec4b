"""Road networks: labels against networkx, readers against files written by hand and real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from gnnlab.datasets import card, equal_shares, hop_eccentricity, load
from gnnlab.datasets.catalogue.records import Record, find, records
from gnnlab.datasets.readers import RawGraph
from gnnlab.datasets.readers.nodes.road import great_circles, read
from gnnlab.datasets.values.masks import evenly

ROADS = ("Anaheim", "Berlin-Center", "Chicago-Sketch", "GoldCoast", "chicago-regional", "minnesota")


def eccentricity(graph: nx.Graph, node: int, radius: int) -> float:
    """As the release computes it: inside the subgraph of the ball."""
    ball = nx.single_source_shortest_path_length(graph, node, cutoff=radius)
    return float(nx.eccentricity(graph.subgraph(ball), v=node, weight="length"))


@given(
    st.integers(1, 14),
    st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13), st.floats(0, 9)), max_size=40),
    st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_eccentricity_within_hops_is_that_of_networkx(
    nodes: int, edges: list[tuple[int, int, float]], radius: int
) -> None:
    graph = nx.empty_graph(nodes)
    graph.add_weighted_edges_from(
        [(u % nodes, v % nodes, w) for u, v, w in edges if u % nodes != v % nodes], "length"
    )
    arcs = [(u, v, w) for u, v, w in graph.edges(data="length")]
    arcs = arcs + [(v, u, w) for u, v, w in arcs] + [(0, 0, 7.0)]
    edge_index = torch.tensor([arc[:2] for arc in arcs]).T
    found = hop_eccentricity(edge_index, nodes, torch.tensor([arc[2] for arc in arcs]), radius)
    expected = [eccentricity(graph, node, radius) for node in range(nodes)]
    # float32 lengths were given, and added up in float64.
    assert found.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    hops = hop_eccentricity(edge_index, nodes, max_hop=radius)
    nx.set_edge_attributes(graph, 1, "length")
    assert hops.tolist() == [eccentricity(graph, node, radius) for node in range(nodes)]


def test_the_way_stays_in_the_ball_and_parallel_roads_count_by_their_mean() -> None:
    # The long road 0-2 is the only way within one hop; by 1, two hops away, it would be shorter.
    edges = torch.tensor([[0, 2, 0, 1, 1, 2], [2, 0, 1, 0, 2, 1]])
    length = torch.tensor([10.0, 10, 1, 1, 1, 1])
    assert hop_eccentricity(edges, 3, length, 1).tolist() == [2, 1, 2]
    spoke = torch.tensor([[0, 2, 0, 1, 1, 3, 3, 2], [2, 0, 1, 0, 3, 1, 2, 3]])
    around = torch.tensor([10.0, 10, 1, 1, 1, 1, 1, 1])
    assert hop_eccentricity(spoke, 4, around, 1)[0] == 10
    assert hop_eccentricity(spoke, 4, around, 2)[0] == 3
    both = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0]])
    assert hop_eccentricity(both, 2, torch.tensor([1.0, 2, 3, 6])).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (torch.ones(3), r"shape \(3,\), but there are 2 edges"),
        (torch.tensor([1.0, -1.0]), "negative or infinite"),
        (torch.tensor([1.0, float("nan")]), "negative or infinite"),
    ],
)
def test_bad_lengths_are_refused(length: torch.Tensor, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hop_eccentricity(torch.tensor([[0, 1], [1, 0]]), 2, length)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_equal_shares_follow_the_rank_and_keep_ties_together(
    numbers: list[int], classes: int
) -> None:
    values = torch.tensor(numbers, dtype=torch.float64)
    found = equal_shares(values, classes)
    for value, label in zip(numbers, found.tolist(), strict=True):
        assert label == classes * sum(other < value for other in numbers) // len(numbers)
    whole = equal_shares(torch.randperm(len(numbers)), classes)
    sizes = torch.bincount(whole, minlength=classes)
    assert int(sizes.max() - sizes.min()) <= 1 and len(sizes) == classes


def test_city_splits_take_a_tenth_of_all_nodes_whatever_their_class() -> None:
    y = torch.cat([torch.zeros(900), torch.ones(109), -torch.ones(20)]).long()
    masks = evenly(y, 4, seed=2)
    assert masks.train.sum(0).tolist() == masks.val.sum(0).tolist() == [100] * 4
    assert masks.test.sum(0).tolist() == [809] * 4
    assert not bool((masks.train | masks.val | masks.test)[y < 0].any())
    assert len({tuple(column) for column in masks.train.T.tolist()}) == 4
    assert masks.train[y == 1].sum(0).tolist() != [10] * 4  # not stratified
    assert torch.equal(masks.val, evenly(y, 4, seed=2).val)


NET = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 8
<FIRST THRU NODE> 3
<END OF METADATA>

~\tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tb\tpower\tspeed\ttoll\tlink_type\t;
\t1\t3\t9\t1\t1\t0\t4\t5\t0\t3\t;
\t3\t4\t900\t1\t2\t0\t4\t30\t0\t1\t;
\t4\t3\t900\t3\t2\t0\t4\t50\t0\t1\t;
\t4\t6\t500\t5\t1\t0\t4\t40\t0\t2\t;
\t6\t3\t700\t4\t1\t0\t4\t20\t0\t1\t;
\t7\t8\t700\t4\t1\t0\t4\t20\t0\t1\t;
\t8\t2\t700\t4\t1\t0\t4\t20\t0\t3\t;
"""
PLACES = "node\tX\tY\t;\n" + "".join(
    f"{i}\t{10 * i}\t{i * i}\t;\n" for i in (8, 7, 6, 5, 4, 3, 2, 1)
)


def twin(root: Path, net: str = NET, places: str = PLACES, label: str = "local") -> Record:
    home = root / "road" / "twin"
    home.mkdir(parents=True)
    files = {"net.tntp": net, "node.tntp": places}
    if places.startswith("{"):
        files = {"net.tntp": net, "node.geojson": places}
    for name, text in files.items():
        (home / name).write_text(text)
    return replace(
        find("Anaheim"),
        name="twin",
        files=tuple(f"road/twin/{name}" for name in files),
        options={"label": label},
    )


def read_from(record: Record, root: Path) -> RawGraph:
    """Read a few nodes, of which deciles make no ten classes."""
    return read(record, lambda path: root / path)


def test_a_network_is_read_without_zones_and_in_its_largest_part(tmp_path: Path) -> None:
    data = read_from(twin(tmp_path), tmp_path)
    # Nodes 3, 4 and 6 of the file; the part of 7 and 8 is smaller, 1 and 2 are zones.
    assert data.edge_index.tolist() == [[0, 0, 1], [1, 2, 2]]  # of lengths 2, 4 and 5
    expected = np.array(
        [  # x, y, neighbours, then means: length, capacity, time, speed, types 1 and 2, one-way
            [30, 9, 2, 3.0, 800, 1.5, 30, 1.0, 0.0, 0.5],
            [40, 16, 2, 3.5, 700, 1.5, 40, 0.5, 0.5, 0.5],
            [60, 36, 2, 4.5, 600, 1.0, 30, 0.5, 0.5, 1.0],
        ]
    )
    spread = expected.std(0)
    scaled = (expected - expected.mean(0)) / np.where(spread > 0, spread, 1)
    assert np.allclose(data.x.numpy(), scaled, atol=1e-6)


def test_labels_follow_from_lengths(tmp_path: Path) -> None:
    line = NET.split("\t1\t3")[0] + "".join(
        f"{i}\t{i + 1}\t9\t{length}\t1\t0\t4\t5\t0\t1\t;\n"
        for i, length in enumerate((1, 2, 4, 8), start=3)
    )
    found = {}
    for label in ("eccentricity", "local"):
        root = tmp_path / label
        found[label] = read_from(twin(root, net=line, label=label), root).y.tolist()
    # A path with roads of 1, 2, 4 and 8: the farthest ends are 15, 14, 12, 8 and 15 away.
    assert found["eccentricity"] == [6, 4, 2, 0, 6]
    # The roads that meet have mean lengths 1, 1.5, 3, 6 and 8, over neighbours rising as well.
    assert found["local"] == [0, 2, 4, 6, 8]


def test_places_may_be_geojson(tmp_path: Path) -> None:
    features = [
        {"properties": {"id": i}, "geometry": {"type": "Point", "coordinates": [10.0 * i, i * i]}}
        for i in range(1, 9)
    ]
    one = twin(tmp_path / "a", places=json.dumps({"features": features}))
    other = twin(tmp_path / "b")
    assert torch.equal(read_from(one, tmp_path / "a").x, read_from(other, tmp_path / "b").x)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"net": NET.replace("<NUMBER OF ZONES> 2", "")}, "cannot be read as a TNTP network"),
        ({"net": NET.replace("length", "width")}, "it has no column length"),
        ({"net": NET.replace("init_node", "from")}, "cannot be read as a TNTP network"),
        ({"net": NET.replace("\t900", "\tmany", 1)}, "cannot be read as a TNTP network"),
        ({"net": NET.replace("\t900", "", 1)}, "cannot be read as a TNTP network"),
        ({"net": NET.partition("~")[0]}, "cannot be read as a TNTP network"),
        ({"places": PLACES.replace("4\t40", "9\t40")}, "names node 4, which node.tntp lacks"),
        ({"places": "node X Y\n1 here there"}, "cannot be read as coordinates of nodes"),
        ({"places": '{"features": [{}]}'}, "cannot be read as coordinates of nodes"),
    ],
)
def test_damaged_networks_get_one_sentence(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    record = twin(tmp_path, **files)
    with pytest.raises(ValueError, match=said):
        read_from(record, tmp_path)


def test_minnesotas_lengths_are_great_circles(tmp_path: Path) -> None:
    from scipy.sparse import coo_matrix

    home = tmp_path / "road" / "twin"
    home.mkdir(parents=True)
    place = np.array([[-90.0, 45.0], [-90.0, 46.0], [-91.0, 46.0], [-80.0, 40.0], [-80.0, 41.0]])
    rows, columns = [0, 1, 1, 2, 3], [1, 0, 2, 1, 4]
    matrix = coo_matrix(([1.0, 2.0, 1.0, 1.0, 1.0], (rows, columns)), shape=(5, 5))
    savemat(home / "twin.mat", {"A": matrix.tocsc(), "xy": place})
    record = replace(find("minnesota-local"), files=("road/twin/twin.mat",))
    data = read_from(record, tmp_path)
    assert data.edge_index.tolist() == [[0, 1], [1, 2]]
    degree = 2 * np.pi * 6371 / 360
    north, west = great_circles(place[[0, 1]], place[[1, 2]])
    assert north == pytest.approx(degree)
    assert west == pytest.approx(degree * np.cos(np.radians(46)), rel=1e-4)
    meeting = np.array([north, (north + west) / 2, west])
    assert np.allclose(data.x[:, 3], (meeting - meeting.mean()) / meeting.std(), atol=1e-5)
    (home / "twin.mat").write_bytes(b"no")
    with pytest.raises(ValueError, match="cannot be read as a MATLAB file with A and xy"):
        read_from(record, tmp_path)


def at_hand(name: str) -> Any:
    try:
        return load(name)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")


@pytest.mark.parametrize("name", ROADS)
def test_a_real_network_is_connected_and_both_its_labels_are_deciles(
    mirror: Path, name: str
) -> None:
    far, near = at_hand(name), at_hand(f"{name}-local")
    assert torch.equal(far.edge_index, near.edge_index) and torch.equal(far.x, near.x)
    graph = nx.Graph(far.edge_index.T.tolist())
    assert nx.is_connected(graph) and graph.number_of_nodes() == len(far.y)
    assert not torch.equal(far.y, near.y)
    for data in (far, near):
        share = torch.bincount(data.y, minlength=10) / len(data.y)
        assert float((share - 0.1).abs().max()) < 0.01
        train, val, test = (data[f"{part}_mask"][:, 0].sum() for part in ("train", "val", "test"))
        assert train == val == len(data.y) // 10 and train + val + test == len(data.y)
    assert far.x.double().mean(0).abs().max() < 1e-5
    # The near label rises with a mean over a node and its neighbours of a feature they have.
    source, target = near.edge_index
    length = near.x[:, 3].double()
    around = length.scatter_add(0, target, length[source]) / (1 + torch.bincount(target))
    tops = torch.stack([around[near.y == label].max() for label in range(10)])
    lows = torch.stack([around[near.y == label].min() for label in range(10)])
    assert bool((tops[:-1] <= lows[1:] + 1e-5).all())
    variance = far.x.double().var(0, correction=0)
    assert bool(((variance - 1).abs().minimum(variance) < 1e-4).all())


@pytest.mark.parametrize("name", ["Anaheim", "GoldCoast", "minnesota"])
def test_real_labels_are_those_of_networkx_on_the_files(mirror: Path, name: str) -> None:
    data = at_hand(name)
    folder = mirror / "road" / name
    graph = by_hand(folder)
    part = sorted(max(nx.connected_components(graph), key=len))
    assert len(part) == len(data.y)
    place = {node: i for i, node in enumerate(part)}
    pairs = {frozenset((place[u], place[v])) for u, v in graph.edges if u in place}
    assert pairs == {frozenset(pair) for pair in data.edge_index.T.tolist()}
    step = max(1, len(part) // 40)
    sample = part[::step]
    values = [eccentricity(graph, node, 16) for node in sample]
    labels = data.y[::step].tolist()
    for a, b in zip(values, labels, strict=True):
        for c, d in zip(values, labels, strict=True):
            assert a >= c or b <= d, "a shorter eccentricity never has a higher class"
    assert len(set(labels)) == 10


def by_hand(folder: Path) -> nx.Graph:
    """The roads of the files with mean lengths, zones left out, read without the readers."""
    sums: dict[tuple[int, int], list[float]] = {}
    if folder.name == "minnesota":
        from scipy.io import loadmat

        content = loadmat(folder / "minnesota.mat")
        place = content["xy"]
        for u, v in zip(*content["A"].nonzero(), strict=True):
            length = great_circles(place[[u]], place[[v]])[0]
            sums.setdefault((min(u, v), max(u, v)), []).append(float(length))
    else:
        net = next(path for path in folder.glob("*net*.tntp"))
        lines = net.read_text().splitlines()
        zones = int(lines[0].split(">")[1])
        for line in lines:
            words = line.replace(";", "").split()
            if len(words) == 10 and words[0].isdigit():
                u, v = int(words[0]), int(words[1])
                if min(u, v) > zones:
                    sums.setdefault((min(u, v), max(u, v)), []).append(float(words[3]))
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        [(u, v, sum(all_) / len(all_)) for (u, v), all_ in sums.items()], "length"
    )
    return graph


def test_the_catalogue_has_each_network_with_both_labels() -> None:
    own = {record.name: record for record in records() if record.source == "road"}
    assert set(own) == {*ROADS, *(f"{name}-local" for name in ROADS)}
    for name in ROADS:
        far, near = own[name], own[f"{name}-local"]
        assert (far.options, near.options) == ({"label": "eccentricity"}, {"label": "local"})
        assert far.files == near.files and far.statistics == near.statistics
        assert far.default_split == near.default_split == "city:0"


def test_the_card_says_split_and_licence(mirror: Path) -> None:
    at_hand("Anaheim")
    text = str(card("Anaheim", split="city:3"))
    assert "city:3: 10 of train / val / test 37 / 37 / 304" in text
    assert "academic research only" in text and "liang2025quantifying" in text
    with pytest.raises(ValueError, match="'random:0', 'planetoid:0', 'shchur:0', 'city:0'"):
        load("Anaheim", split="public")
