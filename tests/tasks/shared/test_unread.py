"""Numbers in a graph that nothing reads are said to be, once; those that are read are not."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import networkx
import pytest
import torch
from learnable import graph, numbers, run
from target_graphs import collection
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import models
from torch_geometric.utils import from_networkx, to_undirected

from gnnlab import layers, rewiring, structure, tasks
from gnnlab.tasks import GraphPrediction, Training
from gnnlab.tasks.shared.unread import unread
from gnnlab.tasks.training.foreign import adapted

BLIND = {"ResNet"}
"""Encoders without a graph."""
UNWEIGHTED = {"ResNetAdj", "ResNetSGC", "SubgraphGNN"}
RELATIONAL = {"RGCN", "RGIN"}


def full(nodes: int = 12) -> Data:
    pairs = torch.combinations(torch.arange(nodes))[::3].T
    edges = to_undirected(pairs)
    count = edges.shape[1]
    assert count != nodes
    return Data(
        x=torch.randn(nodes, 4, generator=torch.Generator().manual_seed(0)),
        edge_index=edges,
        edge_weight=torch.linspace(0.5, 2, count),
        edge_attr=torch.linspace(-1, 1, 2 * count).reshape(count, 2),
        edge_type=torch.arange(count) % 3,
        pos=torch.linspace(0, 1, 2 * nodes).reshape(nodes, 2),
        feat=torch.ones(nodes, 2),
    )


def built(name: str, **more: Any) -> nn.Module:
    cls = layers.encoders()[name]
    known = inspect.signature(cls).parameters
    values = {"in_channels": 4, "hidden_channels": 8, "num_relations": 3, "num_nodes": 12, **more}
    if "average_log_degree" in known:
        values["average_log_degree"] = 1.0
    return cls(**{key: value for key, value in values.items() if key in known})


@pytest.mark.parametrize("name", [n for n in layers.encoders() if n != "WithInputs"])
def test_every_encoder_is_told_what_it_passes_over_and_no_more(name: str) -> None:
    expected = {"pos"}
    if name not in BLIND:
        expected |= {"edge_type"} if name not in RELATIONAL else set()
        expected |= {"edge_weight"} if name in UNWEIGHTED else set()
    could = "edge_dim" in inspect.signature(layers.encoders()[name]).parameters
    told = {"edge_attr"} if could and name != "DRew" else set()
    assert set(unread(built(name), full())) == expected | told
    if could:
        assert set(unread(built(name, edge_dim=2), full())) == expected


def club() -> Data:
    data = from_networkx(networkx.karate_club_graph())
    data.x = torch.randn(34, 4, generator=torch.Generator().manual_seed(0))
    data.y = torch.tensor([club == "Officer" for club in data.club]).long()
    part = torch.arange(34) % 3
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    return data


def test_weights_as_networkx_names_them_are_said_to_be_unread() -> None:
    data, encoder = club(), layers.GCN(4, 8, 2)
    with pytest.warns(UserWarning, match=r"data.edge_weight = data.weight.float\(\)") as said:
        found = run(data=data, encoder=encoder)
    assert len(said) == 1 and said[0].filename.endswith("learnable.py")
    plain = data.clone()
    del plain.weight
    assert numbers(run(data=plain, encoder=encoder)) == numbers(found)
    data.edge_weight = data.weight.float()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert numbers(run(data=data, encoder=encoder)) != numbers(found)


@pytest.mark.parametrize(
    ("encoder", "change", "expected"),
    [
        (lambda: layers.GINE(1, 8, 2), "floats", "build it with edge_dim=3"),
        (lambda: layers.GINE(1, 8, 2), "codes", "build it with edge_dim, of codes the sizes"),
        (lambda: layers.GINE(1, 8, 2, edge_dim=3), "floats", None),
        (lambda: layers.GINE(1, 8, 2, edge_dim=(4,)), "codes", None),
        (lambda: layers.GIN(1, 8, 2), "floats", None),
    ],
)
def test_attributes_that_could_be_read_are_asked_for(
    encoder: Callable[[], nn.Module], change: str, expected: str | None
) -> None:
    torch.manual_seed(0)
    data = collection(torch.arange(20)[:, None] % 2)
    for one in data:
        count = one.num_edges
        one.edge_attr = torch.arange(count)[:, None] % 4
        if change == "floats":
            one.edge_attr = torch.randn(count, 3)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        tasks.fit(GraphPrediction(), encoder(), data, Training(epochs=1))
    texts = [str(one.message) for one in said]
    assert (texts == []) if expected is None else (len(texts) == 1 and expected in texts[0])


def test_models_of_pyg_are_asked_as_well() -> None:
    data = full()
    assert "edge_weight" not in unread(adapted(models.GCN(4, 8, 2)), data)
    assert {"edge_weight", "edge_attr"} <= set(unread(adapted(models.GAT(4, 8, 2)), data))
    assert "edge_attr" not in unread(adapted(models.GAT(4, 8, 2, edge_dim=2)), data)


def test_marks_of_a_rewiring_and_values_that_are_all_the_same_say_nothing() -> None:
    data = graph()
    data.edge_weight = torch.full((data.num_edges,), 2.0)
    data.edge_type = torch.zeros(data.num_edges, dtype=torch.int64)
    assert not unread(layers.GIN(3, 8, 2), data)
    edges = to_undirected(data.edge_index)
    assert not unread(layers.GIN(3, 8, 2), rewiring.FoSR(5)(Data(x=data.x, edge_index=edges)))


def test_a_weight_counts_as_read_where_its_gradient_is_zero() -> None:
    """With equal features a mean is the same whatever the weights are."""
    data = full()
    data.x = torch.ones(12, 4)
    assert "edge_weight" not in unread(layers.GAT(4, 8, 2), data)


def test_encodings_that_nothing_embeds_are_said_to_be_unread() -> None:
    data = graph()
    data.edge_index = to_undirected(data.edge_index)
    added = structure.transforms.LaplacianPE(3)(data)
    found = unread(layers.GCN(3, 8, 2), added)
    assert list(found) == ["laplacian_eigenvector_pe"]
    assert "PositionalEncoder" in found["laplacian_eigenvector_pe"]


def test_asking_changes_no_number() -> None:
    encoder = layers.GIN(3, 8, 2)
    before = [p.clone() for p in encoder.parameters()]
    data = graph()
    expected = numbers(run(data=data, encoder=encoder))
    data.pos = torch.randn(data.num_nodes, 2)
    with pytest.warns(UserWarning, match=r"GIN does not read data.pos \(join it to data.x"):
        assert numbers(run(data=data, encoder=encoder)) == expected
    assert all(torch.equal(a, b) for a, b in zip(before, encoder.parameters(), strict=True))


def test_a_part_of_a_large_graph_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.tasks.shared.unread.NODES", 8)
    assert set(unread(layers.GCN(4, 8, 2), full())) == {"edge_type", "pos"}
