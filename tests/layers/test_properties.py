"""What every exported conv and encoder must be, whatever its formula."""

from __future__ import annotations

import io
import pickle
from copy import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import ALL, build, every_layer, one_of_each
from strategies import (
    F_IN,
    apply,
    graphs,
    of_graphs,
    off_the_kink,
    prepared,
    sized,
)
from torch_geometric.data import Batch, Data

from gnnlab import layers
from gnnlab.layers.convolutional.gcn import BLOCKS

REASONS = ("transductive", "order_dependent", "stochastic_encoding", "completes_frames")
few = settings(max_examples=15, deadline=None)


def exempt(name: str, reason: str) -> bool:
    """Whether a layer as it is built declares an exception, which is then printed."""
    told = getattr(build(name, 3), reason, None)
    if told:
        print(f"{name} is exempt: {reason}, because it {told}")
    return bool(told)


def test_every_exported_layer_is_covered() -> None:
    assert {name.split()[0] for name in ALL} == {*layers.convs(), *layers.encoders()}


@every_layer
def test_exceptions_give_a_reason(name: str) -> None:
    for reason in REASONS:
        told = getattr(getattr(layers, name.split()[0]), reason, None)
        assert told is None or len(told.split()) > 1


@one_of_each
@few
@given(data=graphs(), seed=st.integers(0, 99))
def test_moves_with_the_nodes(name: str, data: Data, seed: int) -> None:
    if exempt(name, "transductive") or exempt(name, "order_dependent"):
        return
    layer = build(name, data.num_nodes)
    new = torch.randperm(data.num_nodes, generator=torch.Generator().manual_seed(seed))
    moved = Data(
        x=torch.empty_like(data.x).index_copy(0, new, data.x),
        edge_index=new[data.edge_index],
        edge_type=data.edge_type,
    )
    out = apply(layer, moved)
    torch.testing.assert_close(out if of_graphs(layer) else out[new], apply(layer, data))


@one_of_each
@few
@given(data=graphs(), seed=st.integers(0, 99))
def test_does_not_depend_on_the_order_of_edges(name: str, data: Data, seed: int) -> None:
    layer = build(name, data.num_nodes)
    order = torch.randperm(data.num_edges, generator=torch.Generator().manual_seed(seed))
    mixed = Data(x=data.x, edge_index=data.edge_index[:, order], edge_type=data.edge_type[order])
    torch.testing.assert_close(apply(layer, mixed), apply(layer, data))


@one_of_each
@few
@given(first=graphs(), second=graphs())
def test_treats_each_part_of_a_union_by_itself(name: str, first: Data, second: Data) -> None:
    if exempt(name, "transductive"):
        return
    layer = build(name, first.num_nodes)
    parts = torch.cat([apply(layer, first), apply(layer, second)])
    union = Batch.from_data_list([prepared(layer, first), prepared(layer, second)])
    torch.testing.assert_close(apply(layer, union), parts)


@one_of_each
@few
@given(data=graphs())
def test_an_isolated_node_changes_nothing_and_stays_finite(name: str, data: Data) -> None:
    if exempt(name, "transductive") or exempt(name, "completes_frames"):
        return
    layer = build(name, data.num_nodes)
    more = Data(
        x=torch.cat([data.x, torch.ones(1, F_IN).double()]),
        edge_index=data.edge_index,
        edge_type=data.edge_type,
    )
    out = apply(layer, more)
    if not of_graphs(layer):  # a graph with one node more is another graph
        torch.testing.assert_close(out[:-1], apply(layer, data))
    assert bool(out.isfinite().all())


@every_layer
def test_works_without_an_edge(name: str) -> None:
    data = Data(x=torch.ones(3, F_IN).double(), edge_index=torch.empty(2, 0, dtype=torch.int64))
    layer = build(name, 3)
    out = apply(layer, data)
    assert out.shape[0] == (1 if of_graphs(layer) else 3) and bool(out.isfinite().all())


@one_of_each
@few
@given(data=graphs())
def test_duplicate_edges_and_loops_stay_finite_and_weights_equal_copies(
    name: str, data: Data
) -> None:
    layer = build(name, data.num_nodes)
    del data.edge_type
    loops = torch.arange(data.num_nodes).expand(2, -1)
    doubled = Data(x=data.x, edge_index=torch.cat([data.edge_index, data.edge_index, loops], 1))
    assert bool(apply(layer, doubled).isfinite().all())
    if name.startswith("GCN"):  # linear in the weights: two copies are one edge of weight 2
        twice = Data(x=data.x, edge_index=torch.cat([data.edge_index, loops], 1))
        weight = torch.cat(
            [torch.full((data.num_edges,), 2.0), torch.ones(data.num_nodes)]
        ).double()
        twice.edge_weight = weight
        conv = name == "GCNConv"
        heavy = layer(twice.x, twice.edge_index, weight) if conv else layer(twice)
        torch.testing.assert_close(heavy, apply(layer, doubled))


@one_of_each
def test_gradients(name: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 2, 0, 0, 3], [1, 2, 0, 1, 1, 1, 3]])
    x = torch.randn(5, F_IN, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layer = off_the_kink(build(name, 5))
    parameters = list(layer.parameters())
    edge_type = torch.tensor([0, 1, 2, 2, 0, 1, 0])

    data = prepared(layer, Data(x=x, edge_index=edge_index, edge_type=edge_type))

    def run(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        given = copy(data)
        given.x = x
        return apply(layer, given)

    assert torch.autograd.gradcheck(run, (x.requires_grad_(), *parameters))


@every_layer
def test_saves_loads_and_pickles(name: str) -> None:
    data = Data(x=torch.ones(4, F_IN).double(), edge_index=torch.tensor([[0, 1, 2], [1, 2, 2]]))
    layer, file = build(name, 4), io.BytesIO()
    expected = apply(layer, data)
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = build(name, 4)
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(apply(other, data), expected)
    assert torch.equal(apply(pickle.loads(pickle.dumps(layer)), data), expected)


@every_layer
def test_reset_parameters_draws_all_weights_from_the_seed(name: str) -> None:
    def drawn(spoil: float) -> list[torch.Tensor]:
        layer = build(name, 4)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.fill_(spoil)
        with torch.random.fork_rng():
            torch.manual_seed(5)
            layer.reset_parameters()
        return [parameter.detach() for parameter in layer.parameters()]

    for one, other in zip(drawn(7.0), drawn(-7.0), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", sorted(layers.encoders()))
@pytest.mark.parametrize("block", BLOCKS)
def test_reset_parameters_draws_from_what_the_layer_was_built_with(name: str, block: str) -> None:
    if block != "platonov" and name != "GCN":
        return
    extra = sized(name, 50)
    extra |= {"block": block} if name == "GCN" else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = getattr(layers, name)(40, 200, 2, **extra)
        large = [p for p in layer.parameters() if p.numel() > 1000]
        built = [float(p.detach().abs().mean()) for p in large]
        layer.reset_parameters()
    assert [float(p.detach().abs().mean()) for p in large] == pytest.approx(built, rel=0.1)


@every_layer
def test_leaves_the_data_alone_and_repeats_itself(name: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 2], [1, 2, 0, 2]])
    data = Data(x=torch.randn(3, F_IN).double(), edge_index=edge_index)
    keys, before = data.keys(), {key: data[key].clone() for key in data.keys()}
    layer = build(name, 3)
    assert torch.equal(apply(layer, data), apply(layer, data))
    assert data.keys() == keys
    assert all(torch.equal(data[key], before[key]) for key in keys)


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_predicts_by_itself_when_told_how_many_classes(name: str) -> None:
    cls, extra = getattr(layers, name), sized(name, 3)
    data = Data(x=torch.ones(3, F_IN), edge_index=torch.tensor([[0, 1], [1, 2]]))
    for outputs, width in ((None, 8), (5, 5)):
        encoder = cls(F_IN, 8, 2, out_channels=outputs, **extra)
        stalks = getattr(encoder, "stalks_dim", 1)  # sheaves have 8 channels in each dimension
        rows = 1 if of_graphs(encoder) else 3
        assert apply(encoder, data).shape == (rows, width if outputs else width * stalks)
        assert (encoder.hidden_channels, encoder.out_channels) == (8 * stalks, outputs)
