"""Steps before an encoder: categories embedded, encodings put beside the features."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from functools import partial
from typing import Any

import networkx as nx
import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.utils import from_networkx

from gnnlab import layers, tasks
from gnnlab.analysis import hidden_states
from gnnlab.datasets.chemistry.codes import ATOMS, BONDS
from gnnlab.datasets.values.masks import stratified
from gnnlab.layers import EdgeCategories, NodeCategories, PositionalEncoder, WithInputs
from gnnlab.layers.inputs.positional import flipped
from gnnlab.structure.transforms import LaplacianPE, RandomWalkPE

SIGNS = ("flip", "invariant", "keep")


def graph(seed: int = 0, nodes: int = 14) -> Data:
    """A random graph whose eigenvalues are simple."""
    data = from_networkx(nx.connected_watts_strogatz_graph(nodes, 4, 0.5, seed=seed))
    random = torch.Generator().manual_seed(seed)
    data.x = torch.randn(nodes, 3, generator=random)
    data.y = torch.arange(nodes) % 2
    return data


def molecule(seed: int = 0, nodes: int = 9) -> Data:
    random, data = torch.Generator().manual_seed(seed), graph(seed, nodes)
    codes = [torch.randint(size, (nodes,), generator=random) for size in ATOMS]
    data.x = torch.stack(codes, 1).float()
    bonds = [torch.randint(size, (data.num_edges,), generator=random) for size in BONDS]
    data.edge_attr = torch.stack(bonds, 1)
    return data


def seeded(make: Callable[[], Any]) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make()


def positional(**settings: Any) -> PositionalEncoder:
    transform = settings.pop("transform", LaplacianPE(4))
    return seeded(lambda: PositionalEncoder(transform, 5, **settings)).eval()


def test_an_encoding_is_put_beside_the_features_or_added_to_them() -> None:
    step = positional()
    data = step.transform(graph())
    first = step.embed.linears[0]
    own = data.laplacian_eigenvector_pe @ first.weight.T + first.bias
    assert torch.equal(step(data).x, torch.cat([data.x, own], 1)) and step.width(3) == 8
    added = seeded(lambda: PositionalEncoder(RandomWalkPE(6), 3, combine="add"))
    data = added.transform(graph())
    first = added.embed.linears[0]
    expected = data.x + data.random_walk_pe @ first.weight.T + first.bias
    torch.testing.assert_close(added(data).x, expected)
    assert added.width(3) == 3


def test_batch_norm_and_more_layers_come_in_their_order() -> None:
    step = positional(transform=RandomWalkPE(4), num_layers=2, batch_norm=True).train()
    data = step.transform(graph())
    raw = data.random_walk_pe
    normed = (raw - raw.mean(0)) / (raw.var(0, unbiased=False) + 1e-5).sqrt()
    one, two = step.embed.linears
    expected = (normed @ one.weight.T + one.bias).relu() @ two.weight.T + two.bias
    torch.testing.assert_close(step(data).x[:, 3:], expected)


def test_signs_are_flipped_in_training_alone_and_by_torchs_generator() -> None:
    step = positional(transform=LaplacianPE(3))
    graphs = [step.transform(graph(seed)) for seed in range(3)]
    batch = Batch.from_data_list(graphs)
    assert torch.equal(step.embedding(batch), step.embedding(batch))
    raw, seen = batch.laplacian_eigenvector_pe, set()
    step.embed = nn.ModuleList()  # type: ignore[assignment]
    for number in range(60):
        torch.manual_seed(number)
        signs = flipped(raw, batch) / raw
        assert bool((signs.abs() == 1).all())
        of_graph = torch.stack([signs[batch.batch == g][0] for g in range(3)])
        assert torch.equal(of_graph[batch.batch], signs)  # one for each graph and column
        torch.manual_seed(number)
        assert torch.equal(flipped(raw, batch) / raw, signs)
        seen.add(tuple(of_graph.flatten().tolist()))
    assert len(seen) > 50  # of 512
    means = torch.tensor(sorted(seen)).mean(0)
    assert float(means.abs().max()) < 0.5


def test_a_single_graph_is_flipped_as_a_whole() -> None:
    data = LaplacianPE(6)(graph())
    torch.manual_seed(1)
    signs = flipped(data.laplacian_eigenvector_pe, data)
    ratio = signs / data.laplacian_eigenvector_pe
    assert torch.equal(ratio, ratio[:1].expand_as(ratio)) and len(ratio[0].unique()) == 2


@pytest.mark.parametrize("batch_norm", [False, True])
def test_invariance_to_signs(batch_norm: bool) -> None:
    step = positional(signs="invariant", batch_norm=batch_norm).train()
    data = step.transform(graph())
    out = step.embedding(data)
    del data[LaplacianPE.stamp]  # else values that were changed are refused
    other = copy(data)
    other.laplacian_eigenvector_pe = data.laplacian_eigenvector_pe * torch.tensor([1, -1, -1, 1])
    torch.testing.assert_close(step.embedding(other), out)
    swapped = copy(data)
    swapped.laplacian_eigenvector_pe = data.laplacian_eigenvector_pe.flip(1)
    assert not torch.allclose(step.embedding(swapped), out)
    kept = positional(signs="keep").train()
    assert not torch.allclose(kept.embedding(other), kept.embedding(data))


def renumbered(data: Data, new: Tensor) -> Data:
    return Data(
        x=torch.empty_like(data.x).index_copy(0, new, data.x), edge_index=new[data.edge_index]
    )


def wrapped(step: layers.Input, features: int = 3) -> WithInputs:
    make = partial(layers.GCN, hidden_channels=8, num_layers=2)
    return seeded(lambda: WithInputs(features, [step], make)).eval()


@pytest.mark.parametrize("kind", ["laplacian", "random walk"])
def test_moves_with_the_nodes(kind: str) -> None:
    """Random walks always; eigenvectors where their signs do not matter and none share a value."""
    transform = LaplacianPE(4) if kind == "laplacian" else RandomWalkPE(4)
    encoder, data = wrapped(positional(transform=transform, signs="invariant")), graph()
    new = torch.randperm(14, generator=torch.Generator().manual_seed(3))
    moved = encoder(encoder.transform(renumbered(data, new)))
    torch.testing.assert_close(moved[new], encoder(encoder.transform(data)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("signs", SIGNS)
def test_a_batch_gets_what_its_graphs_get(signs: Any) -> None:
    encoder = wrapped(positional(signs=signs))
    graphs = [encoder.transform(graph(seed, 9 + seed)) for seed in range(3)]
    parts = torch.cat([encoder(data) for data in graphs])
    torch.testing.assert_close(encoder(Batch.from_data_list(graphs)), parts)


def test_an_encoder_with_inputs_is_an_encoder() -> None:
    encoder = wrapped(positional())
    assert (encoder.in_channels, encoder.encoder.in_channels) == (3, 8)
    assert (encoder.level, encoder.hidden_channels, encoder.out_channels) == ("node", 8, None)
    assert encoder.stochastic_encoding == "flips signs at random while training"
    assert wrapped(positional(signs="keep")).stochastic_encoding is None
    assert wrapped(positional(transform=RandomWalkPE(4))).stochastic_encoding is None
    bound = WithInputs(3, [], partial(layers.LINKX, hidden_channels=8, num_nodes=14))
    assert bound.transductive == layers.LINKX.transductive
    assert "WithInputs" not in layers.encoders()
    states = hidden_states(encoder, encoder.transform(graph()))
    assert len(states) == 2 * 2 + 1 and states[-1].shape == (14, 8)


def test_the_encoders_own_transform_is_called_too() -> None:
    make = partial(layers.ConnectionSheaf, hidden_channels=4, stalk_dim=2)
    encoder = WithInputs(3, [PositionalEncoder(RandomWalkPE(4), 5)], make)
    data = encoder.transform(graph())
    assert "connection" in data and "random_walk_pe" in data
    assert encoder(data).shape == (14, 8)


def test_many_graphs_are_prepared_as_each_by_itself() -> None:
    """With an encoder that knows how, one that does not, and one that prepares nothing."""
    makers: list[Any] = [
        partial(layers.DRew, hidden_channels=4, num_layers=3),
        partial(layers.DRew, hidden_channels=4, num_layers=3, max_hop=1),
        partial(layers.ConnectionSheaf, hidden_channels=4, stalk_dim=2),
        partial(layers.GIN, hidden_channels=4),
    ]
    graphs = [graph(seed, 9 + seed) for seed in range(3)]
    keys = graphs[0].keys()
    for make in makers:
        steps = [positional(transform=RandomWalkPE(4)), NodeCategories((2,) * 3, 3)]
        encoder = WithInputs(3, steps[:1], make)
        found = encoder.transform_many(graphs)
        for data, given in zip(found, graphs, strict=True):
            alone = encoder.transform(copy(given))
            assert data.keys() == alone.keys() and given.keys() == keys
            for key, value in alone.to_dict().items():
                same = torch.equal(data[key], value) if isinstance(value, Tensor) else True
                assert same and (isinstance(value, Tensor) or data[key] == value)
        assert steps[1].transform_many(graphs)[0].x is graphs[0].x
    drew = makers[0](3)
    pairs = [drew.transform(data).hop_index for data in graphs]
    together = [data.hop_index for data in drew.transform_many(graphs)]
    assert all(map(torch.equal, pairs, together))


def masked(data: Data) -> Data:
    masks = stratified(data.y, 1, (0.5, 0.25), 0)
    data.train_mask, data.val_mask, data.test_mask = masks.train, masks.val, masks.test
    return data


@pytest.mark.parametrize("signs", SIGNS)
def test_fit_prepares_the_graph_and_repeats_itself_under_its_seed(signs: Any) -> None:
    data, encoder = masked(graph()), wrapped(positional(signs=signs))
    keys, given = data.keys(), deepcopy(encoder.state_dict())

    def curve(seed: int, told: WithInputs = encoder) -> list[float]:
        training = tasks.Training(epochs=4)
        return tasks.fit(tasks.NodeClassification(), told, data, training, seed=seed).curve.loss

    torch.manual_seed(5)
    first = curve(1)
    torch.manual_seed(6)  # the caller's generator is of no account
    assert curve(1) == first and curve(2) != first
    assert data.keys() == keys and encoder.state_dict().keys() == given.keys()
    assert all(torch.equal(encoder.state_dict()[key], given[key]) for key in given)
    if signs == "flip":
        assert curve(1, wrapped(positional(signs="keep"))) != first


def test_codes_of_atoms_are_embedded() -> None:
    data = molecule()
    make = partial(layers.GINE, hidden_channels=8, num_layers=2, edge_dim=BONDS)
    encoder = seeded(lambda: WithInputs(9, [NodeCategories(ATOMS, 8)], make)).eval()
    step: Any = encoder.inputs[0]
    rows = torch.stack(
        [
            sum(
                e.weight[int(code)] for e, code in zip(step.categories.embeddings, row, strict=True)
            )
            for row in data.x
        ]
    )
    torch.testing.assert_close(step(data).x, rows)
    assert encoder(data).shape == (9, 8) and data.x.shape == (9, 9)
    encoder(data).square().sum().backward()
    assert all(p.grad is not None for p in step.parameters())


def test_codes_of_bonds_become_floating_edge_attributes() -> None:
    data = molecule()
    inputs = [NodeCategories(ATOMS, 8), EdgeCategories(BONDS, 6)]
    make = partial(layers.GINE, hidden_channels=8, num_layers=2, edge_dim=6)
    encoder = seeded(lambda: WithInputs(9, inputs, make)).eval()
    out = encoder(data)
    assert data.edge_attr.dtype == torch.int64 and out.shape == (9, 8)
    data.edge_attr = data.edge_attr.flip(0)
    assert not torch.allclose(encoder(data), out)


def test_steps_follow_each_other() -> None:
    inputs = [NodeCategories(ATOMS, 8), PositionalEncoder(LaplacianPE(3), 5, signs="keep")]
    make = partial(layers.GCN, hidden_channels=8, num_layers=2)
    encoder = seeded(lambda: WithInputs(9, inputs, make)).eval()
    assert encoder.encoder.in_channels == 13
    data = encoder.transform(molecule())
    expected = encoder.encoder(inputs[1](inputs[0](data)))
    assert torch.equal(encoder(data), expected)


@pytest.mark.parametrize("signs", ["invariant", "keep"])
def test_compiles_whole(signs: Any) -> None:
    encoder = wrapped(positional(signs=signs, batch_norm=True))
    data = encoder.transform(graph())
    torch._dynamo.reset()
    traced = torch.compile(encoder, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(traced(data), encoder(data))


def test_reset_parameters_reaches_all() -> None:
    inputs = [NodeCategories((4, 3, 2), 6), positional(signs="invariant", batch_norm=True)]
    encoder = WithInputs(3, inputs, partial(layers.GCN, hidden_channels=8, num_layers=2))
    drawn = []
    for spoil in (7.0, -7.0):
        with torch.no_grad():
            for parameter in encoder.parameters():
                parameter.fill_(spoil)
        seeded(encoder.reset_parameters)
        drawn.append([parameter.detach().clone() for parameter in encoder.parameters()])
    assert all(map(torch.equal, *drawn))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "signs": (
        lambda: PositionalEncoder(LaplacianPE(2), 4, signs="none"),  # type: ignore[arg-type]
        "signs is 'none', which is none of flip, invariant, keep",
    ),
    "combine": (
        lambda: PositionalEncoder(LaplacianPE(2), 4, combine="cat"),  # type: ignore[arg-type]
        "combine is 'cat', which is none of add, concat",
    ),
    "width": (lambda: PositionalEncoder(LaplacianPE(2), 0), "channels is 0"),
    "added": (
        lambda: PositionalEncoder(RandomWalkPE(2), 4, combine="add")(RandomWalkPE(2)(graph())),
        "has 4 channels, but data.x 3 columns: build it with channels=3",
    ),
    "missing": (lambda: positional()(graph()), "laplacian_eigenvector_pe is missing: call encoder"),
    "sparse": (
        lambda: positional()(Data(x=torch.eye(3).to_sparse_csr())),
        "data.x is sparse, and an encoding is put beside dense features",
    ),
    "columns": (lambda: wrapped(NodeCategories(ATOMS, 4)), "data.x has 3 columns, but NodeCat"),
    "no edges": (
        lambda: EdgeCategories(BONDS, 4)(graph()),
        "the graph has no edge_attr, but EdgeCategories reads codes",
    ),
    "codes": (
        lambda: NodeCategories((2, 2, 2), 4)(graph()),
        "column 0 of the categories holds",
    ),
    "features": (lambda: WithInputs(0, [], nn.Identity), "in_channels is 0"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refusals(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()
