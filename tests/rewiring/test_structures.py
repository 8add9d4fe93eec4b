"""What is listed beside the rewirings, but stores something and leaves the edges alone."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from rewiring_cases import CASES, STRUCTURES
from rewiring_graphs import both, data_of, graphs
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from gnnlab import rewiring
from gnnlab.rewiring import AddHops, apply
from gnnlab.structure.transforms import known_hops

every_structure = pytest.mark.parametrize("name", STRUCTURES)
few = settings(max_examples=25, deadline=None)
SIZES = (9, 3, 5)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    return tmp_path / "rewired"


def equal(first: Data, second: Data) -> bool:
    return set(first.keys()) == set(second.keys()) and all(
        torch.equal(value, second[key]) if isinstance(value, Tensor) else value == second[key]
        for key, value in first.to_dict().items()
    )


def of_three_sizes() -> list[Data]:
    return [
        data_of(nx.path_graph(SIZES[0])),
        data_of(nx.complete_graph(SIZES[1])),
        data_of(nx.empty_graph(SIZES[2])),
    ]


@every_structure
@few
@given(data=graphs())
def test_adds_keys_and_changes_none(name: str, data: Data) -> None:
    before, method = data.clone(), CASES[name]()
    found = method(data)
    assert equal(data, before)
    added = set(found.keys()) - set(data.keys())
    assert added and equal(Data.from_dict({key: found[key] for key in data.keys()}), data)
    assert not [key for key in added if "batch" in key or "adj" in key]
    for key in added:  # PyG adds the number of nodes to these
        assert ("index" in key) == key.endswith("_index")
        assert not key.endswith("_index") or found[key].shape[1:] == found[key].shape[-1:]
    assert equal(method(data), found)


@every_structure
@few
@given(data=graphs())
def test_the_order_of_edges_and_their_repeats_change_nothing(name: str, data: Data) -> None:
    simple = torch.unique(data.edge_index, dim=1)
    plain = Data(x=data.x, edge_index=simple[:, simple[0] != simple[1]])
    found, other = CASES[name]()(data), CASES[name]()(plain)
    for key in set(found.keys()) - set(data.keys()):
        assert not isinstance(found[key], Tensor) or torch.equal(found[key], other[key])


@every_structure
def test_keys_are_the_same_on_every_graph(name: str) -> None:
    for nodes, pairs in ((0, []), (1, []), (1, [(0, 0)]), (5, []), (6, [(0, 1), (3, 4)])):
        out = CASES[name]()(Data(x=torch.ones(nodes, 1), edge_index=both(pairs)))
        assert set(out.keys()) == set(CASES[name]()(of_three_sizes()[0]).keys())


@every_structure
def test_batches_as_the_graphs_one_by_one(name: str) -> None:
    found = [CASES[name]()(data) for data in of_three_sizes()]
    batch = Batch.from_data_list(found)
    assert batch.num_nodes == sum(SIZES)
    assert all(equal(*two) for two in zip(batch.to_data_list(), found, strict=True))
    for key in [key for key in found[0].keys() if key.endswith("_index")]:
        ends = batch[key]
        assert bool((batch.batch[ends] == batch.batch[ends[:1]]).all())
    loaded = next(iter(DataLoader(found, batch_size=3)))
    assert equal(loaded, batch)


@every_structure
def test_a_batch_and_bad_edges_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Batch of 3 graphs was given.*gnnlab.rewiring.apply"):
        CASES[name]()(Batch.from_data_list(of_three_sizes()))
    for edge_index, message in (
        (torch.tensor([[0, 7], [7, 0]]), "names node 7"),
        (torch.tensor([[0.0], [1.0]]), "float32"),
        (None, "missing"),
    ):
        with pytest.raises(ValueError, match=message):
            CASES[name]()(Data(x=torch.ones(3, 1), edge_index=edge_index))


@every_structure
def test_is_a_value(name: str) -> None:
    method = CASES[name]()
    assert method == CASES[name]() and hash(method) == hash(CASES[name]())
    assert pickle.loads(pickle.dumps(method)) == method
    with pytest.raises(AttributeError):
        method.max_hop = 2  # type: ignore[attr-defined]


@every_structure
def test_numbers_have_the_same_names_for_every_graph(name: str) -> None:
    method = CASES[name]()
    found = [method.numbers(method(data)) for data in of_three_sizes()]
    assert found[0] and all(own.keys() == found[0].keys() for own in found)


def test_a_path() -> None:
    data = Data(x=torch.ones(4, 1), edge_index=both([(0, 1), (1, 2), (2, 3)]))
    found = AddHops(2)(data)
    assert found.hop_index.tolist() == [
        [1, 0, 2, 1, 3, 2, 2, 3, 0, 1],
        [0, 1, 1, 2, 2, 3, 0, 1, 2, 3],
    ]
    assert found.hop.tolist() == [1] * 6 + [2] * 4
    assert found.hop_index.dtype == found.hop.dtype == torch.int64
    assert AddHops(2).numbers(found) == {"pairs at hop 1": 6, "pairs at hop 2": 4}


def test_messages_follow_the_arcs_of_a_directed_graph() -> None:
    data = Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1, 2], [1, 2, 0]]))
    found = AddHops(7)(data)
    pairs = sorted(zip(found.hop.tolist(), *found.hop_index.tolist(), strict=True))
    assert pairs == [(1, 0, 1), (1, 1, 2), (1, 2, 0), (2, 0, 2), (2, 1, 0), (2, 2, 1)]


def test_a_batch_offsets_the_nodes_and_not_the_hops() -> None:
    parts = [AddHops(3)(data) for data in of_three_sizes()]
    batch = Batch.from_data_list(parts)
    moved = [part.hop_index + start for part, start in zip(parts, (0, 9, 12), strict=True)]
    assert torch.equal(batch.hop_index, torch.cat(moved, 1))
    assert torch.equal(batch.hop, torch.cat([part.hop for part in parts]))
    assert batch.hop_of == [part.hop_of for part in parts]


def test_holds_tells_this_graph_and_this_distance() -> None:
    data = data_of(nx.cycle_graph(9))
    found = AddHops(3)(data)
    assert not AddHops(3).holds(data) and AddHops(3).holds(found)
    assert known_hops(data) == 0 and known_hops(found) == 3
    assert known_hops(Batch.from_data_list([found, found])) == 0
    assert known_hops(Data(edge_index=data.edge_index, hop_of=found.hop_of, num_nodes=9)) == 0
    assert not AddHops(2).holds(found) and not AddHops(4).holds(found)
    again = AddHops(3)(found)
    assert again.hop_index is found.hop_index and again is not found  # nothing was computed
    rewired = rewiring.RandomEdges(add=2)(found)
    assert not AddHops(3).holds(rewired)
    assert AddHops(3)(rewired).hop.shape != found.hop.shape
    found.num_nodes, found.x = 10, torch.ones(10, 1)
    assert not AddHops(3).holds(found)


def test_distances_come_after_edges_that_a_rewiring_adds() -> None:
    data = data_of(nx.path_graph(12))
    both_ways = AddHops(3)(rewiring.RandomEdges(add=4)(data))
    expected = AddHops(3)(Data(x=data.x, edge_index=both_ways.edge_index))
    assert torch.equal(both_ways.hop_index, expected.hop_index)
    assert "edge_type" in both_ways and "edge_type" not in expected


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "3"])
def test_a_bad_max_hop_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="max_hop is .* whole number of at least 1"):
        AddHops(value)  # type: ignore[arg-type]


def test_too_many_pairs_of_a_dataset_are_refused_together(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = [data_of(nx.complete_graph(nodes)) for nodes in range(30, 60)]
    monkeypatch.setattr("gnnlab.structure.transforms.base.SHARE", 1)
    pairs = sum(nodes * (nodes - 1) for nodes in range(30, 60))
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 32 * pairs)
    with pytest.raises(ValueError, match=f"{pairs:,} pairs .* up to 5 hops apart .*lower max_hop"):
        apply(AddHops(5), data)
    assert not home.exists()
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 41 * pairs)
    apply(AddHops(5), data)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 24)
    with pytest.raises(ValueError, match="lower max_hop"):  # also where they are only read
        apply(AddHops(5), data)


def several() -> list[Data]:
    data = [data_of(nx.gnp_random_graph(20 + i, 0.1, seed=i)) for i in range(12)]
    return [*data, *of_three_sizes(), data_of(nx.path_graph(300))]


def test_reads_back_what_it_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = apply(AddHops(4), several())
    monkeypatch.setattr(AddHops, "results", None)  # so nothing can be computed
    monkeypatch.setattr("gnnlab.structure.transforms.hops.BLOCK", 500)
    assert all(map(equal, apply(AddHops(4), several()), made))
    assert all(map(equal, apply(AddHops(4), several()[::-3]), made[::-3]))
    assert len(list(home.glob("AddHops-*/*.npz"))) == 1


def test_goes_on_where_it_stopped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, method = several(), AddHops(4)
    monkeypatch.setattr("gnnlab.structure.transforms.base.SHARE", 60)
    whole, seen = AddHops.results, []

    def stopped(self: AddHops, graphs: list[rewiring.Graph]) -> object:
        for number, found in enumerate(whole(self, graphs)):
            if number == 7:
                raise KeyboardInterrupt
            yield found

    def counted(self: AddHops, graphs: list[rewiring.Graph]) -> object:
        seen.extend(graphs)
        return whole(self, graphs)

    monkeypatch.setattr(AddHops, "results", stopped)
    with pytest.raises(KeyboardInterrupt):
        apply(method, data)
    monkeypatch.setattr(AddHops, "results", counted)
    found = apply(method, data)
    assert len(seen) == len(data) - 7
    assert len(list(home.glob("AddHops-*/*.npz"))) == 2
    assert all(map(equal, found, apply(method, data, cache=False)))


def test_another_distance_is_kept_elsewhere(home: Path) -> None:
    for max_hop in (2, 3, 2):
        apply(AddHops(max_hop), several())
    assert len(list(home.iterdir())) == 2
    assert replace(AddHops(2), max_hop=3) == AddHops(3)


def test_graphs_of_a_dataset_may_be_saved_alone(tmp_path: Path) -> None:
    (alone,) = (data.clone() for data in apply(AddHops(4), several())[:1])
    torch.save(alone.hop_index, tmp_path / "one.pt")
    assert (tmp_path / "one.pt").stat().st_size < 16 * alone.hop.numel() + 5000


def test_large_nodes_need_more_bytes_on_the_disk(home: Path) -> None:
    import numpy as np

    data = [data_of(nx.path_graph(nodes)) for nodes in (5, 400)]
    made = apply(AddHops(2), data[:1]) + apply(AddHops(2), data)
    kinds = {np.load(part)["pairs"].dtype.name for part in home.glob("*/*.npz")}
    assert kinds == {"uint8", "uint16"}
    assert all(map(equal, apply(AddHops(2), [data[0], *data]), made))
