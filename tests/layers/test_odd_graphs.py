"""Odd weights and odd graphs: what comes out is finite, with its gradients, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from layer_cases import build, every_layer
from strategies import F_IN, apply, of_graphs
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.utils import to_undirected

from gnnlab import layers
from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import declared
from gnnlab.layers import SheafDiffusion

NODES = 6
EDGES = to_undirected(torch.tensor([[0, 0, 1, 2, 3], [1, 2, 2, 3, 4]]))
COUNT = EDGES.shape[1]


def graph(edge_index: Tensor = EDGES, nodes: int = NODES) -> Data:
    """The last of six nodes is isolated."""
    random = torch.Generator().manual_seed(0)
    count = edge_index.shape[1]
    return Data(
        x=torch.randn(nodes, F_IN, generator=random, dtype=torch.float64),
        edge_index=edge_index,
        edge_type=torch.arange(count) % 2,
    )


def weighted(weight: Tensor) -> Callable[[], Data]:
    def made() -> Data:
        data = graph()
        data.edge_weight = weight.double()
        return data

    return made


ODD: dict[str, Callable[[], Data]] = {
    "negative": weighted(-torch.linspace(0.5, 2, COUNT)),
    "mixed": weighted(torch.linspace(-1, 2, COUNT)),
    "zero": weighted(torch.zeros(COUNT)),
    "some zero": weighted(torch.arange(COUNT) % 2.0),
    "tiny": weighted(torch.full((COUNT,), 1e-30)),
    "isolated": graph,
    "no edges": lambda: graph(EDGES[:, :0]),
    "one node": lambda: graph(EDGES[:, :0], 1),
    "loops alone": lambda: graph(torch.arange(NODES).repeat(2, 1)),
    "no nodes": lambda: graph(EDGES[:, :0], 0),
}


def called(layer: nn.Module, data: Data) -> Tensor:
    """Call an encoder, or a conv with the weights beside the edges."""
    if isinstance(layer, Encoder):
        return apply(layer, data)
    weight = data.get("edge_weight")
    out: Tensor = layer(data.x, data.edge_index, weight, edge_type=data.edge_type)
    return out


@pytest.mark.parametrize("odd", ODD)
@every_layer
def test_is_finite_or_refused_in_a_sentence(name: str, odd: str) -> None:
    torch.manual_seed(0)
    data = ODD[odd]()
    layer = build(name, max(data.num_nodes or 0, 1))
    if odd == "no nodes" and (of_graphs(layer) or declared(layer).transductive):
        pytest.skip("the mean over no node is none, and fit refuses such graphs")
    try:
        out = called(layer, data)
    except ValueError as error:
        assert "\n" not in str(error) and len(str(error)) > 40
        assert odd in ("negative", "mixed"), error
        return
    assert bool(out.isfinite().all())
    if out.requires_grad:
        out.sum().backward()
    for parameter in layer.parameters():
        assert parameter.grad is None or bool(parameter.grad.isfinite().all())


@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general", "identity", "random"])
@pytest.mark.parametrize("normalisation", ["augmented", "textbook", "none"])
def test_sheaves_refuse_negative_weights_where_they_take_a_root(
    maps: str, normalisation: str
) -> None:
    encoder = SheafDiffusion(F_IN, 4, 2, maps=maps, normalisation=normalisation).double()  # type: ignore[arg-type]
    data = ODD["mixed"]()
    if normalisation == "none":
        assert bool(encoder(data).isfinite().all())
        return
    with pytest.raises(ValueError, match=r"the edge between 0 and 1 weighs -.*of 0 or more, or"):
        encoder(data)
    data.edge_weight = data.edge_weight.abs()
    assert bool(encoder(data).isfinite().all())


def test_directions_that_make_up_for_each_other_are_one_edge() -> None:
    """A pair weighs the mean of its directions."""
    two = torch.tensor([[0, 1], [1, 0]])
    encoder = layers.SheafDiffusion(F_IN, 4, 1).eval()
    x = torch.randn(2, F_IN)
    found = encoder(Data(x=x, edge_index=two, edge_weight=torch.tensor([-1.0, 3.0])))
    torch.testing.assert_close(found, encoder(Data(x=x, edge_index=two)))


@pytest.mark.parametrize(
    "conv", [layers.GCNConv(2, 2), layers.GATConv(2, 2)], ids=["GCNConv", "GATConv"]
)
def test_two_loops_that_are_given_stay_two_and_none_is_added(conv: nn.Module) -> None:
    """As if one loop weighed 2, where weights are sums; a node without one gets one."""
    loops = torch.tensor([[0, 0, 1], [0, 0, 0]])
    x = torch.randn(2, 2, generator=torch.Generator().manual_seed(0))
    found = conv(x, loops)
    added = conv(x, torch.cat([loops, torch.tensor([[1], [1]])], dim=1))
    torch.testing.assert_close(found, added)
    single = conv(x, loops[:, 1:])
    assert not torch.allclose(found[0], single[0])
