"""Batches are PyG's own in every key, whatever the graphs carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from gnnlab import layers, tasks
from gnnlab.contracts.encoder import GraphReader
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.tasks.shared.collate import Collate
from gnnlab.tasks.shared.many_graphs import Parts

COUNT = 9


def graph(number: int) -> Data:
    """A ring of a size of its own with chords; the first one has a single node."""
    random = torch.Generator().manual_seed(number)
    nodes = 1 + number % 7
    ends = torch.randint(nodes, (2, 3 * (nodes - 1)), generator=random)
    ends = torch.cat([ends, torch.stack([torch.arange(nodes - 1), torch.arange(1, nodes)])], 1)
    ends = ends[:, ends[0] != ends[1]]
    edge_index = torch.unique(torch.cat([ends, ends.flip(0)], 1), dim=1)
    x = torch.randn(nodes, 3, generator=random)
    return Data(x=x, edge_index=edge_index, y=torch.tensor([number % 2]))


def graphs() -> list[Data]:
    return [graph(number) for number in range(COUNT)]


def same(ours: Any, theirs: Any) -> bool:
    """Equal in kind and to the bit."""
    if isinstance(theirs, Tensor):
        if theirs.is_sparse or theirs.is_sparse_csr:
            ours, theirs = ours.to_dense(), theirs.to_dense()
        return type(ours) is type(theirs) and ours.dtype == theirs.dtype and ours.equal(theirs)
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


CHOSEN = ((3,), (4, 0, 2), (0, 0), range(COUNT))


def check(own: Sequence[Data], chosen: Sequence[Sequence[int]] = CHOSEN) -> None:
    collate = Collate(own)
    for numbers in chosen:
        ours, theirs = collate(numbers), Batch.from_data_list([own[number] for number in numbers])
        assert type(ours) is type(theirs) and ours.num_graphs == theirs.num_graphs
        assert same(ours.to_dict(), theirs.to_dict())
        assert ours.num_nodes == theirs.num_nodes
        if "sparse" not in theirs and "adj" not in theirs:  # PyG cannot take these apart
            for one, other in zip(ours.to_data_list(), theirs.to_data_list(), strict=True):
                assert same(one.to_dict(), other.to_dict())


def with_key(key: str, value: Callable[[Data, int], Any]) -> list[Data]:
    own = graphs()
    for number, data in enumerate(own):
        data[key] = value(data, number)
    return own


KNOWN: dict[str, Callable[[Data, int], Any]] = {
    "edge_attr": lambda data, _: torch.rand(data.num_edges, 4),
    "edge_weight": lambda data, _: torch.rand(data.num_edges).double(),
    "edge_type": lambda data, _: torch.randint(3, (data.num_edges,)),
    "num_edge_types": lambda _, number: number,
    "num_nodes": lambda data, _: int(data.x.shape[0]),
    "pos": lambda data, _: torch.rand(data.x.shape[0], 2, 2),
    "seen": lambda data, _: torch.rand(data.x.shape[0]) < 0.5,
    "hop_index": lambda data, number: torch.randint(data.x.shape[0], (2, 5 * number)),
    "root_index": lambda data, _: torch.tensor([data.x.shape[0] - 1]),
    "path_index": lambda data, number: torch.randint(data.x.shape[0], (2, 3, number)),
    "face": lambda data, number: torch.randint(data.x.shape[0], (3, number)),
    "last_index": lambda data, _: torch.tensor(data.x.shape[0] - 1),
    "targets": lambda _, number: torch.tensor([[float(number), -1.0]]),
    "scale": lambda _, number: number / 3,
    "flat": lambda _, number: torch.tensor(0.5 * number),
    "name": lambda _, number: f"graph {number}",
}
OTHERS: dict[str, Callable[[Data, int], Any]] = {
    "node_index": lambda data, _: torch.zeros(data.x.shape[0], dtype=torch.int32),
    "start_index": lambda _, number: number,
    "half": lambda data, _: data.x.bfloat16(),
    "mixed": lambda data, number: data.x.double() if number % 2 else data.x,
    "minibatch": lambda data, _: torch.arange(data.x.shape[0]),
    "flag": lambda _, number: number > 3,
    "number": lambda _, number: number if number % 2 else number / 7,
    "table": lambda data, _: {"a": data.x, "b": [1, 2]},
    "parts": lambda data, _: [data.x, data.x + 1],
    "none": lambda _, number: (number, None),
    "sparse": lambda data, _: data.x.to_sparse_csr(),
    "adj": lambda data, _: torch.eye(data.x.shape[0]).to_sparse_csr(),
}


@pytest.mark.parametrize("key", sorted(KNOWN))
def test_keys_that_are_joined_here(key: str) -> None:
    own = with_key(key, KNOWN[key])
    known = Collate(own).columns.keys() | {"num_nodes"}
    assert known >= {*own[0].keys(), key}, "left to PyG"
    check(own)


@pytest.mark.parametrize("key", sorted(OTHERS))
def test_keys_that_are_left_to_pyg(key: str) -> None:
    own = with_key(key, OTHERS[key])
    assert key not in Collate(own).columns
    check(own)


def test_all_at_once() -> None:
    own = graphs()
    for key, value in {**KNOWN, **OTHERS}.items():
        for number, data in enumerate(own):
            data[key] = value(data, number)
    check(own)


def test_graphs_with_other_keys_than_the_rest_are_left_to_pyg() -> None:
    own = with_key("extra", lambda data, number: None if number == 5 else data.x)
    assert not Collate(own).columns
    check(own, [(3,), (5, 1, 2)])  # the first graph says which keys a batch has


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=20))
def test_any_choice_of_graphs(numbers: list[int]) -> None:
    check(with_key("edge_attr", lambda data, _: torch.rand(data.num_edges, 2)), [numbers])


def test_what_an_encoder_prepares() -> None:
    encoders: list[Any] = [
        layers.ConnectionSheaf(3, 8, 2, stalk_dim=2),
        layers.DRew(3, 8, 2),
        layers.KPathSubgraphGNN(3, 8, 2),
        layers.PathNN(3, 8, length=3, kind="all"),
        layers.SGC(3, 8, 2, precomputed=True),
        layers.SubgraphGNN(3, 8, 2),
    ]
    assert {type(encoder).__name__ for encoder in encoders} == {
        name
        for name, cls in layers.encoders().items()
        if cls.transform is not GraphReader.transform
    }
    for encoder in encoders:
        own = [encoder.transform(data) for data in graphs()]
        assert Collate(own).columns.keys() >= set(own[0].keys())
        check(own)


class Offset(Data):
    """Graphs whose ``pair`` grows by 100 from one to the next."""

    def __inc__(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return 100 if key == "pair" else super().__inc__(key, value, *args, **kwargs)


def test_a_graph_that_says_how_it_is_joined_is_asked() -> None:
    own = [Offset(**data.to_dict(), pair=torch.tensor([7])) for data in graphs()]
    assert Collate(own)([0, 1]).pair.tolist() == [7, 107]
    check(own)


def test_features_that_are_trained_keep_their_gradient() -> None:
    own = graphs()
    for data in own:
        data.x.requires_grad_()
    Collate(own)([1, 2]).x.sum().backward()
    assert own[1].x.grad is not None and own[3].x.grad is None


def test_a_batch_is_its_own() -> None:
    own = graphs()
    kept = Batch.from_data_list(own)
    collate = Collate(own)
    first = collate(range(COUNT))
    for key in first.keys():
        first[key].zero_()
    assert same(collate(range(COUNT)).to_dict(), kept.to_dict())
    assert same(Batch.from_data_list(own).to_dict(), kept.to_dict())


def test_training_gives_the_numbers_that_pyg_s_loader_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = [graph(number) for number in range(40)]
    labels = torch.cat([data.y for data in own])
    data = Graphs(tuple(own), stratified(labels, 1, (0.6, 0.2), 0), classes=2, name="rings")

    def fit() -> tasks.Result:
        encoder = layers.GIN(3, 8, 2, dropout=0.3)
        task = tasks.GraphPrediction(batch_size=7)
        return tasks.fit(task, encoder, data, tasks.Training(epochs=3), seed=2)

    ours = fit()

    def loaded(self: Parts, collate: Collate, shuffle: bool = False) -> Any:
        return DataLoader(list(collate.graphs), self.batch_size, shuffle=shuffle)

    monkeypatch.setattr(Parts, "_loaded", loaded)
    assert dict(fit().curve) == dict(ours.curve)
