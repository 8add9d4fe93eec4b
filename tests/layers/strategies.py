"""Small graphs of every awkward kind, and how a layer is called with one."""

from __future__ import annotations

import inspect
from copy import copy

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import declared

F_IN, WIDTH = 3, 4


def sized(name: str, nodes: int) -> dict[str, int]:
    """What an encoder has to be told about a graph of so many nodes."""
    asks = "num_nodes" in inspect.signature(layers.find(name)).parameters
    return {"num_nodes": nodes} if asks else {}


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 8, max_edges: int = 20, min_nodes: int = 1) -> Data:
    """A graph of typed edges, or none, with isolated nodes, self-loops and parallel edges."""
    nodes = draw(st.integers(min_nodes, max_nodes))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = draw(st.lists(ends, max_size=max_edges))
    edge_index = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T.contiguous()
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    x = torch.randn(nodes, F_IN, generator=generator, dtype=torch.float64)
    edge_type = torch.randint(3, (len(edges),), generator=generator)
    return Data(x=x, edge_index=edge_index, edge_type=edge_type)


def off_the_kink(layer: nn.Module) -> nn.Module:
    """The layer with norms that move every channel away from 0.

    Where all nodes are alike, as two joined ones are to GIN, batch normalisation gives 0 up to
    rounding, and ReLU has another slope on either side. So it does where a ReLU's zeros are all
    that a node has, as in a layer of PathNN without a path from it.
    """
    with torch.random.fork_rng():
        torch.manual_seed(5)
        for norm in (m for m in layer.modules() if isinstance(m, nn.BatchNorm1d)):
            nn.init.uniform_(norm.bias, 0.1, 1.0)
    return layer


def prepared(layer: nn.Module, data: Data) -> Data:
    """The graph with what the encoder computes once, if it has a transform."""
    if not declared(layer).transforms() or "prepared" in data:
        return data
    data = copy(declared(layer).transform(data))
    data.prepared = True
    return data


def is_encoder(layer: nn.Module) -> bool:
    """Whether a layer is called with a graph, compiled or not."""
    return isinstance(getattr(layer, "_orig_mod", layer), Encoder)


def of_graphs(layer: nn.Module) -> bool:
    """Whether an encoder gives a row for each graph in place of each node."""
    return declared(layer).level == "graph"


def apply(layer: nn.Module, data: Data) -> Tensor:
    """Call a conv or an encoder on a graph."""
    data = prepared(layer, data)
    if is_encoder(layer):
        out: Tensor = layer(data)
        return out
    out = layer(data.x, data.edge_index, edge_type=data.get("edge_type"))
    return out
