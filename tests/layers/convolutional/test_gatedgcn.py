"""Gated graph convolutions against their formula written densely, and against PyG's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.analysis import hidden_states
from gnnlab.contracts.encoder import Encoder
from gnnlab.ops import use

CASES = {
    "GatedGCNConv": lambda _: layers.GatedGCNConv(3, 4),
    "GatedGCNConv plain": lambda _: layers.GatedGCNConv(3, 4, normalize=False),
    "GatedGCN": lambda _: layers.GatedGCN(3, 4, 3),
    "GatedGCN bare": lambda _: layers.GatedGCN(
        3, 4, 2, edge_states=False, batch_norm=False, residual=False
    ),
}

GRAPHS = [(2, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)


def featured(nodes: int, edges: int, dim: int = 5) -> Data:
    """Features of nodes and edges, with loops, repeats and weights."""
    generator = torch.Generator().manual_seed(nodes)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    x = torch.randn(nodes, 4, generator=generator, dtype=torch.float64)
    weight = torch.rand(edges, generator=generator, dtype=torch.float64)
    attr = torch.randn(edges, dim, generator=generator, dtype=torch.float64)
    return Data(x=x, edge_index=ends, edge_weight=weight, edge_attr=attr)


def edge_by_edge(conv: nn.Module, x: Tensor, data: Data, attr: Tensor | None) -> tuple[Tensor, ...]:
    """The formula, one edge after the other."""
    source, target = data.edge_index
    edges = conv.target_gate(x)[target] + conv.source_gate(x)[source]
    if attr is not None:
        edges = edges + attr @ conv.edge_gate.weight.T
    gates = edges.sigmoid()
    rows = []
    for i in range(len(x)):
        into = (target == i).nonzero().flatten().tolist()
        total = gates[into].sum(0) + 1e-6 if conv.normalize else 1
        heard = [data.edge_weight[e] * gates[e] / total * conv.message(x[source[e]]) for e in into]
        rows.append(sum(heard, conv.ego(x[i])))
    return torch.stack(rows), edges


@each_graph
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("with_features", [True, False])
@pytest.mark.parametrize("width", [3, 37])
def test_is_the_gated_sum(
    nodes: int, edges: int, normalize: bool, with_features: bool, width: int
) -> None:
    data, dim = featured(nodes, edges), 5 if with_features else None
    conv = layers.GatedGCNConv(4, width, edge_dim=dim, normalize=normalize).double()
    attr = data.edge_attr if with_features else None
    expected, expected_edges = edge_by_edge(conv, data.x, data, attr)
    inputs = data.x, data.edge_index, data.edge_weight, attr
    found, found_edges = conv.with_edges(*inputs)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found_edges, expected_edges)
    assert torch.equal(conv(*inputs), found)
    with use("torch"):
        torch.testing.assert_close(conv(*inputs), expected)


@each_graph
@pytest.mark.parametrize("dim", [None, 5])
def test_the_plain_gate_equals_pyg(nodes: int, edges: int, dim: int | None) -> None:
    data = featured(nodes, edges)
    ours = layers.GatedGCNConv(4, 3, edge_dim=dim, normalize=False).double()
    theirs = pyg.ResGatedGraphConv(4, 3, edge_dim=dim).double()
    for mine, other in (("target_gate", "key"), ("source_gate", "query"), ("message", "value")):
        # PyG sends the edge's features with the source's own; a Linear each for both parts.
        weight = getattr(ours, mine).weight
        attr = {"source_gate": ours.edge_gate}.get(mine) if dim else None
        zeros = weight.new_zeros(len(weight), dim or 0)
        full = torch.cat([weight, zeros if attr is None else attr.weight], 1)
        linear = getattr(theirs, f"lin_{other}")
        linear.weight.data = full.data
        bias = getattr(ours, mine).bias
        linear.bias.data = torch.zeros(len(weight)).double() if bias is None else bias.data
    theirs.lin_skip.weight.data, theirs.bias.data = ours.ego.weight.data, ours.ego.bias.data
    attr = data.edge_attr if dim else None
    expected = theirs(data.x, data.edge_index, attr)
    torch.testing.assert_close(ours(data.x, data.edge_index, edge_attr=attr), expected)


@pytest.mark.parametrize("dim", [None, 5])
@pytest.mark.parametrize("edge_states", [True, False])
@pytest.mark.parametrize("options", [{}, {"batch_norm": False}, {"residual": False}])
def test_layer_by_layer(dim: int | None, edge_states: bool, options: dict[str, bool]) -> None:
    data = featured(30, 200)
    encoder = layers.GatedGCN(
        4, 6, 3, edge_dim=dim, edge_states=edge_states, out_channels=2, **options
    )
    encoder.double().eval()
    for norm in (m for m in encoder.modules() if isinstance(m, nn.BatchNorm1d)):
        nn.init.uniform_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2)
    keep = options.get("residual", True)

    def step(old: Tensor | None, new: Tensor, norm: nn.Module | None) -> Tensor:
        new = F.relu(new if norm is None else norm(new))
        return new if old is None or not keep else old + new

    h = encoder.input(data.x)
    edges = None if dim is None else encoder.edge_input(data.edge_attr)
    for number, layer in enumerate(encoder.layers):
        assert (layer.norm is None) == ("batch_norm" in options)
        new, new_edges = edge_by_edge(layer.conv, h, data, edges)
        h = step(h, new, layer.norm)
        if edge_states and number < 2:
            edges = step(edges, new_edges, layer.edge_norm)
    torch.testing.assert_close(encoder(data), encoder.output(h))


def test_edges_have_states_only_where_someone_reads_them() -> None:
    encoder = layers.GatedGCN(4, 6, 3)
    assert [layer.conv.edge_dim for layer in encoder.layers] == [None, 6, 6]
    assert [layer.updates_edges for layer in encoder.layers] == [True, True, False]
    data = featured(30, 200)
    encoder(Data(x=data.x.float(), edge_index=data.edge_index)).sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_trains_on_graphs_of_no_or_one_edge() -> None:
    """Batch normalisation has no spread to divide by there, and must not spoil its statistics."""
    encoder = layers.GatedGCN(4, 6, 3, dropout=0.0).train()
    norms = [layer.edge_norm for layer in encoder.layers[:2]]
    before = [norm.running_var.clone() for norm in norms]
    for edges in (0, 1):
        out = encoder(Data(x=torch.randn(3, 4), edge_index=torch.zeros(2, edges).long()))
        out.sum().backward()
        assert bool(out.isfinite().all())
    assert all(torch.equal(norm.running_var, old) for norm, old in zip(norms, before, strict=True))
    encoder(Data(x=torch.randn(3, 4), edge_index=torch.tensor([[0, 1], [1, 2]])))
    assert not torch.equal(norms[0].running_var, before[0])


def test_gradients_reach_features_of_nodes_and_edges_and_weights() -> None:
    data = featured(6, 12)
    conv = layers.GatedGCNConv(4, 3, edge_dim=5).double()

    def run(x: Tensor, weight: Tensor, attr: Tensor) -> tuple[Tensor, Tensor]:
        return conv.with_edges(x, data.edge_index, weight, attr)

    inputs = [t.requires_grad_() for t in (data.x, data.edge_weight, data.edge_attr)]
    assert torch.autograd.gradcheck(run, inputs)


def test_its_states_can_be_looked_at() -> None:
    data = featured(30, 200)
    encoder = layers.GatedGCN(4, 6, 3).double()
    states = hidden_states(encoder, data)
    assert [tuple(state.shape) for state in states] == [(30, 6)] * 4


def test_compiles_whole_with_features_and_weights() -> None:
    data = featured(30, 200)
    encoder = layers.GatedGCN(4, 6, 2, edge_dim=5, dropout=0.0).double().eval()
    torch._dynamo.reset()
    compiled = torch.compile(encoder, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(data), encoder(data))


@pytest.mark.parametrize(
    ("attr", "sentence"),
    [
        (None, r"built with edge_dim=5, but the graph has no edge_attr"),
        (torch.ones(12, 4), r"edge_attr is torch.float32 of shape \(12, 4\), but edge_dim=5"),
        (torch.ones(11, 5), r"of shape \(11, 5\)"),
        (torch.ones(12, 5).long(), "edge_attr is torch.int64"),
    ],
)
@pytest.mark.parametrize(
    "make",
    [lambda: layers.GatedGCN(4, 3, edge_dim=5), lambda: layers.GatedGCNConv(4, 3, edge_dim=5)],
)
def test_refuses_features_that_do_not_fit(
    make: Callable[[], nn.Module], attr: Tensor | None, sentence: str
) -> None:
    data, layer = featured(6, 12), make()
    x = data.x.float()
    with pytest.raises(ValueError, match=sentence):
        if isinstance(layer, Encoder):
            layer(Data(x=x, edge_index=data.edge_index, edge_attr=attr))
        else:
            layer(x, data.edge_index, edge_attr=attr)


def test_refuses_widths_below_one() -> None:
    with pytest.raises(ValueError, match="edge_dim is 0, but it must be a whole number"):
        layers.GatedGCNConv(4, 3, edge_dim=0)
    with pytest.raises(ValueError, match="out_channels is 0"):
        layers.GatedGCNConv(4, 0)


def test_gelu_and_features_that_are_states_already() -> None:
    data = Data(x=torch.randn(6, 4).double(), edge_index=torch.randint(6, (2, 12)))
    data.edge_attr = torch.randn(12, 4).double()
    settings: dict[str, Any] = {"edge_dim": 4, "activation": "gelu", "map_input": False}
    encoder = layers.GatedGCN(4, 4, 2, **settings).double().eval()
    h, e = data.x, data.edge_attr
    for layer in encoder.layers:
        new, states = layer.conv.with_edges(h, data.edge_index, None, e)
        h = h + F.gelu(layer.norm(new))
        if layer.updates_edges:
            e = e + F.gelu(layer.edge_norm(states))
    torch.testing.assert_close(encoder(data), h)
    with pytest.raises(ValueError, match="in_channels 3, but states are 4 wide"):
        layers.GatedGCN(4, 4, 2, **{**settings, "edge_dim": 3})
