"""Encoders that go deep or look both ways, against dense formulas and PyG with the same weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from decoupled_graphs import (
    CLASSES,
    F_IN,
    WIDTH,
    each_graph,
    graph,
    made,
    matrix,
    mlp,
    smoothing,
    their_jump,
)
from torch import nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.layers.parts.jumping_knowledge import JumpingKnowledge

CASES = {
    "APPNP": lambda _: layers.APPNP(3, 4, 2, hops=3),
    "DAGNN": lambda _: layers.DAGNN(3, 4, 2, hops=3),
    "DAGNN one layer": lambda _: layers.DAGNN(3, 4, 1, hops=0, out_channels=2),
    "GCNII": lambda _: layers.GCNII(3, 4, 2),
    "JKNet": lambda _: layers.JKNet(3, 4, 2),
    "JKNet cat": lambda _: layers.JKNet(3, 4, 2, jump="cat"),
    "JKNet lstm": lambda _: layers.JKNet(3, 4, 2, jump="lstm"),
    "LINKX": lambda n: layers.LINKX(3, 4, 2, num_nodes=n),
    "PureGNN": lambda _: layers.PureGNN(3, 4, 2),
    "PureGNN mean": lambda _: layers.PureGNN(3, 4, 2, aggregation="mean", jump=False),
    "PureGNN sum": lambda _: layers.PureGNN(3, 4, 2, aggregation="sum", residual=True),
    "SGC": lambda _: layers.SGC(3, 4, 2),
}


@each_graph
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [None, CLASSES])
def test_dagnn_gates_every_step(
    nodes: int, edges: int, weighted: bool, classes: int | None
) -> None:
    data = graph(nodes, edges, weighted)
    encoder = made(layers.DAGNN, 3, out_channels=classes, hops=4)
    a, z = smoothing(data), mlp(encoder.mlp, data.x)
    expected = torch.zeros_like(z)
    for k in range(5):
        h = torch.linalg.matrix_power(a, k) @ z
        expected += torch.sigmoid(h @ encoder.gate.weight[0] + encoder.gate.bias)[:, None] * h
    torch.testing.assert_close(encoder(data), expected)


def test_dagnn_has_one_gate_of_the_width_that_it_propagates() -> None:
    shapes = [tuple(p.shape) for p in layers.DAGNN(9, 64, out_channels=7).gate.parameters()]
    assert shapes == [(1, 7), (1,)]
    assert layers.DAGNN(9, 64).gate.in_features == 64


@each_graph
@pytest.mark.parametrize("weighted", [False, True])
def test_appnp_is_personalised_pagerank(nodes: int, edges: int, weighted: bool) -> None:
    data = graph(nodes, edges, weighted)
    encoder = made(layers.APPNP, out_channels=CLASSES, hops=3, alpha=0.2)
    a, z = smoothing(data), mlp(encoder.mlp, data.x)
    powers = [0.8**k * torch.linalg.matrix_power(a, k) for k in range(4)]
    torch.testing.assert_close(encoder(data), (0.2 * sum(powers[:3]) + powers[3]) @ z)
    if not weighted:
        theirs = pyg.APPNP(K=3, alpha=0.2)
        torch.testing.assert_close(encoder(data), theirs(encoder.mlp(data.x), data.edge_index))


def test_appnp_drops_entries_in_training_alone() -> None:
    data = graph(30, 200)
    plain, dropping = (
        made(layers.APPNP, hops=1, dropout=0.0, alpha=0.0, edge_dropout=p) for p in (0.0, 0.5)
    )
    assert torch.equal(dropping(data), plain(data))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = torch.stack([dropping.train()(data) for _ in range(400)])
    assert not torch.equal(drawn[0], drawn[1])
    spread = drawn.std(0) / len(drawn) ** 0.5  # a mean lies within 5 of these
    assert bool(((drawn.mean(0) - plain(data)).abs() <= 5 * spread + 1e-12).all())


@each_graph
@pytest.mark.parametrize("weighted", [False, True])
def test_sgc_is_a_power_of_the_propagation(nodes: int, edges: int, weighted: bool) -> None:
    data = graph(nodes, edges, weighted)
    encoder = made(layers.SGC, 3, out_channels=CLASSES)
    smooth = torch.linalg.matrix_power(smoothing(data), 3) @ data.x
    expected = smooth @ encoder.linear.weight.T + encoder.linear.bias
    torch.testing.assert_close(encoder(data), expected)
    if not weighted:
        theirs = pyg.SGConv(F_IN, CLASSES, K=3).double()
        theirs.lin.load_state_dict(encoder.linear.state_dict())
        torch.testing.assert_close(encoder(data), theirs(data.x, data.edge_index))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_sgc_on_precomputed_features_is_the_same(sparse: bool, weighted: bool) -> None:
    data = graph(30, 200, weighted)
    plain = made(layers.SGC, 3, out_channels=CLASSES)
    ready = made(layers.SGC, 3, out_channels=CLASSES, precomputed=True)
    expected, x = plain(data), data.x
    data.x = x.to_sparse_csr() if sparse else x
    done = ready.transform(data)
    assert "smoothed_3" not in data and done.x is data.x
    torch.testing.assert_close(ready(done), expected)
    torch.testing.assert_close(ready(ready.transform(done)), expected)
    rows = torch.tensor([7, 2, 19])  # as a sampler of rows hands them over, without an edge
    batch = Data(x=x[rows], smoothed_3=done.smoothed_3[rows], edge_index=torch.empty(2, 0).long())
    torch.testing.assert_close(ready(batch), expected[rows])
    assert plain.transform(data) is data
    with pytest.raises(ValueError, match=r"data\.smoothed_3 is missing: call encoder.transform"):
        ready(data)


def test_sgc_trains_to_the_same_curve_either_way() -> None:
    data = graph(30, 200)
    data.x, data.y, part = data.x.float(), torch.arange(30) % 3, torch.arange(30) // 10
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    curves = []
    for precomputed in (False, True):
        encoder = layers.SGC(F_IN, WIDTH, out_channels=3, precomputed=precomputed)
        result = tasks.fit(
            tasks.NodeClassification(), encoder, data, tasks.Training(epochs=20), seed=1
        )
        curves.append(torch.tensor([result.curve.loss, result.curve.valid_loss]))
    torch.testing.assert_close(curves[0], curves[1], rtol=1e-4, atol=1e-5)
    assert "smoothed_2" not in data


@each_graph
@pytest.mark.parametrize("weighted", [False, True])
def test_gcnii_layer_by_layer(nodes: int, edges: int, weighted: bool) -> None:
    data = graph(nodes, edges, weighted)
    encoder = made(layers.GCNII, 3, out_channels=CLASSES, alpha=0.2, theta=0.7)
    a, eye = smoothing(data), torch.eye(WIDTH).double()
    h = start = theirs = F.relu(encoder.input(data.x))
    for number, map_ in enumerate(encoder.maps, start=1):
        beta = math.log(0.7 / number + 1)
        h = (0.8 * a @ h + 0.2 * start) @ ((1 - beta) * eye + beta * map_.weight.T)
        h = F.relu(h)
        if not weighted:
            conv = pyg.GCN2Conv(WIDTH, alpha=0.2, theta=0.7, layer=number).double()
            conv.weight1.data = map_.weight.data.T
            theirs = F.relu(conv(theirs, start, data.edge_index))
    torch.testing.assert_close(encoder(data), encoder.output(h))
    if not weighted:
        torch.testing.assert_close(encoder(data), encoder.output(theirs))


def test_gcnii_drops_before_every_map() -> None:
    encoder = made(layers.GCNII, 3, out_channels=CLASSES, dropout=0.5).train()
    widths: list[int] = []
    encoder.dropout.register_forward_pre_hook(lambda _, x: widths.append(x[0].shape[1]))
    encoder(graph(6, 12))
    assert widths == [F_IN, WIDTH, WIDTH, WIDTH, WIDTH]


@pytest.mark.parametrize("mode", ["max", "cat", "lstm"])
def test_jumping_knowledge_equals_pyg(mode: str) -> None:
    ours = JumpingKnowledge(mode, WIDTH, 4).double()
    states = list(torch.randn(4, 7, WIDTH, generator=torch.Generator().manual_seed(0)).double())
    found = ours(states)
    assert found.shape == (7, ours.width)
    torch.testing.assert_close(found, their_jump(ours, 4)(states))


@each_graph
@pytest.mark.parametrize("mode", ["max", "cat", "lstm"])
@pytest.mark.parametrize("classes", [None, CLASSES])
def test_jknet_reads_all_layers(nodes: int, edges: int, mode: str, classes: int | None) -> None:
    data = graph(nodes, edges, weighted=True)
    encoder = made(layers.JKNet, 3, out_channels=classes, jump=mode)
    a, h, states = smoothing(data), data.x, []
    for conv in encoder.convs:
        h = F.relu(a @ h @ conv.linear.weight.T + conv.bias)
        states.append(h)
    expected = their_jump(encoder.jump, 3)(states)
    assert (encoder.output is None) == (classes is None and mode != "cat")
    if encoder.output is not None:
        expected = encoder.output(expected)
    torch.testing.assert_close(encoder(data), expected)


@each_graph
@pytest.mark.parametrize("num_layers", [1, 3])
def test_linkx_equals_the_formula_and_pyg(nodes: int, edges: int, num_layers: int) -> None:
    data = graph(nodes, edges, weighted=True)
    encoder = made(layers.LINKX, num_layers, num_nodes=nodes, out_channels=CLASSES)
    for norm in encoder.norms:
        for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            nn.init.uniform_(values, 0.5, 1.5)
    a = matrix(data).T @ encoder.rows + encoder.bias
    x = data.x @ encoder.input.weight.T + encoder.input.bias
    h = F.relu(torch.cat([a, x], 1) @ encoder.join.weight.T + encoder.join.bias + a + x)
    for norm, linear in zip(encoder.norms, encoder.linears, strict=False):
        h = norm(F.relu(linear(h)))
    torch.testing.assert_close(encoder(data), encoder.linears[-1](h))
    theirs = their_linkx(encoder, nodes, num_layers)
    expected = theirs(data.x, data.edge_index.flip(0), data.edge_weight)
    torch.testing.assert_close(encoder(data), expected)


def their_linkx(ours: nn.Module, nodes: int, num_layers: int) -> nn.Module:
    theirs = pyg.LINKX(nodes, F_IN, WIDTH, CLASSES, num_layers).double().eval()
    theirs.edge_lin.weight.data, theirs.edge_lin.bias.data = ours.rows.data, ours.bias.data
    theirs.node_mlp.lins[0].load_state_dict(ours.input.state_dict())
    theirs.cat_lin1.weight.data = ours.join.weight.data[:, :WIDTH]
    theirs.cat_lin2.weight.data = ours.join.weight.data[:, WIDTH:]
    theirs.cat_lin1.bias.data = ours.join.bias.data
    theirs.cat_lin2.bias.data.zero_()
    for linear, mine in zip(theirs.final_mlp.lins, ours.linears, strict=True):
        linear.load_state_dict(mine.state_dict())
    for norm, mine in zip(theirs.final_mlp.norms, ours.norms, strict=False):
        norm.module.load_state_dict(mine.state_dict())
    return theirs


def test_linkx_refuses_another_graph() -> None:
    with pytest.raises(ValueError, match="LINKX was built for 5 nodes, but the graph has 6"):
        made(layers.LINKX, num_nodes=5)(graph(6, 12))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: layers.DAGNN(3, 8, hops=-1), "hops is -1, but it must be a whole number"),
        (lambda: layers.APPNP(3, 8, hops=1.5), "hops is 1.5"),
        (lambda: layers.APPNP(3, 8, alpha=2), "alpha is 2, but a share lies between 0 and 1"),
        (lambda: layers.APPNP(3, 8, edge_dropout=2), "dropout is 2, but a probability"),
        (lambda: layers.GCNII(3, 8, alpha=-1), "alpha is -1"),
        (lambda: layers.GCNII(3, 8, theta=-1), "theta is -1, but it must be 0 or more"),
        (
            lambda: layers.JKNet(3, 8, jump="mean"),
            "jump is 'mean', which is none of cat, last",
        ),
        (lambda: layers.DirGNN(3, 8, conv="gat"), "conv is 'gat', which is none of gcn, sage"),
        (lambda: layers.DirGNN(3, 8, alpha=1.5), "alpha is 1.5"),
        (lambda: layers.DirSAGEConv(3, 0), "out_channels is 0"),
        (lambda: layers.LINKX(3, 8, num_nodes=0), "num_nodes is 0"),
    ],
)
def test_refuses_what_cannot_work(make: Callable[[], nn.Module], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
