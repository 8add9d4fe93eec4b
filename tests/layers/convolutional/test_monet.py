"""MoNet against PyG's layer and its formula written edge by edge."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Batch, Data

from gnnlab import layers
from gnnlab.ops import Adjacency, use

CASES = {
    "MoNetConv": lambda _: layers.MoNetConv(3, 4),
    "MoNet": lambda _: layers.MoNet(3, 4, 2),
}

GRAPHS = [(2, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)


def graph(nodes: int, edges: int) -> Data:
    random = torch.Generator().manual_seed(nodes)
    data = Data(
        x=torch.randn(nodes, 4, generator=random, dtype=torch.float64),
        edge_index=torch.randint(nodes, (2, edges), generator=random),
    )
    data.edge_weight = torch.rand(edges, generator=random, dtype=torch.float64)
    return data


def conv_of() -> layers.MoNetConv:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        conv = layers.MoNetConv(4, 5, kernels=3, dim=2).double()
        nn.init.uniform_(conv.inverse_width, 0.5, 2.0)
        nn.init.uniform_(conv.centre, -1.0, 1.0)
    return conv


def coordinates(conv: layers.MoNetConv, data: Data) -> Tensor:
    degrees = data.edge_index[1].bincount(minlength=data.num_nodes).double() + 1
    ends = degrees.rsqrt()[data.edge_index].T
    return torch.tanh(ends @ conv.coordinates.weight.T + conv.coordinates.bias)


@each_graph
def test_equals_pyg(nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges), conv_of()
    theirs = pyg.GMMConv(4, 5, 2, 3, aggr="add", bias=False).double()
    with torch.no_grad():
        theirs.root.weight.zero_()
        theirs.g.copy_(conv.linear.weight.T)
        theirs.mu.copy_(conv.centre)
        theirs.sigma.copy_(1 / conv.inverse_width)
    expected = theirs(data.x, data.edge_index, coordinates(conv, data))
    torch.testing.assert_close(conv(data.x, data.edge_index), expected)


@each_graph
def test_formula_with_weights(nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges), conv_of()
    u, maps = coordinates(conv, data), conv.linear.weight.unflatten(0, (3, 5))
    expected = torch.zeros(nodes, 5, dtype=torch.float64)
    for e, (j, i) in enumerate(data.edge_index.T.tolist()):
        for k in range(3):
            away = (u[e] - conv.centre[k]) * conv.inverse_width[k]
            share = data.edge_weight[e] * torch.exp(-(away @ away) / 2)
            expected = expected.index_add(
                0, torch.tensor([i]), (share * (maps[k] @ data.x[j])).unsqueeze(0)
            )
    torch.testing.assert_close(conv(data.x, data.edge_index, data.edge_weight), expected)


def test_gradients() -> None:
    data, conv = graph(6, 12), conv_of()
    inputs = [data.x.requires_grad_(), data.edge_weight.requires_grad_(), *conv.parameters()]

    def run(x: Tensor, weight: Tensor, *rest: Tensor) -> Tensor:
        out: Tensor = conv(x, data.edge_index, weight)
        return out

    assert torch.autograd.gradcheck(run, inputs)


def test_plain_torch_and_traced_code_agree() -> None:
    data, other = graph(30, 200), graph(6, 12)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = layers.MoNet(4, 6, 2, dropout=0.0).double().eval()
    expected = encoder(data)
    with use("torch"):
        torch.testing.assert_close(encoder(data), expected)
    torch._dynamo.reset()
    traced = torch.compile(encoder, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(traced(data), expected)
    union = Batch.from_data_list([data, other])
    torch.testing.assert_close(encoder(union), torch.cat([expected, encoder(other)]))


def test_a_kernel_as_narrow_as_can_be_hears_its_centre_alone() -> None:
    data, conv = graph(30, 200), conv_of()
    adj, u = Adjacency.of(data.edge_index, 30), coordinates(conv_of(), data)
    with torch.no_grad():
        conv.centre.copy_(u[:1].expand(3, 2))
        conv.inverse_width.fill_(1e6)
    here = (u - u[0]).abs().amax(1) < 1e-9
    assert torch.equal(conv.shares(adj)[:, 0].round().bool(), here)


@pytest.mark.parametrize("name", ["kernels", "dim", "in_channels"])
def test_refusals(name: str) -> None:
    settings = {"in_channels": 4, "out_channels": 5, name: 0}
    with pytest.raises(ValueError, match=f"{name} is 0"):
        layers.MoNetConv(**settings)
