"""Measures of states against their definitions and closed forms."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from sklearn.feature_selection import f_classif
from torch import nn
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx

from gnnlab import analysis, datasets, layers, rewiring
from gnnlab.analysis import (
    class_separation,
    dirichlet_energy,
    hidden_states,
    sheaf_energies,
    sheaf_energy,
    smoothness,
)
from gnnlab.layers.parts.orthogonal import orthogonal
from gnnlab.layers.sheaf.maps import SheafLearner, trivial
from gnnlab.layers.sheaf.undirected_edges import undirected


def graph(seed: int = 0, nodes: int = 20) -> tuple[nx.Graph, torch.Tensor]:
    own = nx.gnp_random_graph(nodes, 0.2, seed=seed)
    edge_index = from_networkx(own).edge_index
    return own, edge_index


def states(nodes: int = 20, width: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.randn(nodes, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(5))
def test_energy_is_the_laplacians_quadratic_form(seed: int) -> None:
    own, edge_index = graph(seed)
    h = states(seed=seed).double()
    laplacian = nx.laplacian_matrix(own).toarray()
    plain = np.trace(h.numpy().T @ laplacian @ h.numpy())
    assert dirichlet_energy(h, edge_index, normalised=False) == pytest.approx(plain)
    scale = np.diag(1 / np.sqrt(1 + np.diag(laplacian)))
    augmented = np.trace(h.numpy().T @ scale @ laplacian @ scale @ h.numpy())
    assert dirichlet_energy(h, edge_index) == pytest.approx(augmented)
    relative = dirichlet_energy(h, edge_index, relative=True)
    assert relative == pytest.approx(augmented / float(h.square().sum()))
    assert 0 <= relative <= 2
    assert dirichlet_energy(9 * h, edge_index, relative=True) == pytest.approx(relative)


def test_energy_vanishes_on_the_kernel_and_ignores_loops() -> None:
    own, edge_index = graph()
    degree = torch.tensor([own.degree(i) for i in range(20)]).double()
    assert dirichlet_energy((1 + degree).sqrt()[:, None], edge_index) == pytest.approx(0, abs=1e-24)
    assert dirichlet_energy(torch.ones(20, 2), edge_index, normalised=False) == 0
    assert dirichlet_energy(torch.zeros(20, 2), edge_index, relative=True) == 0
    loops = torch.cat([edge_index, torch.arange(20).expand(2, -1)], dim=1)
    h = states()
    assert dirichlet_energy(h, loops) == pytest.approx(dirichlet_energy(h, edge_index))


def test_a_step_of_gcn_never_raises_it() -> None:
    for seed in range(10):
        _, edge_index = graph(seed)
        h = states(seed=seed).double()
        step = layers.GCNConv(3, 3, bias=False).double()
        with torch.no_grad():
            step.linear.weight.copy_(torch.eye(3))
            after = step(h, edge_index)
        assert dirichlet_energy(after, edge_index) <= dirichlet_energy(h, edge_index) + 1e-12


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_smoothness_is_its_definition(block: int) -> None:
    h = states()
    unit = h / h.norm(dim=1, keepdim=True)
    pairs = list(itertools.permutations(range(20), 2))
    expected = sum(float((unit[i] - unit[j]).norm()) / 2 for i, j in pairs) / len(pairs)
    assert smoothness(h, block=block) == pytest.approx(expected, rel=1e-5)


def test_smoothness_at_its_ends() -> None:
    ray = torch.rand(30, 1) * torch.tensor([[1.0, 2.0, -1.0]])
    assert smoothness(ray) == pytest.approx(0, abs=1e-6)
    assert smoothness(torch.tensor([[1.0, 0.0], [-3.0, 0.0]])) == pytest.approx(1)
    assert smoothness(torch.tensor([[1.0, 0.0], [0.0, 0.0]])) == pytest.approx(0.5)
    assert smoothness(torch.ones(1, 3)) == 0


def test_separation_is_the_share_of_variance_between_classes() -> None:
    h, y = states(60, 1), torch.arange(60) % 3
    # One-way analysis of variance: F = (between / 2) / (within / 57).
    (f,), _ = f_classif(h.numpy(), y.numpy())
    assert class_separation(h, y) == pytest.approx(f * 2 / (f * 2 + 57), rel=1e-5)
    assert class_separation(7 * h + 3, y) == pytest.approx(class_separation(h, y), rel=1e-4)
    points = torch.eye(3)[y]
    assert class_separation(points, y) == pytest.approx(1)
    balanced = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert class_separation(balanced, torch.tensor([0, 0, 1, 1])) == pytest.approx(0)
    some = torch.where(torch.arange(60) < 30, y, -1)
    assert class_separation(h, some) == pytest.approx(class_separation(h[:30], y[:30]))
    nothing = class_separation(torch.full((60, 4), 0.1), y)
    assert nothing != nothing
    unknown = class_separation(h, torch.full((60,), -1))
    assert unknown != unknown


@pytest.mark.parametrize("maps", ["identity", "diag", "orthogonal", "general"])
def test_energy_of_a_sheaf_is_the_disagreement_along_its_edges(maps: str) -> None:
    _, edge_index = graph()
    h = states(20, 6).double().reshape(20, 2, 3)
    pairs = undirected(edge_index, 20)
    if maps == "identity":
        sheaf = trivial(pairs, torch.float64)
        energy = dirichlet_energy(h.flatten(1), edge_index, normalised=False)
        assert sheaf_energy(h, sheaf, "none") == pytest.approx(energy)
        assert sheaf_energy(h, sheaf) == pytest.approx(dirichlet_energy(h.flatten(1), edge_index))
        return
    torch.manual_seed(0)
    learner = SheafLearner(2, 3, maps, "cayley", 2).double()
    sheaf = learner(h, pairs)
    seen = sheaf_energy(h, sheaf, "none")
    own, other = (side.tanh() for side in learner.maps(h.flatten(1), pairs))
    total = 0.0
    for e, (source, target) in enumerate(pairs.adj.edge_index.T.tolist()):
        at_target, at_source = _matrix(own[e], maps), _matrix(other[e], maps)
        total += float((at_target @ h[target] - at_source @ h[source]).square().sum())
    assert seen == pytest.approx(total)
    assert 0 <= sheaf_energy(h, sheaf, relative=True) <= 2


def _matrix(numbers: torch.Tensor, maps: str) -> torch.Tensor:
    if maps == "diag":
        return torch.diag(numbers)
    return numbers.reshape(2, 2) if maps == "general" else orthogonal(numbers[None], 2, "cayley")[0]


def test_energies_of_a_network_are_those_of_its_steps() -> None:
    data = datasets.karate()
    torch.manual_seed(0)
    encoder = layers.SheafDiffusion(data.num_features, 4, 3, maps="identity", plus_channel=True)
    found = sheaf_energies(encoder, data)
    first = encoder.eval().embed(data.x)[:, :3]
    energy = dirichlet_energy(first.flatten(1), data.edge_index, relative=True)
    assert len(found) == 3 and found[0] == pytest.approx(energy, rel=1e-5)
    with pytest.raises(ValueError, match="GCN diffuses on no sheaf"):
        sheaf_energies(layers.GCN(data.num_features, 4), data)  # type: ignore[arg-type]


def test_states_of_every_layer() -> None:
    data = datasets.karate()
    torch.manual_seed(0)
    encoder = layers.GCN(data.num_features, 8, 5, block="plain", dropout=0.5)
    found = hidden_states(encoder, data)
    assert [tuple(h.shape) for h in found] == [(34, 8)] * 6
    last = encoder.eval()(data)
    assert torch.equal(found[-1], last) and torch.equal(found[-2].relu(), last)
    assert not any(module._forward_hooks for module in encoder.modules())
    assert len(hidden_states(layers.GIN(data.num_features, 8, 3), data)) == 4
    with pytest.raises(ValueError, match="_Bare has no layers in a ModuleList"):
        hidden_states(_Bare(data.num_features), data)


class _Bare(nn.Linear):
    def __init__(self, width: int) -> None:
        super().__init__(width, 2)

    def forward(self, data: Data) -> torch.Tensor:  # type: ignore[override]
        out: torch.Tensor = super().forward(data.x)
        return out


def test_depth_over_smooths_a_plain_gcn_and_not_a_residual_one() -> None:
    data = datasets.csbm(seed=0, nodes=300)

    def plain(depth: int) -> nn.Module:
        return layers.GCN(data.num_features, 16, depth, block="plain")

    def residual(depth: int) -> nn.Module:
        return layers.GCN(data.num_features, 16, depth)

    before = torch.random.get_rng_state()
    curve, kept = analysis.by_depth(plain, data), analysis.by_depth(residual, data)
    assert torch.equal(before, torch.random.get_rng_state())
    assert curve.depth.tolist() == [2, 4, 8, 16, 32, 64]
    assert curve.smoothness[-1] < 0.1 * curve.smoothness[0]
    assert curve.energy[-1] < 0.1 * curve.energy[0]
    assert kept.smoothness[-1] > 0.3 * kept.smoothness[0]
    assert torch.equal(analysis.by_depth(plain, data, [4]).energy, curve.energy[1:2])
    assert 0 <= curve.separation[0] <= 1


def test_curves_are_drawn() -> None:
    pytest.importorskip("matplotlib").use("agg")
    data = datasets.karate()
    curve = analysis.by_depth(lambda d: layers.GCN(data.num_features, 4, d), data, [1, 2])
    for measure in ("energy", "smoothness", "separation"):
        (line,) = curve.plot(measure).get_lines()
        assert line.get_ydata().tolist() == getattr(curve, measure).tolist()
    with pytest.raises(ValueError, match="measure is 'speed', which is none of energy"):
        curve.plot("speed")


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match=r"h is torch.float32 of shape \(3, 2, 2\)"):
        dirichlet_energy(torch.ones(3, 2, 2), torch.zeros(2, 0, dtype=torch.int64))
    with pytest.raises(ValueError, match="h is torch.int64"):
        smoothness(torch.ones(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"y is torch.int64 of shape \(2,\), but there are 3"):
        class_separation(torch.ones(3, 2), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="depths is empty"):
        analysis.by_depth(lambda d: nn.Identity(), datasets.karate(), [])
    with pytest.raises(ValueError, match=r"encoder of depth 2 returned \(3, 3\) for 34 nodes"):
        analysis.by_depth(lambda d: _Square(), datasets.karate(), [2])


def test_graphs_that_no_encoder_reads_are_refused() -> None:
    data = datasets.karate()
    data.x = "none"
    encoder = layers.GCN(3, 4, 1)
    sheaf = layers.SheafDiffusion(3, 4, 1)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: analysis.hidden_states(encoder, data),
        lambda: sheaf_energies(sheaf, data),
        lambda: rewiring.jacobian_sensitivity(encoder, data),
        lambda: rewiring.total_influence(encoder, data, max_hop=1),
    )
    for call in calls:
        with pytest.raises(ValueError, match="data.x must be a tensor of shape"):
            call()
    with pytest.raises(ValueError, match="edge_index is None"):
        rewiring.spectral_gap(None, 34)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="edge_index holds torch.complex64"):
        rewiring.walk_counts(graph()[1].cfloat(), 34, 2)


class _Square(nn.Module):
    def forward(self, data: Data) -> torch.Tensor:
        return torch.eye(3)
