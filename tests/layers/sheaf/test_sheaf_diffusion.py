"""The sheaf encoders written out step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from sheaf_oracles import coboundary_laplacian, learned_edges, normalised, pairs_of
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.layers.parts import dropout as dropouts
from gnnlab.layers.sheaf.undirected_edges import undirected
from gnnlab.tasks.training.optimizer import parameter_groups

CASES = {
    "SheafDiffusion": lambda _: layers.SheafDiffusion(3, 2, 2, stalk_dim=2),
    "SheafDiffusion cayley": lambda _: layers.SheafDiffusion(
        3, 2, 2, orthogonal="cayley", sparse_learner=True, linear=True
    ),
    "SheafDiffusion diag": lambda _: layers.SheafDiffusion(
        3, 2, 2, maps="diag", stalk_dim=2, plus_channel=True, minus_channel=True
    ),
    "SheafDiffusion general": lambda _: layers.SheafDiffusion(
        3, 2, 2, maps="general", stalk_dim=2, edge_weights=True
    ),
    "SheafDiffusion identity": lambda _: layers.SheafDiffusion(3, 2, 2, maps="identity"),
    "SheafDiffusion random": lambda _: layers.SheafDiffusion(3, 2, 2, maps="random"),
}

EDGES = torch.tensor([[0, 1, 2, 2, 4], [1, 2, 0, 3, 5]])
EDGES = torch.cat([EDGES, EDGES.flip(0)], 1)
NODES, WIDTH = 7, 2


def graph(seed: int = 0) -> Data:
    generator = torch.Generator().manual_seed(seed)
    return Data(x=torch.randn(NODES, 3, generator=generator).double(), edge_index=EDGES)


def build(**settings: Any) -> layers.SheafDiffusion:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = layers.SheafDiffusion(3, WIDTH, 3, **settings).double().eval()
        for step in encoder.steps:  # which start as the identity and as 0
            for parameter in (step.left, step.epsilon):
                torch.nn.init.normal_(parameter)
    return encoder


def plain(sign: int, kind: str) -> Tensor:
    """D + sign A, normalised."""
    one = torch.ones(1, 1).double()
    edges = [(u, v, w, one, -sign * one) for (u, v), w in pairs_of(EDGES).items()]
    return normalised(*coboundary_laplacian(NODES, edges, 1), kind)


def diffuse(encoder: layers.SheafDiffusion, x: Tensor, kind: str, signs: list[int]) -> Tensor:
    """All steps, with dense matrices."""
    dim = encoder.stalk_dim
    h = F.elu(encoder.input(x))
    if encoder.second is not None:
        h = encoder.second(h)
    h = h.reshape(NODES, dim + len(signs), WIDTH)
    full = None
    for number, step in enumerate(encoder.steps):
        if full is None or encoder.varies:
            maps = encoder.learners[number].maps.weight
            edges = learned_edges(h, EDGES, None, encoder.maps, dim, "householder", maps, None)
            full = normalised(*coboundary_laplacian(NODES, edges, dim), kind)
        moved = torch.einsum("ab,nbc,kc->nak", step.left, h, step.right)
        parts = [(full @ moved[:, :dim].reshape(NODES * dim, WIDTH)).reshape(NODES, dim, WIDTH)]
        for place, sign in enumerate(signs, start=dim):
            parts.append((plain(sign, kind) @ moved[:, place])[:, None])
        h = (1 + step.epsilon.tanh()) * h - F.elu(torch.cat(parts, 1))
    return h


@pytest.mark.parametrize("kind", ["augmented", "textbook"])
@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general"])
def test_step_by_step(maps: str, linear: bool, kind: str) -> None:
    encoder = build(
        maps=maps, linear=linear, normalisation=kind, stalk_dim=2, plus_channel=True,
        minus_channel=True, second_linear=linear,
    )  # fmt: skip
    assert len(encoder.learners) == (1 if linear else 3)
    expected = diffuse(encoder, graph().x, kind, [1, -1])
    torch.testing.assert_close(encoder.stalks(graph()), expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(encoder(graph()), expected.flatten(1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general", "identity", "random"])
def test_batches_equal_single_graphs_in_every_dimension(maps: str, dim: int) -> None:
    encoder = build(maps=maps, stalk_dim=dim, edge_weights=True, plus_channel=True)
    graphs = [graph(0), Data(x=graph(1).x[:3], edge_index=EDGES[:, [0, 5]]), graph(2)]
    expected = torch.cat([encoder(data) for data in graphs])
    torch.testing.assert_close(encoder(Batch.from_data_list(graphs)), expected)
    assert expected.shape[1] == encoder.hidden_channels == (dim + 1) * WIDTH


def test_identity_maps_learn_no_sheaf_and_equal_the_minus_channel() -> None:
    encoder = build(maps="identity", stalk_dim=2, minus_channel=True)
    assert not len(encoder.learners) and encoder.random is None
    for step in encoder.steps:
        step.left.data, step.epsilon.data = torch.eye(3).double(), torch.zeros(3, 1).double()
    encoder.input.weight.data = encoder.input.weight[:WIDTH].repeat(3, 1)
    encoder.input.bias.data = encoder.input.bias[:WIDTH].repeat(3)
    found = encoder.stalks(graph())
    torch.testing.assert_close(found[:, 0], found[:, 2])
    torch.testing.assert_close(found[:, 1], found[:, 2])


def test_random_maps_are_fixed_orthogonal_and_unlike() -> None:
    encoder, data = build(maps="random", stalk_dim=3), graph()
    assert encoder.random is not None
    pairs = undirected(EDGES, NODES)
    carried = encoder.random(data.x, pairs).transport
    assert (carried.mT @ carried - torch.eye(3)).abs().max() < 1e-12
    assert (carried[:1] - carried[1:]).abs().amax((1, 2)).min() > 0.1
    torch.testing.assert_close(encoder.random(5 * data.x, pairs).transport, carried)
    trained = [name for name, p in encoder.named_parameters() if p.requires_grad]
    assert not any(name.startswith("random") for name in trained)
    before = [p.clone() for p in encoder.random.parameters()]
    encoder.reset_parameters()
    after = encoder.random.parameters()
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_random_maps_stay_as_they_are_in_training() -> None:
    data = graph()
    data.x, data.y = data.x.float(), torch.arange(NODES) % 3
    part = torch.arange(NODES)[:, None] // 3
    data.train_mask, data.val_mask, data.test_mask = (part == i for i in range(3))
    encoder = layers.SheafDiffusion(3, 4, 2, maps="random")
    kept = [
        tasks.fit(
            tasks.NodeClassification(), encoder, data, tasks.Training(epochs=epochs), seed=1
        ).model.encoder.random.state_dict()
        for epochs in (1, 3)
    ]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])


def test_a_node_without_neighbours_keeps_its_state() -> None:
    encoder = build(stalk_dim=2)
    start = encoder.embed(graph().x)[6]
    for step in encoder.steps:
        start = (1 + step.epsilon.tanh()) * start
    torch.testing.assert_close(encoder.stalks(graph())[6], start)


def test_a_single_arc_counts_half_in_both_directions() -> None:
    encoder, data = build(stalk_dim=2), graph()
    data.edge_index = EDGES[:, :5]
    weighted = graph()
    weighted.edge_weight = torch.full((10,), 0.5).double()
    torch.testing.assert_close(encoder(data), encoder(weighted))


def test_dropout_acts_where_the_release_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features, first states, the weights of each layer; the learner from the second layer on."""
    seen = []
    dropout = dropouts.dropout

    def record(x: Tensor, p: float, *arguments: object) -> Tensor:
        seen.append((p, x.dim()))
        return dropout(x, p, *arguments)

    monkeypatch.setattr(dropouts, "dropout", record)
    layers.SheafDiffusion(3, 4, 3, dropout=0.5, input_dropout=0.7).double().train()(graph())
    assert seen == [(0.7, 2), (0.5, 2), *[(0.5, 3)] * (3 + 2)]


def test_what_is_kept_is_not_dropped() -> None:
    encoder = build(stalk_dim=2, dropout=0.0)
    for step in encoder.steps:
        step.dropout.p = 1.0
    start = encoder.train().embed(graph().x)
    for step in encoder.steps:
        start = (1 + step.epsilon.tanh()) * start
    torch.testing.assert_close(encoder.stalks(graph()), start)


def test_starts_with_identity_and_orthogonal_weights() -> None:
    step = layers.SheafDiffusion(3, 6, 1).steps[0]
    assert torch.equal(step.left.detach(), torch.eye(3)) and not step.epsilon.any()
    torch.testing.assert_close(step.right.T @ step.right, torch.eye(6))


def test_learners_are_a_group_of_parameters_for_training() -> None:
    model = tasks.Model(layers.SheafDiffusion(3, 4, 2), 5)
    training = tasks.Training(
        optimizer="adam", weight_decay=1e-3, groups={"encoder.learners.*": {"weight_decay": 1e-4}}
    )
    groups = parameter_groups(model, training)
    learners = set(model.encoder.learners.parameters())
    for group in groups:
        assert all((group["weight_decay"] == 1e-4) == (p in learners) for p in group["params"])


def test_no_two_layers_share_a_learner_and_none_has_a_bias() -> None:
    encoder = layers.SheafDiffusion(3, 4, 2, maps="diag", stalk_dim=4, plus_channel=True)
    shapes = {name: tuple(p.shape) for name, p in encoder.learners.named_parameters()}
    assert shapes == {"0.maps.weight": (4, 2 * 5 * 4), "1.maps.weight": (4, 2 * 5 * 4)}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"maps": "full"}, "maps is 'full', which is none of diag, orthogonal, general"),
        ({"orthogonal": "qr"}, "orthogonal is 'qr', which is none of householder"),
        ({"orthogonal": "euler", "stalk_dim": 4}, "Euler angles turn 2 or 3 dimensions"),
        ({"normalisation": "row"}, "normalisation is 'row', which is none of augmented"),
        ({"stalk_dim": 0}, "stalk_dim is 0"),
    ],
)
def test_refuses(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        layers.SheafDiffusion(3, 4, 2, **settings)
