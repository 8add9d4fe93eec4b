"""Sensitivity of encoders whose Jacobian is known."""

from __future__ import annotations

import networkx as nx
import pytest
import torch
from rewiring_graphs import data_of
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.rewiring import GTR, jacobian_sensitivity


class Powers(nn.Module):
    """h = A^2 x W: the Jacobian of i and j is (A^2)_ij W."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = weight
        self.dropout = nn.Dropout(0.5)

    def forward(self, data: Data) -> Tensor:
        source, target = data.edge_index
        x = self.dropout(data.x)
        for _ in range(2):
            x = torch.zeros_like(x).index_add(0, target, x[source])
        return x @ self.weight


def wide(graph: nx.Graph) -> Data:
    data = data_of(graph)
    data.x = data.x.double() * torch.ones(1, 3)
    return data


def test_is_the_jacobian_by_distance() -> None:
    graph = nx.connected_watts_strogatz_graph(14, 4, 0.3, seed=0)
    weight = torch.tensor([[1.0, -2.0], [0.5, 0.0], [0.0, -1.0]]).double()
    found = jacobian_sensitivity(Powers(weight), wide(graph), nodes=torch.arange(14))
    walks = torch.from_numpy(nx.to_numpy_array(graph)).matrix_power(2) * weight.abs().sum()
    hops = torch.from_numpy(nx.floyd_warshall_numpy(graph)).long()
    for hop, mean, pairs in zip(found.hop, found.mean, found.pairs, strict=True):
        there = hops == hop
        assert int(pairs) == int(there.sum())
        assert float(mean) == pytest.approx(float(walks[there].mean()))


def test_ends_where_the_layers_end() -> None:
    data = data_of(nx.path_graph(12))
    encoder = layers.GCN(1, 8, num_layers=3)
    found = jacobian_sensitivity(encoder.train(), data, nodes=torch.tensor([0]))
    assert bool((found.mean[:4] > 0).all()) and bool((found.mean[4:] == 0).all())
    assert encoder.training and all(p.grad is None for p in encoder.parameters())
    assert not data.x.requires_grad


def test_a_rewired_graph_is_judged_by_distances_before() -> None:
    data = wide(nx.path_graph(12))
    rewired = GTR(3)(data)
    encoder = Powers(torch.ones(3, 1).double())
    before = jacobian_sensitivity(encoder, data, nodes=12)
    after = jacobian_sensitivity(encoder, rewired, edge_index=data.edge_index, nodes=12)
    assert torch.equal(before.hop, after.hop)
    assert before.mean[3:].sum() == 0 < after.mean[3:].sum()


def test_draws_nodes_by_the_seed_and_draws_a_plot() -> None:
    data, encoder = wide(nx.cycle_graph(9)), Powers(torch.ones(3, 1).double())
    found = jacobian_sensitivity(encoder, data, nodes=2, seed=3)
    assert int(found.pairs[0]) == 2
    pytest.importorskip("matplotlib").use("agg")
    ax = found.plot()
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [0, 2] and ax.get_yscale() == "log"
    assert found.plot(ax) is ax


@pytest.mark.parametrize(
    ("nodes", "message"),
    [(0, "at least 1"), (torch.tensor([9]), "numbered 0 to 8"), (torch.ones(2), "int64")],
)
def test_bad_nodes_are_refused(nodes: int | Tensor, message: str) -> None:
    encoder = Powers(torch.ones(3, 1).double())
    with pytest.raises(ValueError, match=message):
        jacobian_sensitivity(encoder, wide(nx.cycle_graph(9)), nodes=nodes)


def test_an_encoder_of_graphs_is_refused() -> None:
    class Pool(nn.Module):
        def forward(self, data: Data) -> Tensor:
            return torch.as_tensor(data.x.mean(0, keepdim=True))

    with pytest.raises(ValueError, match="encoder of level 'node'"):
        jacobian_sensitivity(Pool(), wide(nx.cycle_graph(9)))
