"""PNA against PyG's layer and its formula written edge by edge."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import pytest
import torch
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Batch, Data

from gnnlab import layers
from gnnlab.ops import use

CASES = {
    "PNAConv": lambda _: layers.PNAConv(3, 4),
    "PNAConv towers": lambda _: layers.PNAConv(3, 4, towers=2, average_log_degree=1.2),
    "PNA": lambda _: layers.PNA(3, 4, 2),
    "PNA without residuals": lambda _: layers.PNA(3, 4, 2, towers=2, residual=False),
}

GRAPHS = [(2, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)
DELTA = 1.3


def graph(nodes: int, edges: int) -> Data:
    random = torch.Generator().manual_seed(nodes)
    data = Data(
        x=torch.randn(nodes, 4, generator=random, dtype=torch.float64),
        edge_index=torch.randint(nodes, (2, edges), generator=random),
        edge_attr=torch.randn(edges, 3, generator=random, dtype=torch.float64),
    )
    data.edge_weight = torch.rand(edges, generator=random, dtype=torch.float64)
    return data


def conv_of(edge_dim: int | None = None, towers: int = 2, width: int = 6) -> layers.PNAConv:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        conv = layers.PNAConv(4, width, edge_dim=edge_dim, towers=towers, average_log_degree=DELTA)
    return conv.double()


def pygs(conv: layers.PNAConv, edges: bool) -> Any:
    """PyG's layer with our weights: its edge encoder is the identity of ours."""
    theirs = pyg.PNAConv(
        4,
        6,
        ["mean", "max", "min", "std"],
        ["identity", "amplification", "attenuation"],
        deg=torch.tensor([1, 2]),
        edge_dim=3 if edges else None,
        towers=2,
        divide_input=False,
    ).double()
    theirs.aggr_module.avg_deg_log.fill_(DELTA)
    if edges:
        theirs.edge_encoder = nn.Linear(3, 4).double()
        nn.init.eye_(theirs.edge_encoder.weight)
        nn.init.zeros_(theirs.edge_encoder.bias)
    with torch.no_grad():
        for t in range(2):
            own = slice(4 * t, 4 * t + 4)
            parts = [conv.target.weight[own], conv.source.weight[own]]
            if edges:
                square = torch.zeros(4, 4).double()
                square[:, :3] = conv.edge.weight[own]
                parts.append(square)
            theirs.pre_nns[t][0].weight.copy_(torch.cat(parts, 1))
            theirs.pre_nns[t][0].bias.copy_(conv.target.bias[own])
            theirs.post_nns[t][0].weight.copy_(conv.update[t].T)
            theirs.post_nns[t][0].bias.copy_(conv.update_bias[3 * t : 3 * t + 3])
        theirs.lin.load_state_dict(conv.output.state_dict())
    return theirs


@each_graph
@pytest.mark.parametrize("edges_too", [False, True])
def test_equals_pyg(nodes: int, edges: int, edges_too: bool) -> None:
    data, conv = graph(nodes, edges), conv_of(3 if edges_too else None)
    attr = data.edge_attr if edges_too else None
    got = conv(data.x, data.edge_index, edge_attr=attr)
    torch.testing.assert_close(got, pygs(conv, edges_too)(data.x, data.edge_index, attr))


def written_out(conv: layers.PNAConv, data: Data, weight: Tensor) -> Tensor:
    rows = []
    for i in range(data.num_nodes):
        heard = [e for e, target in enumerate(data.edge_index[1].tolist()) if target == i]
        sent = conv.source(data.x[data.edge_index[0, heard]])
        if conv.edge is not None:
            sent = sent + conv.edge(data.edge_attr[heard])
        message = conv.target(data.x[i]) + weight[heard, None] * sent
        if heard:
            spread = message.var(0, unbiased=False)
            spread = spread.sqrt().where(spread > 1e-5, 0.0)
            seen = [message.mean(0), message.amax(0), message.amin(0), spread]
        else:
            seen = [torch.zeros_like(conv.target(data.x[i]))] * 4
        scale = math.log(max(len(heard), 1) + 1) / DELTA
        towers = []
        for t in range(conv.towers):
            own = slice(4 * t, 4 * t + 4)
            parts = [s * part[own] for s in (1, scale, 1 / scale) for part in seen]
            towers.append(torch.cat([data.x[i], *parts]) @ conv.update[t])
        rows.append(conv.output(torch.cat(towers) + conv.update_bias))
    return torch.stack(rows)


@each_graph
@pytest.mark.parametrize("edge_dim", [None, 3])
@pytest.mark.parametrize("towers", [1, 3])
def test_formula_with_weights(nodes: int, edges: int, edge_dim: int | None, towers: int) -> None:
    data, conv = graph(nodes, edges), conv_of(edge_dim, towers)
    got = conv(data.x, data.edge_index, data.edge_weight, data.edge_attr)
    torch.testing.assert_close(got, written_out(conv, data, data.edge_weight))


@pytest.mark.parametrize("edge_dim", [None, 3])
def test_gradients(edge_dim: int | None) -> None:
    data, conv = graph(6, 12), conv_of(edge_dim)
    inputs = [
        data.x.requires_grad_(), data.edge_weight.requires_grad_(),
        data.edge_attr.requires_grad_(edge_dim is not None), *conv.parameters(),
    ]  # fmt: skip

    def run(x: Tensor, weight: Tensor, attr: Tensor, *rest: Tensor) -> Tensor:
        out: Tensor = conv(x, data.edge_index, weight, attr)
        return out

    assert torch.autograd.gradcheck(run, inputs)


@pytest.mark.parametrize("edge_dim", [None, 3])
def test_plain_torch_and_traced_code_agree(edge_dim: int | None) -> None:
    data = graph(30, 200)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = layers.PNA(4, 6, 2, edge_dim=edge_dim, towers=2, dropout=0.0).double().eval()
    expected = encoder(data)
    with use("torch"):
        torch.testing.assert_close(encoder(data), expected)
    torch._dynamo.reset()
    traced = torch.compile(encoder, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(traced(data), expected)
    other = graph(6, 12)
    union = Batch.from_data_list([data, other])
    torch.testing.assert_close(encoder(union), torch.cat([expected, encoder(other)]))


def test_the_average_is_of_all_nodes_logs() -> None:
    star = torch.tensor(list(nx.star_graph(3).to_directed().edges)).T
    graphs = [Data(edge_index=star, num_nodes=4), Data(edge_index=star[:, :0], num_nodes=2)]
    expected = (math.log(4) + 3 * math.log(2)) / 6
    assert layers.average_log_degree(graphs) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"mean of log\(degree \+ 1\) is 0.0, but PNA needs"):
        layers.average_log_degree(graphs[1:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"towers": 4}, "out_channels is 6, which 4 heads do not divide"),
        ({"average_log_degree": 0.0}, "average_log_degree is 0.0"),
        ({"edge_dim": 0}, "edge_dim is 0"),
    ],
)
def test_refusals(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.PNAConv(4, 6, **settings)
