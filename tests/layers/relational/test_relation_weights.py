"""GIN, R-GCN and R-GIN against their formulas written densely, and against PyG's layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab import layers, rewiring

CASES = {
    "GINConv": lambda _: layers.GINConv(3, 4, eps=0.3),
    "GINConv narrower": lambda _: layers.GINConv(3, 2, train_eps=True),
    "RGCNConv": lambda _: layers.RGCNConv(3, 4, num_relations=3),
    "RGINConv": lambda _: layers.RGINConv(3, 2, num_relations=3),
    "GIN": lambda _: layers.GIN(3, 4, 2),
    "RGCN": lambda _: layers.RGCN(3, 4, 2, num_relations=3),
    "RGIN": lambda _: layers.RGIN(3, 4, 2, num_relations=3),
}

GRAPHS = [(2, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)
TYPES = 4


def typed(nodes: int, edges: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, edges with loops and repeats, weights, and types of which the last never occurs."""
    generator = torch.Generator().manual_seed(nodes)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    x = torch.randn(nodes, 4, generator=generator, dtype=torch.float64)
    weight = torch.rand(edges, generator=generator, dtype=torch.float64)
    return x, ends, weight, torch.randint(TYPES - 1, (edges,), generator=generator)


def dense(edge_index: Tensor, nodes: int, weight: Tensor) -> Tensor:
    a = torch.zeros(nodes, nodes, dtype=torch.float64)
    return a.index_put_((edge_index[1], edge_index[0]), weight, accumulate=True)


def update(module: nn.Module, z: Tensor) -> Tensor:
    norm = module.norm
    scaled = (z - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    hidden = F.relu(scaled * norm.weight + norm.bias)
    return hidden @ module.linear.weight.T + module.linear.bias


def varied(layer: nn.Module) -> nn.Module:
    """In float64 and eval mode, with statistics and biases other than 0 and 1."""
    layer = layer.double().eval()
    for module in layer.modules():
        if isinstance(module, nn.BatchNorm1d):
            for values in (module.running_mean, module.running_var, module.weight, module.bias):
                nn.init.uniform_(values, 0.5, 1.5)
    return layer


@each_graph
@pytest.mark.parametrize("width", [2, 9])  # narrower and wider than the input
def test_gin_is_an_mlp_of_the_sum(nodes: int, edges: int, width: int) -> None:
    x, edge_index, weight, _ = typed(nodes, edges)
    conv = varied(layers.GINConv(4, width, eps=0.4))
    for w in (None, weight):
        a = dense(edge_index, nodes, torch.ones_like(weight) if w is None else w)
        z = (1.4 * x + a @ x) @ conv.linear.weight.T + conv.linear.bias
        torch.testing.assert_close(conv(x, edge_index, w), update(conv.update, z))


@each_graph
def test_gin_equals_pyg(nodes: int, edges: int) -> None:
    x, edge_index, *_ = typed(nodes, edges)
    conv = varied(layers.GINConv(4, 3, eps=0.4, train_eps=True))
    theirs = pyg.GINConv(nn.Sequential(conv.linear, conv.update), eps=0.4)
    torch.testing.assert_close(conv(x, edge_index), theirs(x, edge_index))


def test_gin_learns_eps_when_asked() -> None:
    assert "eps" not in dict(layers.GINConv(4, 3, eps=0.4).named_parameters())
    conv = layers.GINConv(4, 3, eps=0.4, train_eps=True)
    nn.init.zeros_(conv.eps)
    conv.reset_parameters()
    assert float(conv.eps.detach()) == pytest.approx(0.4)
    with pytest.raises(ValueError, match="eps is 'no', but it must be a finite number"):
        layers.GINConv(4, 3, eps="no")  # type: ignore[arg-type]


@each_graph
@pytest.mark.parametrize("width", [2, 9])
def test_rgcn_adds_up_the_means_of_the_types(nodes: int, edges: int, width: int) -> None:
    x, edge_index, weight, kind = typed(nodes, edges)
    conv = layers.RGCNConv(4, width, TYPES).double()
    nn.init.normal_(conv.ego.bias)
    for w in (None, weight):
        expected = conv.ego(x)
        for r in range(TYPES):
            own = (kind == r).double()
            a = dense(edge_index, nodes, own if w is None else own * w)
            count = dense(edge_index, nodes, own).sum(1, keepdim=True).clamp(min=1)
            expected = expected + (a / count) @ x @ conv.neighbours.weight[r]
        torch.testing.assert_close(conv(x, edge_index, w, edge_type=kind), expected)


@each_graph
def test_rgcn_equals_pyg(nodes: int, edges: int) -> None:
    x, edge_index, _, kind = typed(nodes, edges)
    conv, theirs = layers.RGCNConv(4, 3, TYPES).double(), pyg.RGCNConv(4, 3, TYPES).double()
    theirs.weight.data, theirs.root.data = conv.neighbours.weight.data, conv.ego.weight.data.T
    theirs.bias.data = conv.ego.bias.data
    torch.testing.assert_close(conv(x, edge_index, edge_type=kind), theirs(x, edge_index, kind))


@each_graph
@pytest.mark.parametrize("width", [2, 9])
def test_rgin_is_an_mlp_of_the_sums_of_the_types(nodes: int, edges: int, width: int) -> None:
    x, edge_index, weight, kind = typed(nodes, edges)
    conv = varied(layers.RGINConv(4, width, TYPES))
    for w in (None, weight):
        z = conv.ego(x)
        for r in range(TYPES):
            own = (kind == r).double() if w is None else (kind == r) * w
            z = z + dense(edge_index, nodes, own) @ x @ conv.neighbours.weight[r]
        torch.testing.assert_close(conv(x, edge_index, w, edge_type=kind), update(conv.update, z))


def test_rgin_with_one_type_and_tied_weights_is_gin() -> None:
    x, edge_index, weight, _ = typed(30, 200)
    gin, rgin = varied(layers.GINConv(4, 3, eps=0.4)), layers.RGINConv(4, 3).double().eval()
    rgin.update.load_state_dict(gin.update.state_dict())
    rgin.ego.load_state_dict({"weight": 1.4 * gin.linear.weight, "bias": gin.linear.bias})
    rgin.neighbours.weight.data[0] = gin.linear.weight.data.T
    torch.testing.assert_close(rgin(x, edge_index, weight), gin(x, edge_index, weight))


@pytest.mark.parametrize("cls", [layers.RGCNConv, layers.RGINConv])
def test_absent_types_read_as_0(cls: type[nn.Module]) -> None:
    x, edge_index, *_ = typed(6, 12)
    conv = cls(4, 3, 2).double().eval()
    zeros = torch.zeros(12, dtype=torch.int64)
    assert torch.equal(conv(x, edge_index), conv(x, edge_index, edge_type=zeros))


@pytest.mark.parametrize("cls", [layers.RGCN, layers.RGIN])
def test_every_snapshot_of_laser_has_weights_in_every_layer(cls: Callable[..., nn.Module]) -> None:
    ring = torch.arange(12)
    both = torch.cat([torch.stack([ring, ring.roll(1)]), torch.stack([ring.roll(1), ring])], 1)
    features = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
    data = rewiring.LASER(snapshots=4, rho=0.5)(Data(x=features, edge_index=both))
    count = data["num_edge_types"]
    encoder = cls(3, 8, 3, num_relations=count, dropout=0.0)
    encoder(data).square().sum().backward()
    assert count == 4 and len(encoder.convs) == 3
    for conv in encoder.convs:
        grad = conv.neighbours.weight.grad
        assert grad.shape[0] == 4 and bool((grad.abs().amax(dim=(1, 2)) > 0).all())


@pytest.mark.parametrize("name", ["RGCN", "RGIN"])
def test_compiles_whole_with_types_and_weights(name: str) -> None:
    x, edge_index, weight, kind = typed(30, 200)
    encoder = layers.find(name)(4, 6, 2, num_relations=TYPES, dropout=0.0).double().eval()
    for w in (None, weight):
        data = Data(x=x, edge_index=edge_index, edge_type=kind)
        if w is not None:
            data.edge_weight = w
        torch._dynamo.reset()
        compiled = torch.compile(encoder, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(compiled(data), encoder(data))


@pytest.mark.parametrize("cls", [layers.RGCNConv, layers.RGINConv])
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (torch.tensor([0, 3]), "edge_type holds 3, but num_relations is 2"),
        (torch.tensor([0, -1]), "edge_type holds -1"),
        (torch.tensor([0]), r"edge_type is torch.int64 of shape \(1,\).*give int64 \(2,\)"),
        (torch.tensor([0.0, 1.0]), r"edge_type must be int64 \(2,\), not torch.float32 of"),
    ],
)
def test_refuses_types_that_do_not_fit(cls: type[nn.Module], kind: Tensor, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cls(4, 3, 2)(torch.ones(3, 4), torch.tensor([[0, 1], [1, 2]]), edge_type=kind)
    with pytest.raises(ValueError, match="num_relations is 0"):
        cls(4, 3, 0)


@pytest.mark.parametrize("cls", [partial(layers.RGCN, num_relations=2), layers.GIN])
def test_batch_norm_stands_before_every_relu(cls: Callable[..., Any]) -> None:
    random = torch.Generator().manual_seed(0)
    data = Data(
        x=torch.randn(6, 3, generator=random).double(),
        edge_index=torch.randint(6, (2, 12), generator=random),
    )
    data.edge_type = torch.randint(2, (12,), generator=random)
    encoder = cls(3, 4, 2, dropout=0.0, batch_norm=True).double().train()
    h = data.x
    for conv in encoder.convs:
        z = conv(h, data.edge_index, edge_type=data.edge_type)
        z = (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()
        h = z.relu()
    torch.testing.assert_close(encoder(data), h)
    assert not cls(3, 4, 2).norms
