"""Every rewiring with every encoder that reads what it marks, on every task: two steps each.

All three lists are what the rooms export: a new rewiring, relational encoder or task is in here as
soon as it is, or fails for want of a line that says how it is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from gathered import gathered
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import layers, rewiring, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.rewiring import Rewiring
from gnnlab.structure.transforms import GraphTransform
from gnnlab.tasks.shared.collate import Collate

CLASSES, FEATURES = 3, 4
CASES = gathered("rewiring", "structure")
STRUCTURAL = ("DRew", "GCN", "GIN")
"""Encoders that stand for those that see the union of all types; DRew reads pairs beside it."""
STRUCTURES = {name for name, cls in rewiring.rewirings().items() if not issubclass(cls, Rewiring)}
"""What is listed beside the rewirings, but stores something in place of changing edges."""


def relational() -> list[str]:
    """Encoders that ask how many types of edge there are."""
    return [
        name
        for name, cls in layers.encoders().items()
        if "num_relations" in inspect.signature(cls).parameters
    ]


def one_graph(seed: int, nodes: int = 16) -> Data:
    """A ring with chords, and a node that nothing reaches; features tell the classes."""
    random = torch.Generator().manual_seed(seed)
    ring = torch.arange(nodes - 1)
    chords = torch.randint(nodes - 1, (2, 6), generator=random)
    ends = torch.cat([torch.stack([ring, ring.roll(1)]), chords[:, chords[0] != chords[1]]], 1)
    edge_index = torch.unique(torch.cat([ends, ends.flip(0)], dim=1), dim=1)
    x = torch.randn(nodes, FEATURES, generator=random)
    return Data(x=x, edge_index=edge_index, edge_weight=torch.ones(edge_index.shape[1]))


def nodes(method: GraphTransform[Any]) -> Data:
    """One graph with labels and splits of its nodes, rewired."""
    data = one_graph(0, nodes=30)
    data.y = torch.arange(30) % CLASSES
    masks = stratified(data.y, 1, (0.5, 0.25), 0)
    data.train_mask, data.val_mask, data.test_mask = masks.train, masks.val, masks.test
    found: Data = method(data)
    return found


def labels(method: GraphTransform[Any]) -> Data:
    """The same graph with three labels of each node, 0 or 1."""
    data = nodes(method)
    data.y = torch.nn.functional.one_hot(data.y, CLASSES)
    return data


def graphs(method: GraphTransform[Any]) -> Graphs:
    """Graphs of different size, one of which is complete and so cannot gain an edge."""
    found = [one_graph(i, nodes=8 + i % 3) for i in range(17)]
    full = torch.combinations(torch.arange(4)).T
    full = torch.cat([full, full.flip(0)], 1)
    found.append(Data(x=torch.ones(4, FEATURES), edge_index=full, edge_weight=torch.ones(12)))
    labels = torch.arange(len(found)) % CLASSES
    for data, label in zip(found, labels, strict=True):
        data.y = label.reshape(1)
    masks = stratified(labels, 1, (0.5, 0.25), 0)
    together = Graphs(tuple(found), masks, classes=CLASSES, name="small")
    return together.with_graphs(rewiring.apply(method, together, cache=False, progress=False))


def nodes_of_graphs(method: GraphTransform[Any]) -> Graphs:
    """The same graphs with a label for every node."""

    def labelled(data: Data) -> Data:
        data.y = torch.arange(len(data.x)) % CLASSES
        return data

    return graphs(method).map(labelled)


def links(method: GraphTransform[Any]) -> Data:
    """One graph without its held-out links, then rewired."""
    data = one_graph(0, nodes=30)
    found: Data = method(tasks.LinkSplit.random(data, 0.2, 0.2, seed=0).graph(data))
    return found


def pairs_of_graphs(method: GraphTransform[Any]) -> Graphs:
    """The same graphs with pairs of nodes: true for the first three, none for the next."""

    def paired(data: Data) -> Data:
        del data.y
        ring = torch.arange(4)
        data.edge_label_index = torch.stack([ring, ring.roll(1)])
        data.edge_label = torch.tensor([1, 1, 1, 0])
        return data

    return graphs(method).map(paired)


DATA: dict[str, Callable[[GraphTransform[Any]], Any]] = {
    "NodeClassification": nodes,
    "NodeClassification, many graphs": nodes_of_graphs,
    "NodePrediction": labels,
    "GraphPrediction": graphs,
    "LinkPrediction": links,
    "LinkPrediction, many graphs": pairs_of_graphs,
    "Pretraining": nodes,
}
"""What each task is given; a new task needs a line here."""


def task_of(name: str) -> Any:
    """The task of a line of ``DATA``."""
    settings = {"kind": "labels"} if name == "NodePrediction" else {}
    return getattr(tasks, name.partition(",")[0])(**settings)


def exported_tasks() -> set[str]:
    found = {name: getattr(tasks, name) for name in tasks.__all__}
    return {name for name, cls in found.items() if callable(getattr(cls, "setup", None))}


def build(name: str, data: Any) -> nn.Module:
    """The encoder, told the number of edge types if it asks."""
    cls = layers.encoders()[name]
    first = data if isinstance(data, Data) else data[0]
    extra = {}
    if "num_relations" in inspect.signature(cls).parameters:
        extra = {"num_relations": rewiring.count_edge_types(first)}
    return cls(FEATURES, 8, 2, **extra)


def test_every_task_is_covered() -> None:
    assert exported_tasks() == {name.partition(",")[0] for name in DATA}


def test_relational_encoders_are_found() -> None:
    assert {"RGCN", "RGIN"} <= set(relational())


@pytest.mark.parametrize("task", sorted(DATA))
@pytest.mark.parametrize("encoder", sorted({*STRUCTURAL, *relational()}))
@pytest.mark.parametrize("method", sorted(rewiring.rewirings()))
def test_trains_two_steps(method: str, encoder: str, task: str) -> None:
    chosen = CASES[method]()
    data = DATA[task](chosen)
    kept = deepcopy(data if isinstance(data, Data) else data[0])
    result = tasks.fit(
        task_of(task), build(encoder, data), data,
        tasks.Training(epochs=2), seed=1,
    )  # fmt: skip
    assert 0 <= result.test <= 1 and len(result.curve) == 2
    assert all(torch.isfinite(torch.tensor(result.curve.loss)))
    first = data if isinstance(data, Data) else data[0]
    assert torch.equal(first.edge_index, kept.edge_index)
    types = 0  # of edges that were added
    if isinstance(chosen, Rewiring):
        types = chosen.types
        assert first.edge_type.shape == (first.num_edges,)
    if encoder in relational() and result.model is not None:
        weights = [p for p in result.model.encoder.parameters() if p.dim() == 3]
        assert weights and all(len(w) == 1 + types for w in weights)


@pytest.mark.parametrize("task", sorted(DATA))
@pytest.mark.parametrize("encoder", sorted({*STRUCTURAL, *relational()}))
@pytest.mark.parametrize("method", sorted(STRUCTURES))
def test_encoders_that_do_not_read_a_structure_train_as_without(
    method: str, encoder: str, task: str
) -> None:
    found = []
    for chosen in (CASES[method](), rewiring.Identity()):
        data = DATA[task](chosen)
        training = tasks.Training(epochs=2)
        chosen_task = task_of(task)
        fitted = tasks.fit(chosen_task, build(encoder, data), data, training, seed=1)
        found.append((fitted.valid, fitted.test, fitted.curve.loss))
    assert found[0] == found[1]


@pytest.mark.parametrize("method", sorted(rewiring.rewirings()))
def test_rewired_graphs_are_joined_as_pyg_joins_them(method: str) -> None:
    own = list(graphs(CASES[method]()))
    collate = Collate(own)
    assert collate.columns.keys() >= set(own[0].keys())
    ours, theirs = collate(range(len(own))).to_dict(), Batch.from_data_list(own).to_dict()
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert torch.equal(ours[key], value) if isinstance(value, Tensor) else ours[key] == value


@pytest.mark.parametrize("method", sorted(set(rewiring.rewirings()) - STRUCTURES))
def test_what_is_marked_changes_what_a_relational_encoder_sees(method: str) -> None:
    """With the marks taken off, its answer differs wherever an edge was added."""
    data = nodes(CASES[method]())
    if int(data.edge_type.max()) == 0:
        assert method == "Identity"
        return
    unmarked = data.clone()
    del unmarked.edge_type
    for name in relational():
        encoder = build(name, data).eval()
        assert not torch.allclose(encoder(data), encoder(unmarked))
