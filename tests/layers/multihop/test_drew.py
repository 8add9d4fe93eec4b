"""DRew against its equations written densely, and what a node hears when."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from drew_graphs import FAR, hop_matrices, sparse_graph, spread
from hop_keys import distances, with_hops
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.ops import use

CASES = {
    "DRew": lambda _: layers.DRew(3, 4, 3),
    "DRew gatedgcn": lambda _: layers.DRew(3, 4, 3, conv="gatedgcn", max_hop=2),
    "DRew gin": lambda _: layers.DRew(3, 4, 3, conv="gin", nu=float("inf")),
    "DRew released": lambda _: layers.DRew(3, 4, 3, form="released"),
    "DRew released gin": lambda _: layers.DRew(3, 4, 3, conv="gin", form="released"),
    "DRew shared": lambda _: layers.DRew(3, 4, 3, nu=2, share_weights=True, degrees="graph"),
}

NUS = [1, 2, 3, math.inf]


def normalised(a: Tensor, degrees: Tensor | None = None) -> Tensor:
    d = a.sum(1) if degrees is None else degrees
    root = d.where(d > 0, torch.inf).rsqrt()
    return root[:, None] * a * root[None, :]


def run(encoder: nn.Module, data: Data, update: Callable[..., Tensor], nu: float) -> Tensor:
    """The states layer by layer; ``update(layer, h, k -> the state that distance k reads)``."""
    states = [encoder.input(data.x)]
    for t, layer in enumerate(encoder.layers):
        states.append(update(layer, states[t], lambda k, t=t: states[t - max(k - nu, 0)]))
    return states[-1]


@pytest.mark.parametrize(
    ("nu", "max_hop", "table"),
    [
        (1, None, [[0], [1, 0], [2, 1, 0], [3, 2, 1, 0]]),
        (2, None, [[0], [1, 1], [2, 2, 1], [3, 3, 2, 1]]),
        (3, None, [[0], [1, 1], [2, 2, 2], [3, 3, 3, 2]]),
        (math.inf, None, [[0], [1, 1], [2, 2, 2], [3, 3, 3, 3]]),
        (1, 2, [[0], [1, 0], [2, 1], [3, 2]]),
        (2, 3, [[0], [1, 1], [2, 2, 1], [3, 3, 2]]),
        (1.0, 1, [[0], [1], [2], [3]]),
    ],
)
def test_each_distance_reads_the_state_that_the_table_says(
    nu: float, max_hop: int | None, table: list[list[int]]
) -> None:
    encoder, data = layers.DRew(3, 4, 4, nu=nu, max_hop=max_hop).double(), sparse_graph(9)
    states: list[Tensor] = []
    read: list[list[int]] = []

    def note(layer: nn.Module, arguments: tuple[Any, ...], result: Tensor) -> None:
        h, reads, *_ = arguments
        if not states:
            states.append(h)
        read.append([next(s for s, x in enumerate(states) if x is r) for r in reads])
        states.append(result)

    for layer in encoder.layers:
        layer.register_forward_hook(note)
    encoder(data)
    assert read == table


@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("degrees", ["hop", "graph"])
@pytest.mark.parametrize("directed", [False, True])
def test_gcn_is_the_equation(nu: float, shared: bool, degrees: str, directed: bool) -> None:
    data = sparse_graph(12, directed=directed)
    encoder = layers.DRew(3, 5, FAR, nu=nu, share_weights=shared, degrees=degrees).double()
    a = hop_matrices(data)
    d = a[0].sum(1) if degrees == "graph" else None
    s = [normalised(part, d) for part in a]

    def update(layer: nn.Module, h: Tensor, read: Callable[[int], Tensor]) -> Tensor:
        heard = [
            s[k - 1] @ read(k) @ layer.weight[0 if shared else k - 1]
            for k in range(1, layer.hops + 1)
        ]
        return h + F.relu(sum(heard))

    expected = run(encoder, data, update, nu)
    torch.testing.assert_close(encoder(data), expected)
    with use("torch"):
        torch.testing.assert_close(encoder(data), expected)


def test_without_delay_and_with_one_weight_is_a_multi_hop_gcn() -> None:
    data = sparse_graph(12)
    encoder = layers.DRew(3, 5, 4, nu=math.inf, share_weights=True, out_channels=2).double()
    s = torch.stack([normalised(part) for part in hop_matrices(data)])
    h = encoder.input(data.x)
    for t, layer in enumerate(encoder.layers):
        h = h + F.relu(s[: t + 1].sum(0) @ h @ layer.weight[0])
    torch.testing.assert_close(encoder(data), encoder.output(h))


def test_all_distances_at_once_are_a_relation_each_in_every_layer() -> None:
    """Also with fewer layers than distances, of which a dynamic schedule would hear but two."""
    data = sparse_graph(12)
    settings: dict[str, Any] = {"nu": math.inf, "max_hop": FAR, "schedule": "all"}
    gcn = layers.DRew(3, 5, 2, **settings).double()
    gin = spread(layers.DRew(3, 5, 2, conv="gin", **settings))
    a = hop_matrices(data)
    g, h = gcn.input(data.x), gin.input(data.x)
    for layer, other in zip(gcn.layers, gin.layers, strict=True):
        assert len(layer.weight) == len(other.neighbours) == FAR
        g = g + F.relu(sum(normalised(b) @ g @ w for b, w in zip(a, layer.weight, strict=True)))
        heard = [b @ mlp(part, h) for b, part in zip(a, other.neighbours, strict=True)]
        h = mlp(other.ego, h) + sum(heard)
    torch.testing.assert_close(gcn(data), g)
    torch.testing.assert_close(gin(data), h)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("nu", NUS)
def test_one_hop_is_a_gcn_with_residual(weighted: bool, nu: float) -> None:
    data = sparse_graph(12)
    del data.hop_index, data.hop  # which nobody needs then
    if weighted:
        data.edge_weight = torch.rand(data.num_edges).double()
    encoder = layers.DRew(3, 5, 3, max_hop=1, nu=nu).double()
    assert encoder.transform(data) is data
    a = torch.zeros(12, 12).double()
    a[data.edge_index[1], data.edge_index[0]] = data.edge_weight if weighted else 1
    h = encoder.input(data.x)
    for layer in encoder.layers:
        h = h + F.relu(normalised(a) @ h @ layer.weight[0])
    torch.testing.assert_close(encoder(data), h)


def mlp(module: nn.Module, x: Tensor) -> Tensor:
    return F.relu(module.norm(x @ module.linear.weight.T + module.linear.bias))


@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("form", ["paper", "released"])
def test_gin_is_an_mlp_of_the_node_and_of_each_distance(nu: float, shared: bool, form: str) -> None:
    data = sparse_graph(12)
    encoder = spread(layers.DRew(3, 5, FAR, conv="gin", nu=nu, share_weights=shared, form=form))
    a = hop_matrices(data)

    def update(layer: nn.Module, h: Tensor, read: Callable[[int], Tensor]) -> Tensor:
        total = mlp(layer.ego, h)
        for k in range(1, layer.hops + 1):
            part = layer.neighbours[0 if shared else k - 1]
            heard = (
                a[k - 1] @ mlp(part, read(k)) if form == "paper" else mlp(part, a[k - 1] @ read(k))
            )
            total = total + heard
        return total

    torch.testing.assert_close(encoder(data), run(encoder, data, update, nu))


@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("edge_dim", [None, 2])
def test_gatedgcn_has_gates_for_each_distance(
    nu: float, shared: bool, edge_dim: int | None
) -> None:
    data = sparse_graph(12)
    data.edge_attr = torch.randn(data.num_edges, 2).double()
    encoder = spread(
        layers.DRew(3, 5, FAR, conv="gatedgcn", nu=nu, share_weights=shared, edge_dim=edge_dim)
    )
    a = hop_matrices(data)
    features = torch.zeros(12, 12, 2).double()
    features[data.edge_index[1], data.edge_index[0]] = data.edge_attr

    def update(layer: nn.Module, h: Tensor, read: Callable[[int], Tensor]) -> Tensor:
        total = layer.ego(h)
        for k in range(1, layer.hops + 1):
            place, x = 0 if shared else k - 1, read(k)
            edges = layer.target_gate(h)[:, None] + layer.source_gates[place](x)[None]
            if k == 1 and edge_dim:
                edges = edges + features @ layer.edge_gate.weight.T
            gates = a[k - 1][..., None] * edges.sigmoid()
            heard = (gates * layer.messages[place](x)[None]).sum(1)
            total = total + heard / (gates.sum(1) + 1e-6)
        return h + F.relu(layer.norm(total))

    torch.testing.assert_close(encoder(data), run(encoder, data, update, nu))


@pytest.mark.parametrize("nu", NUS)
@pytest.mark.parametrize("shared", [False, True])
def test_the_released_form_is_a_block_for_each_distance(nu: float, shared: bool) -> None:
    data = sparse_graph(12)
    encoder = spread(layers.DRew(3, 5, FAR, nu=nu, share_weights=shared, form="released"))
    s = [normalised(part + torch.eye(12).double()) for part in hop_matrices(data)]

    def length_one(x: Tensor) -> Tensor:
        return x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)

    def update(layer: nn.Module, h: Tensor, read: Callable[[int], Tensor]) -> Tensor:
        total = torch.zeros_like(h)
        for k in range(1, layer.hops + 1):
            place = 0 if shared else k - 1
            weight = layer.convs[place].linear.weight
            block = layer.norms[place](s[k - 1] @ read(k) @ weight.T)
            total = total + length_one(F.relu(block))
        return length_one(h + F.relu(total))

    found = encoder(data)
    torch.testing.assert_close(found, run(encoder, data, update, nu))
    torch.testing.assert_close(found.norm(dim=1), torch.ones(12).double())


@pytest.mark.parametrize("nu", [1, math.inf])
@pytest.mark.parametrize("shared", [False, True])
def test_any_convolution_acts_on_the_graph_of_each_distance(nu: float, shared: bool) -> None:
    data = sparse_graph(12)
    encoder = layers.DRew(3, 5, FAR, conv=layers.SAGEConv, nu=nu, share_weights=shared).double()
    hop = distances(data.edge_index, 12)
    edges = [(hop == k).nonzero().T.flip(0) for k in range(1, FAR + 1)]

    def update(layer: nn.Module, h: Tensor, read: Callable[[int], Tensor]) -> Tensor:
        places = [0 if shared else k - 1 for k in range(1, layer.hops + 1)]
        heard = [layer.convs[p](read(k), edges[k - 1]) for k, p in enumerate(places, start=1)]
        return h + F.relu(sum(heard))

    torch.testing.assert_close(encoder(data), run(encoder, data, update, nu))


def test_a_convolution_gets_what_edges_carry_at_distance_1_alone() -> None:
    data = sparse_graph(12)
    data.edge_weight = torch.rand(data.num_edges).double()
    data.edge_type = torch.randint(3, (data.num_edges,))
    data.edge_attr = torch.randn(data.num_edges, 2).double()
    given: list[list[bool]] = []

    class Noted(layers.GatedGCNConv):
        def forward(self, x: Tensor, adj: Any, *rest: Any, **carried: Any) -> Tensor:
            found = [*rest, carried["edge_attr"], carried["edge_type"]]
            given.append([value is not None for value in found])
            assert (self.edge_gate is not None) == (found[1] is data.edge_attr)
            return super().forward(x, adj, *rest, **carried)

    layers.DRew(3, 4, 2, conv=Noted, edge_dim=2).double()(data)
    assert given == [[True] * 3, [True] * 3, [False] * 3]


@pytest.mark.parametrize("form", ["paper", "released"])
@pytest.mark.parametrize(("conv", "reads"), [("gcn", False), ("gin", False), ("gatedgcn", True)])
def test_edge_features_may_be_left_alone(conv: Any, reads: bool, form: Any) -> None:
    """Named sums do not read them at all, whatever they are told of their width."""
    assert layers.DRew.reads_edges(conv=conv, nu=1) == reads
    assert not layers.DRew.reads_edges(conv=conv, read_edges=False)
    settings = {"conv": conv, "form": form}
    plain = layers.DRew(3, 4, 2, **settings)
    told = layers.DRew(3, 4, 2, **settings, edge_dim=2)
    left = layers.DRew(3, 4, 2, **settings, edge_dim=2, read_edges=False)
    names = [set(encoder.state_dict()) for encoder in (plain, told, left)]
    assert names[0] == names[2] and (names[0] == names[1]) != reads


@pytest.mark.parametrize(("nu", "reach"), [(1, 3), (2, 5), (3, 6), (math.inf, 6)])
def test_delay_decides_how_far_a_node_hears(nu: float, reach: int) -> None:
    """Three layers reach 1 + 2 + 3 edges without delay, and an edge each with all of it.

    With nu = 2 the farthest comes over 1, 2 and 2 edges: over 3 it would come from a layer before.
    """
    ends = torch.stack([torch.arange(9), torch.arange(1, 10)])
    data = with_hops(
        Data(x=torch.rand(10, 3).double() + 1, edge_index=torch.cat([ends, ends.flip(0)], 1)), 3
    )
    encoder = layers.DRew(3, 4, 3, nu=nu).double()
    for parameter in encoder.parameters():
        nn.init.uniform_(parameter, 0.1, 1)  # no ReLU is ever shut
    data.x.requires_grad_()
    (grad,) = torch.autograd.grad(encoder(data)[0].sum(), data.x)
    assert int(grad.abs().sum(1).nonzero().max()) == reach
