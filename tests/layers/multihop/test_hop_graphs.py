"""DRew in batches, with pairs in any order, prepared, trained and refused."""

from __future__ import annotations

import gc
import math
import weakref
from functools import partial
from typing import Any

import pytest
import torch
from drew_graphs import FAR, hop_matrices, sparse_graph, spread
from hop_keys import with_hops
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.layers.multihop.drew import delay
from gnnlab.layers.multihop.hop_graphs import hop_graphs

ALL: dict[str, dict[str, Any]] = {
    "gcn": {},
    "gcn shared": {"share_weights": True},
    "gin": {"conv": "gin"},
    "gatedgcn": {"conv": "gatedgcn"},
    "sage": {"conv": layers.SAGEConv},
    "released": {"form": "released"},
    "released gin": {"conv": "gin", "form": "released"},
    "released sage": {"conv": partial(layers.SAGEConv), "form": "released"},
}
every_kind = pytest.mark.parametrize("kind", sorted(ALL))


@every_kind
def test_graphs_in_a_batch_are_as_by_themselves(kind: str) -> None:
    """Among them one without an edge, and one without the larger distances."""
    parts = [sparse_graph(4, 0), sparse_graph(13, seed=1), sparse_graph(9, seed=2)]
    parts.append(
        with_hops(Data(x=torch.ones(2, 3).double(), edge_index=torch.empty(2, 0).long()), 2)
    )
    encoder = spread(layers.DRew(3, 5, FAR, **ALL[kind]))
    alone = torch.cat([encoder(part) for part in parts])
    torch.testing.assert_close(encoder(Batch.from_data_list(parts)), alone)


@every_kind
def test_gradients(kind: str) -> None:
    data = sparse_graph(7)
    encoder = spread(layers.DRew(3, 3, 3, **ALL[kind]))

    def outputs(x: Tensor, *_: Tensor) -> Tensor:
        return encoder(
            Data(x=x, edge_index=data.edge_index, hop_index=data.hop_index, hop=data.hop)
        )

    inputs = data.x.requires_grad_(), *encoder.parameters()
    assert torch.autograd.gradcheck(outputs, inputs)


@every_kind
def test_the_order_of_pairs_does_not_matter(kind: str) -> None:
    data = sparse_graph(12)
    encoder = spread(layers.DRew(3, 5, FAR, **ALL[kind]))
    order = torch.randperm(len(data.hop), generator=torch.Generator().manual_seed(0))
    mixed = Data(x=data.x, edge_index=data.edge_index, hop=data.hop[order])
    mixed.hop_index = data.hop_index[:, order]
    torch.testing.assert_close(encoder(mixed), encoder(data))


def test_pairs_beyond_the_last_layer_are_not_looked_at() -> None:
    data = sparse_graph(12)
    encoder = layers.DRew(3, 5, 2).double()
    assert torch.equal(encoder(data), encoder(with_hops(data, 2)))


def test_distances_are_sorted_once_and_die_with_their_tensors() -> None:
    data = sparse_graph(12)
    first, again = hop_graphs(data, FAR), hop_graphs(data, FAR)
    assert all(a.adj is b.adj for a, b in zip(first, again, strict=True))
    for k, (hop, a) in enumerate(zip(first, hop_matrices(data), strict=True)):
        assert hop.adj.num_edges == int(a.sum()) and k < FAR
        assert bool((a[hop.adj.target, hop.adj.source] == 1).all())
    seen = weakref.ref(first[2].adj)
    del first, again, hop, data
    gc.collect()
    assert seen() is None


def test_old_states_are_let_go() -> None:
    """Without gradients, nothing holds what no distance reads any more."""
    data, encoder = sparse_graph(12), layers.DRew(3, 5, 8, max_hop=2).double()
    alive: list[weakref.ref[Tensor]] = []
    most = []

    def note(layer: nn.Module, arguments: Any, result: Tensor) -> None:
        alive.append(weakref.ref(result))
        most.append(sum(state() is not None for state in alive))

    for layer in encoder.layers:
        layer.register_forward_hook(note)
    with torch.no_grad():
        encoder(data)
    assert max(most) == 3  # the new one, and two that it may have heard


def bare(data: Data) -> Data:
    return Data(x=data.x, edge_index=data.edge_index)


def test_transform_finds_the_pairs_once() -> None:
    data, encoder = sparse_graph(12), layers.DRew(3, 5, FAR).double()
    found = encoder.transform(bare(data))
    assert torch.equal(found.hop_index, data.hop_index) and torch.equal(found.hop, data.hop)
    assert encoder.transform(found).hop_index is found.hop_index
    assert torch.equal(encoder(found), encoder(data))


def test_transform_does_not_trust_pairs_of_another_graph_or_reach() -> None:
    data, other = bare(sparse_graph(12)), bare(sparse_graph(12, chords=5, seed=3))
    encoder, short = layers.DRew(3, 5, 3), layers.DRew(3, 5, 2)
    expected = encoder.transform(data)
    nearer, stale = short.transform(data), encoder.transform(other)
    stale.edge_index = data.edge_index
    for found in (nearer, stale):
        assert not torch.equal(found.hop_index, expected.hop_index)
        assert torch.equal(encoder.transform(found).hop_index, expected.hop_index)


def test_fit_finds_the_pairs() -> None:
    data = bare(sparse_graph(30))
    data.x, data.y = data.x.float(), torch.arange(30) % 2
    part = torch.arange(30).unsqueeze(1) % 3
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    encoder = layers.DRew(3, 8, 3)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=2))
    assert len(result.curve) == 2 and "hop_index" not in data


def test_a_missing_distance_leaves_the_norm_of_its_block_alone() -> None:
    data = sparse_graph(4, 0)
    encoder = layers.DRew(3, 5, FAR, form="released").double().train()
    encoder(data)
    used = [norm.num_batches_tracked.item() for norm in encoder.layers[-1].norms]
    assert used == [1, 1, 0, 0]


@pytest.mark.parametrize(("k", "nu", "layers_ago"), [(1, 1, 0), (3, 1, 2), (3, 2, 1), (5, 9, 0)])
def test_delay_is_what_exceeds_nu(k: int, nu: float, layers_ago: int) -> None:
    assert delay(k, nu) == layers_ago and delay(k, math.inf) == 0


def test_compile_refuses_a_convolution_that_might_count_absent_edges() -> None:
    data, encoder = sparse_graph(12), layers.DRew(3, 5, 2, conv=layers.SAGEConv).double()
    torch._dynamo.reset()
    with pytest.raises(Exception, match="SAGEConv may count: compile DRew with conv='gcn'"):
        torch.compile(encoder, backend="aot_eager", fullgraph=True)(data)


def test_asks_for_transform_and_fitting_pairs() -> None:
    data, encoder = sparse_graph(12), layers.DRew(3, 5, 2).double()
    with pytest.raises(ValueError, match=r"hop_index and data.hop are missing: call encoder.trans"):
        encoder(bare(data))
    data.hop = data.hop[1:]
    with pytest.raises(
        ValueError, match=r"data.hop is torch.int64 of shape \(\d+,\), but it is read as"
    ):
        encoder(data)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"nu": 0}, "nu is 0, but it must be a whole number of at least 1, or math.inf"),
        ({"nu": 1.5}, "nu is 1.5"),
        ({"nu": math.nan}, "nu is nan"),
        ({"nu": "1"}, "nu is '1'"),
        ({"max_hop": 0}, "max_hop is 0, but it must be a whole number of at least 1"),
        ({"conv": "sage"}, "conv is 'sage', which is none of gcn, gin, gatedgcn"),
        ({"form": "plain"}, "form is 'plain', which is none of paper, released"),
        ({"degrees": "node"}, "degrees is 'node', which is none of hop, graph"),
        ({"degrees": "graph", "conv": "gin"}, "degrees='graph' is for conv='gcn'"),
        ({"degrees": "graph", "form": "released"}, "in the paper's form alone"),
        ({"edge_dim": 0, "conv": "gatedgcn"}, "edge_dim is 0"),
        ({"schedule": "static"}, "schedule is 'static', which is none of dynamic, all"),
        ({"schedule": "all"}, "schedule is 'all' and nu is 1.0, but the first layers have no"),
        (
            {"edge_dim": 3, "conv": layers.GatedGCNConv, "share_weights": True},
            "share_weights gives all distances one convolution",
        ),
    ],
)
def test_refuses_settings_that_do_not_fit(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        layers.DRew(3, 4, **settings)
