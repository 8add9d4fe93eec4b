"""What every exported rewiring must be, whatever it chooses."""

from __future__ import annotations

import inspect
import pickle
from collections import Counter

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from rewiring_cases import CASES, METHODS, STRUCTURES
from rewiring_graphs import arcs, both, data_of, graphs
from torch_geometric.data import Batch, Data

from gnnlab import rewiring
from gnnlab.rewiring import RandomEdges, Rewiring, count_edge_types
from gnnlab.runner.reports.cite import source

every_method = pytest.mark.parametrize("name", METHODS)
few = settings(max_examples=25, deadline=None)


def test_every_exported_rewiring_is_covered() -> None:
    listed = rewiring.rewirings()
    edges = {name for name, cls in listed.items() if issubclass(cls, Rewiring)}
    assert {name.split()[0] for name in METHODS} == edges
    assert {name.split()[0] for name in STRUCTURES} == set(listed) - edges


@pytest.mark.parametrize("name", sorted(rewiring.rewirings()))
def test_says_its_formula_shapes_and_source(name: str) -> None:
    cls = rewiring.rewirings()[name]
    text = inspect.getdoc(cls) or ""
    assert "Shapes:" in text and "Raises:" in text and (".. math::" in text or ":math:" in text)
    assert name == "Identity" or "https://" in " ".join(source(cls))


@every_method
@few
@given(data=graphs())
def test_leaves_the_input_alone_and_repeats_itself(name: str, data: Data) -> None:
    before = {key: value for key, value in data.clone()}
    first, second = CASES[name]()(data), CASES[name]()(data)
    assert set(data.keys()) == set(before)
    assert all(
        torch.equal(value, data[key]) if isinstance(value, torch.Tensor) else value == data[key]
        for key, value in before.items()
    )
    assert torch.equal(first.edge_index, second.edge_index)
    assert torch.equal(first.edge_type, second.edge_type)


@every_method
@few
@given(data=graphs())
def test_marks_exactly_what_it_adds_and_keeps_the_rest(name: str, data: Data) -> None:
    method = CASES[name]()
    out = method(data)
    old = out.edge_type == 0
    kept, added = out.edge_index[:, old], out.edge_index[:, ~old]
    assert arcs(added).isdisjoint(arcs(data.edge_index))
    assert len(arcs(added)) == added.shape[1] and not bool((added[0] == added[1]).any())
    assert not Counter(map(tuple, kept.T.tolist())) - Counter(
        map(tuple, data.edge_index.T.tolist())
    )
    assert out["num_edge_types"] == 1 + method.types
    assert int(out.edge_type.max() if out.num_edges else 0) <= method.types
    # Rows of edges move with their edge: here each says where it was.
    place = out.edge_attr[old, 0].long() - 1
    assert bool((place.diff() > 0).all())
    assert torch.equal(data.edge_index[:, place], kept)
    assert torch.equal(out.edge_weight[old], data.edge_weight[place])
    assert bool((out.edge_attr[~old] == 0).all()) and bool((out.edge_weight[~old] == 1).all())
    for key in ("x", "y", "train_mask"):
        assert torch.equal(out[key], data[key])
    assert out.name == "small"


@every_method
@few
@given(data=graphs())
def test_an_undirected_graph_stays_one(name: str, data: Data) -> None:
    out = CASES[name]()(data)
    for kind in out.edge_type.unique():
        edges = out.edge_index[:, out.edge_type == kind]
        assert arcs(edges) == arcs(edges.flip(0))


@every_method
@few
@given(data=graphs())
def test_does_not_depend_on_the_order_of_edges_and_their_repeats(name: str, data: Data) -> None:
    simple = torch.unique(data.edge_index, dim=1)
    plain = Data(x=data.x, edge_index=simple[:, simple[0] != simple[1]])
    out, other = CASES[name]()(data), CASES[name]()(plain)
    marked = [
        [*zip(*g.edge_index.tolist(), g.edge_type.tolist(), strict=True)] for g in (out, other)
    ]
    assert {arc for arc in marked[0] if arc[0] != arc[1]} == set(marked[1])


def typed(data: Data) -> set[tuple[int, int, int]]:
    """Source, target and type of every arc that is no loop."""
    rows = zip(*data.edge_index.tolist(), data.edge_type.tolist(), strict=True)
    return {(u, v, kind) for u, v, kind in rows if u != v}


@every_method
def test_awkward_graphs(name: str) -> None:
    method = CASES[name]()
    for nodes, pairs in ((0, []), (1, []), (1, [(0, 0)]), (5, []), (6, [(0, 1), (3, 4)])):
        out = method(Data(x=torch.ones(nodes, 1), edge_index=both(pairs)))
        assert out.num_nodes == nodes and out["num_edge_types"] == 1 + method.types
        assert out.edge_type.shape == (out.num_edges,)


@every_method
def test_never_goes_past_a_complete_graph(name: str) -> None:
    out = CASES[name]()(data_of(nx.complete_graph(6)))
    assert bool((out.edge_type == 0).all())


@every_method
def test_graphs_of_different_size_batch(name: str) -> None:
    parts = [data_of(nx.path_graph(9)), data_of(nx.complete_graph(3)), data_of(nx.empty_graph(2))]
    rewired = [CASES[name]()(part) for part in parts]
    assert all(set(part.keys()) == set(rewired[0].keys()) for part in rewired)
    batch = Batch.from_data_list(rewired)
    assert batch.num_edges == sum(part.num_edges for part in rewired)
    assert batch["num_edge_types"].tolist() == [1 + CASES[name]().types] * 3
    assert bool((batch.batch[batch.edge_index[0]] == batch.batch[batch.edge_index[1]]).all())


@every_method
def test_a_batch_is_refused(name: str) -> None:
    batch = Batch.from_data_list([data_of(nx.path_graph(3))] * 2)
    with pytest.raises(ValueError, match="Batch of 2 graphs was given.*gnnlab.rewiring.apply"):
        CASES[name]()(batch)


@every_method
def test_a_directed_graph_is_refused(name: str) -> None:
    method = CASES[name]()
    data = Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1, 3], [1, 0, 2]]))
    if not method.undirected:
        assert method(data).num_edges == 3
        return
    with pytest.raises(ValueError, match="an edge 3 -> 2 but none back.*ToUndirected"):
        method(data)


@every_method
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("edge_index", torch.tensor([[0, 7], [7, 0]]), "names node 7"),
        ("edge_index", torch.tensor([[0.0, 1.0], [1.0, 0.0]]), "float32"),
        ("edge_index", None, "missing"),
        ("edge_weight", torch.tensor([float("nan"), 1]), "edge_weight is nan in row 0"),
        ("edge_type", torch.tensor([0.0, 1.0]), r"edge types are numbers from 0"),
        ("edge_type", torch.tensor([-1, 0]), r"edge_type is -1"),
        ("num_edge_types", 0, "num_edge_types is 0|store 1"),
    ],
)
def test_bad_edges_are_refused(name: str, key: str, value: object, message: str) -> None:
    data = Data(x=torch.ones(3, 1), edge_index=both([(0, 1)]), edge_type=torch.tensor([0, 0]))
    data[key] = value
    with pytest.raises(ValueError, match=message):
        CASES[name]()(data)


@every_method
def test_counts_types_from_those_of_the_dataset(name: str) -> None:
    data = data_of(nx.path_graph(9))
    data.edge_type = torch.arange(16) % 3
    data["num_edge_types"] = 5
    method = CASES[name]()
    once = method(data)
    assert count_edge_types(once) == once["num_edge_types"] == 5 + method.types
    assert set(once.edge_type.tolist()) <= {0, 1, 2, *range(5, 5 + method.types)}
    twice = method(once)
    assert twice["num_edge_types"] == 5 + 2 * method.types


@every_method
def test_keeps_the_number_of_nodes_without_features(name: str) -> None:
    out = CASES[name]()(Data(edge_index=both([(0, 1), (1, 2), (2, 3)]), num_nodes=6))
    assert out.num_nodes == 6


@every_method
def test_is_a_value(name: str) -> None:
    method = CASES[name]()
    assert method == CASES[name]() and hash(method) == hash(CASES[name]())
    assert pickle.loads(pickle.dumps(method)) == method
    with pytest.raises(AttributeError):
        method.fill = 3.0  # type: ignore[misc]


def test_fill_and_other_rows_of_edges() -> None:
    data = data_of(nx.path_graph(4))
    data.edge_attr = torch.ones(6, 2, dtype=torch.int64)
    data.edge_time = torch.ones(6)
    data.edge_label = torch.ones(6)  # of the target links, however many there are
    out = RandomEdges(add=2, fill=7)(data)
    assert out.edge_attr[6:].tolist() == [[7, 7]] * 4 and out.edge_time[6:].tolist() == [7] * 4
    assert out.edge_label.shape == (6,)
    with pytest.raises(ValueError, match="fill is nan"):
        RandomEdges(fill=float("nan"))


def test_names_resolve_and_mistakes_are_met() -> None:
    assert rewiring.find("fo-sr") is rewiring.FoSR
    with pytest.raises(ValueError, match="unknown rewiring 'lasr'; did you mean LASER"):
        rewiring.find("lasr")
    assert rewiring.find("hops") is rewiring.AddHops
    with pytest.raises(ValueError, match="unknown rewiring 'add-hops'; did you mean Hops"):
        rewiring.find("add-hops")
