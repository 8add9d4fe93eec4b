"""Influence by distance: closed forms, PyG's, and what is computed on neighbourhoods alone."""

from __future__ import annotations

import inspect
from typing import Any

import networkx as nx
import pytest
import torch
from rewiring_graphs import data_of
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers, rewiring
from gnnlab.contracts.encoder import Encoder
from gnnlab.rewiring import GTR, total_influence
from gnnlab.rewiring.diagnostics import total_influence as influence
from gnnlab.rewiring.diagnostics.jacobian import jacobian_norms
from gnnlab.rewiring.diagnostics.neighbourhoods import induced


class Powers(nn.Module):
    r"""A GCN without weights but the last: h = A^L x W with the normalised A."""

    def __init__(self, steps: int, weight: Tensor) -> None:
        super().__init__()
        self.steps, self.weight = steps, nn.Parameter(weight)

    def forward(self, data: Data) -> Tensor:
        source, target = data.edge_index
        degree = 1 + torch.bincount(target, minlength=data.num_nodes).to(data.x.dtype)
        scale = degree.rsqrt()[:, None]
        x = data.x
        for _ in range(self.steps):
            x = scale * (scale * x + torch.zeros_like(x).index_add(0, target, (scale * x)[source]))
        return x @ self.weight


def powers(graph: nx.Graph, steps: int) -> Tensor:
    """(D^-1/2 (A + I) D^-1/2)^L, densely."""
    matrix = torch.from_numpy(nx.to_numpy_array(graph)) + torch.eye(len(graph)).double()
    scale = matrix.sum(1).rsqrt()
    return (scale[:, None] * matrix * scale).matrix_power(steps)


def by_distance(graph: nx.Graph, values: Tensor, max_hop: int) -> Tensor:
    """Sums of the rows of (N, N) by hop distance, (N, K + 1)."""
    hops = dict(nx.all_pairs_shortest_path_length(graph))
    total = torch.zeros(len(graph), max_hop + 1).double()
    for v, found in hops.items():
        for u, hop in found.items():
            if hop <= max_hop:
                total[v, hop] += values[v, u]
    return total


def wide(graph: nx.Graph, columns: int = 3) -> Data:
    data = data_of(graph)
    generator = torch.Generator().manual_seed(0)
    data.x = torch.randn(graph.number_of_nodes(), columns, generator=generator)
    return data


WEIGHT = torch.tensor([[1.0, -2.0], [0.5, 0.0], [0.0, -1.0]])
GRAPHS = {
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(5, 4)),
    "long": nx.cycle_graph(90),
    "two parts": nx.disjoint_union(nx.path_graph(40), nx.balanced_tree(2, 4)),
    "small world": nx.connected_watts_strogatz_graph(60, 4, 0.05, seed=1),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(("steps", "max_hop"), [(3, 3), (5, 2), (2, 7)])
def test_powers_of_the_adjacency_have_their_closed_form(
    name: str, steps: int, max_hop: int
) -> None:
    graph = GRAPHS[name]
    data = wide(graph)
    found = total_influence(Powers(steps, WEIGHT), data, max_hop=max_hop, nodes=1000)
    expected = by_distance(graph, powers(graph, steps) * WEIGHT.abs().sum().double(), max_hop)
    assert torch.equal(found.nodes, torch.arange(len(graph)))
    assert torch.allclose(found.total, expected, rtol=1e-12, atol=1e-15)
    mean = expected.mean(0)
    assert torch.allclose(found.by_hop(None), mean)
    assert torch.allclose(found.by_hop(), mean / mean[0])
    assert torch.allclose(found.by_hop("all"), mean / mean.sum())
    each = (expected * torch.arange(max_hop + 1)).sum(1) / expected.sum(1)
    assert found.range == pytest.approx(float(each.mean()))


def test_the_range_of_a_long_ring_is_the_mean_distance_of_a_lazy_walk() -> None:
    # On a ring A^L is the walk that stays or steps either way, each with a third.
    steps = 8
    chance = torch.zeros(2 * steps + 1).double()
    chance[steps] = 1
    for _ in range(steps):
        chance = (chance + chance.roll(1) + chance.roll(-1)) / 3
    mean = float((chance * (torch.arange(2 * steps + 1) - steps).abs()).sum())
    found = total_influence(
        Powers(steps, torch.ones(3, 1)), wide(nx.cycle_graph(50)), max_hop=steps, nodes=4
    )
    assert found.range == pytest.approx(mean)


class Bare(nn.Module):
    """An encoder as PyG's function calls it."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        found: Tensor = self.encoder(Data(x=x, edge_index=edge_index))
        return found


@pytest.mark.parametrize("make", [layers.GCN, layers.SAGE, layers.GAT])
def test_is_that_of_pyg_where_its_neighbourhoods_are_whole_graphs(make: Any) -> None:
    utils = pytest.importorskip("torch_geometric.utils")
    if not hasattr(utils, "total_influence"):
        pytest.skip("this PyG has no total_influence")
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(4, 3))
    data = wide(graph)
    torch.manual_seed(0)
    encoder = make(3, 8, num_layers=3).eval()
    hops = nx.diameter(graph)
    with torch.random.fork_rng():  # in single precision: it cannot be had in double
        mean, breadth = utils.total_influence(Bare(encoder), data, max_hops=hops, vectorize=False)
    found = total_influence(encoder, data, max_hop=hops, nodes=12)
    assert torch.allclose(found.by_hop().float(), mean, rtol=1e-4)
    assert found.range == pytest.approx(breadth, rel=1e-4)


def built(name: str, nodes: int) -> Encoder:
    cls: Any = layers.find(name)
    known = inspect.signature(cls).parameters
    settings: dict[str, Any] = {"num_nodes": nodes, "num_relations": 1, "num_layers": 2}
    torch.manual_seed(1)
    encoder: Encoder = cls(4, 8, **{k: v for k, v in settings.items() if k in known})
    return encoder


@pytest.mark.parametrize("name", [n for n, c in layers.encoders().items() if c.level == "node"])
def test_every_encoder_gets_the_jacobian_on_the_whole_graph(name: str) -> None:
    data = wide(nx.connected_watts_strogatz_graph(150, 4, 0.01, seed=2), 4)
    encoder = built(name, 150)
    data = encoder.transform(data)
    chosen = torch.tensor([0, 3, 77, 149])
    found = total_influence(encoder, data, max_hop=4, nodes=chosen)
    double = data.clone()
    for key, value in data:
        if value.is_floating_point() if isinstance(value, Tensor) else False:
            double[key] = value.double()
    rows = torch.zeros(150, 150).double()
    rows[chosen] = torch.stack(list(jacobian_norms(encoder.double().eval(), double, chosen)))
    graph = nx.Graph(data.edge_index.T.tolist())
    expected = by_distance(graph, rows, 4)[chosen]
    assert float(expected.sum()) > 0
    assert torch.allclose(found.total, expected, rtol=1e-7, atol=1e-12)


def test_works_on_neighbourhoods_that_grow_until_they_suffice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, sizes = wide(nx.cycle_graph(200)), []

    def remember(*args: Any) -> Any:
        sizes.append([len(ball) for ball in args[3]])
        return kept(*args)

    kept = influence._on_neighbourhoods
    monkeypatch.setattr(influence, "_on_neighbourhoods", remember)
    monkeypatch.setattr(influence, "jacobian_norms", None)  # not on the whole graph
    found = total_influence(Powers(12, WEIGHT), data, max_hop=3, nodes=torch.tensor([5, 50]))
    assert sizes == [[2 * r + 1] * 2 for r in (4, 5, 7, 9, 12, 15)]
    exact = by_distance(nx.cycle_graph(200), powers(nx.cycle_graph(200), 12), 3)[[5, 50]]
    assert torch.allclose(found.total, exact * WEIGHT.abs().sum().double(), rtol=1e-12)


class Centred(Powers):
    """Every node feels all others: the mean over the graph is taken off."""

    def forward(self, data: Data) -> Tensor:
        h = super().forward(data)
        return h - h.mean(0)


def test_what_reads_the_whole_graph_is_computed_on_it() -> None:
    graph = nx.path_graph(70)
    found = total_influence(Centred(2, WEIGHT), wide(graph), max_hop=69, nodes=70)
    matrix = powers(graph, 2)
    exact = (matrix - matrix.mean(0)).abs() * WEIGHT.abs().sum().double()
    assert torch.allclose(found.total, by_distance(graph, exact, 69), rtol=1e-9, atol=1e-12)


class Hops(nn.Module):
    """Adds up what lies at the ends of further pairs, each weighed by its number of hops."""

    def forward(self, data: Data) -> Tensor:
        source, target = data.hop_index
        return data.x + torch.zeros_like(data.x).index_add(
            0, target, data.hop[:, None] * data.x[source]
        )


def test_further_pairs_and_their_values_are_cut_with_the_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = nx.cycle_graph(80)
    data = wide(graph, 1)
    pairs = [(u, v, k) for k in (1, 2, 3) for u in graph for v in ((u + k) % 80, (u - k) % 80)]
    data.hop_index = torch.tensor([pair[:2] for pair in pairs]).T
    data.hop = torch.tensor([pair[2] for pair in pairs])
    monkeypatch.setattr(influence, "jacobian_norms", None)
    found = total_influence(Hops(), data, max_hop=4, nodes=80)
    assert torch.equal(found.total, torch.tensor([1.0, 2, 4, 6, 0]).double().expand(80, -1))
    assert data.hop_index.shape == (2, 480)


def test_an_induced_part_keeps_the_order_of_nodes_and_rows() -> None:
    data = wide(nx.cycle_graph(6))
    data.edge_attr = torch.arange(12.0)[:, None]
    data.hop_index = torch.tensor([[0, 1, 2, 4], [2, 3, 4, 0]])
    data.hop = torch.tensor([2, 5, 7, 9])
    data.root_index = torch.tensor([3])
    part = induced(data, torch.tensor([0, 2, 3, 4]))
    assert torch.equal(part.x, data.x[[0, 2, 3, 4]]) and part.num_nodes == 4
    kept = [(u, v) for u, v in data.edge_index.T.tolist() if {u, v} <= {0, 2, 3, 4}]
    place = {0: 0, 2: 1, 3: 2, 4: 3}
    assert part.edge_index.T.tolist() == [[place[u], place[v]] for u, v in kept]
    rows = [data.edge_index.T.tolist().index(list(pair)) for pair in kept]
    assert part.edge_attr[:, 0].tolist() == rows
    assert part.hop_index.tolist() == [[0, 1, 3], [1, 3, 0]] and part.hop.tolist() == [2, 7, 9]
    assert data.num_nodes == 6 and data.hop.tolist() == [2, 5, 7, 9]


def test_a_rewired_graph_is_judged_by_distances_before() -> None:
    data = wide(nx.path_graph(12))
    rewired = GTR(3)(data)
    before = total_influence(Powers(2, WEIGHT), data, nodes=12, max_hop=11)
    after = total_influence(
        Powers(2, WEIGHT), rewired, edge_index=data.edge_index, nodes=12, max_hop=11
    )
    assert before.total[:, 3:].sum() == 0 < after.total[:, 3:].sum()
    assert after.range > before.range


def test_leaves_encoder_graph_and_generators_alone_and_draws_by_the_seed() -> None:
    data, encoder = wide(nx.cycle_graph(30)), layers.GCN(3, 4, num_layers=2).train()
    x, state = data.x.clone(), torch.get_rng_state()
    one, other, third = (total_influence(encoder, data, nodes=5, seed=s) for s in (3, 3, 4))
    assert torch.equal(one.nodes, other.nodes) and torch.equal(one.total, other.total)
    assert not torch.equal(one.nodes, third.nodes)
    assert encoder.training and next(encoder.parameters()).dtype == torch.float32
    assert torch.equal(data.x, x) and not data.x.requires_grad and data.x.dtype == torch.float32
    assert torch.equal(torch.get_rng_state(), state)
    assert rewiring.Influence is type(one)


def test_nodes_that_depend_on_nothing_have_no_range() -> None:
    class Half(nn.Module):
        def forward(self, data: Data) -> Tensor:
            return torch.where(torch.arange(len(data.x))[:, None] < 10, data.x, 0 * data.x.detach())

    data = wide(nx.path_graph(20))
    assert total_influence(Half(), data, nodes=20, max_hop=3).range == 0
    silent = total_influence(Half(), data, nodes=torch.tensor([15, 19]), max_hop=19)
    assert silent.range != silent.range and float(silent.total.sum()) == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"nodes": 0}, "at least 1"),
        ({"nodes": torch.tensor([9])}, "numbered 0 to 8"),
        ({"max_hop": -1}, "max_hop is -1"),
    ],
)
def test_bad_arguments_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        total_influence(Powers(1, WEIGHT), wide(nx.cycle_graph(9)), **settings)


def test_an_encoder_of_graphs_is_refused() -> None:
    class Pool(nn.Module):
        def forward(self, data: Data) -> Tensor:
            return torch.as_tensor(data.x.mean(0, keepdim=True))

    with pytest.raises(ValueError, match="encoder of level 'node'"):
        total_influence(Pool(), wide(nx.cycle_graph(9)))
