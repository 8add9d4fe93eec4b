"""Every exported layer reads sparse features as it reads dense ones."""

from __future__ import annotations

from copy import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import ALL, build, every_layer, one_of_each
from strategies import F_IN, apply, graphs, off_the_kink, prepared
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.contracts.encoder import Encoder
from gnnlab.ops import SparseFeatures, use

FIRST = [pytest.param(name, marks=pytest.mark.nightly) if " " in name else name for name in ALL]
"""Compiling takes seconds: variants of a layer, whose names have a word more, are nightly."""
few = settings(max_examples=10, deadline=None)


def bag(data: Data) -> Data:
    """The graph with a third of its features kept."""
    data = copy(data)
    data.x = data.x * (data.x > 0.4)
    return data


def sparse(data: Data, layout: torch.layout = torch.sparse_csr) -> Data:
    data = copy(data)
    data.x = data.x.to_sparse(layout=layout)
    return data


def trained(layer: nn.Module, data: Data) -> list[Tensor]:
    """The output in training mode under one seed, and the gradients of all parameters."""
    layer.train().zero_grad()
    with torch.random.fork_rng():
        torch.manual_seed(4)
        y = apply(layer, data)
    y.square().sum().backward()
    return [y.detach(), *gradients(layer)]


def gradients(layer: nn.Module) -> list[Tensor]:
    """Of all parameters; one that nothing was computed with has none, which is 0."""
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in layer.parameters()]


@one_of_each
@few
@given(data=graphs(min_nodes=2), coo=st.booleans())  # batch norm needs two to train
def test_sparse_features_give_what_dense_ones_give(name: str, data: Data, coo: bool) -> None:
    layer, data = off_the_kink(build(name, data.num_nodes)), bag(data)
    layout = torch.sparse_coo if coo else torch.sparse_csr
    torch.testing.assert_close(apply(layer, sparse(data, layout)), apply(layer, data))
    both = trained(layer, sparse(data, layout)), trained(layer, data)
    for ours, expected in zip(*both, strict=True):
        torch.testing.assert_close(ours, expected)


@every_layer
def test_on_plain_torch(name: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 2], [1, 2, 0, 2]])
    x = torch.randn(3, F_IN, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layer, data = build(name, 3), bag(Data(x=x, edge_index=edge_index))
    with use("torch"):
        both = trained(layer, sparse(data)), trained(layer, data)
    for ours, expected in zip(*both, strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.nightly
@pytest.mark.parametrize("name", FIRST)
def test_compiles_whole(name: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 2], [1, 2, 0, 1]])
    x = torch.randn(3, F_IN, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layer = build(name, 3)
    data = prepared(layer, bag(Data(x=x, edge_index=edge_index)))
    for module in layer.modules():
        if isinstance(module, layers.Dropout):
            module.p = 0.0  # compiled dropout draws other numbers
    expected = trained(layer, data)
    data.x = SparseFeatures.of(data.x.to_sparse_csr())
    torch._dynamo.reset()
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    if isinstance(layer, Encoder):
        found = trained(compiled, data)
    else:
        layer.zero_grad()
        y = compiled(data.x, edge_index)
        y.square().sum().backward()
        found = [y.detach(), *gradients(layer)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_batch_puts_sparse_features_together() -> None:
    parts = [
        Data(x=torch.eye(n, F_IN).double(), edge_index=torch.zeros(2, 1).long()) for n in (2, 3)
    ]
    layer = build("SAGE", 5)
    whole = Batch.from_data_list([sparse(part) for part in parts])
    torch.testing.assert_close(apply(layer, whole), apply(layer, Batch.from_data_list(parts)))


def test_dropout_on_the_input_compiles() -> None:
    x = SparseFeatures.of(torch.eye(50).to_sparse_csr())
    torch._dynamo.reset()
    map_ = nn.Sequential(layers.Dropout(0.5), layers.Linear(50, 50, bias=False))
    nn.init.eye_(map_[1].weight)
    y = torch.compile(map_, backend="aot_eager", fullgraph=True)(x)
    kept = y.diagonal()
    assert set(kept.tolist()) == {0.0, 2.0} and torch.equal(y, kept.diag())


def test_a_task_trains_on_them() -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(60) % 2
    x = torch.eye(2)[y].repeat(1, 10) * (torch.rand(60, 20, generator=generator) < 0.3)
    part = torch.arange(60).unsqueeze(1) // 2 % 3
    data = Data(
        x=x, y=y, edge_index=torch.stack([torch.arange(60), (torch.arange(60) + 2) % 60]),
        train_mask=part == 0, val_mask=part == 1, test_mask=part == 2,
    )  # fmt: skip
    training = tasks.Training(epochs=30, lr=1e-2)
    encoder = layers.GCN(20, 16, 2, block="plain", dropout=0.5)
    results = [
        tasks.fit(tasks.NodeClassification(), encoder, graph, training, seed=0)
        for graph in (data, sparse(data))
    ]
    dense, ours = (result.curve.loss for result in results)
    torch.testing.assert_close(torch.tensor(ours), torch.tensor(dense), rtol=1e-3, atol=1e-3)
    assert results[1].test > 0.8
