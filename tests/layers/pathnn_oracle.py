"""PathNN read one path after the other, and the graphs that it is tried on."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data

KINDS = ("shortest", "all_shortest", "all")


every_kind = pytest.mark.parametrize("kind", KINDS)


def graph(nodes: int, seed: int = 0, edges: float = 0.2) -> Data:
    """A random graph whose rows of edges have numbers, with a loop and a repeat."""
    own = nx.gnp_random_graph(nodes, edges, seed=seed)
    ends = torch.tensor(list(own.edges()), dtype=torch.int64).reshape(-1, 2).T
    more = torch.tensor([[0, 0], [0, 0]])[:, : min(nodes, 1)]
    edge_index = torch.cat([ends, ends.flip(0), ends[:, :1], more], 1)
    random = torch.Generator().manual_seed(seed)
    data = Data(x=torch.randn(nodes, 3, generator=random).double(), edge_index=edge_index)
    data.edge_attr = torch.randn(data.num_edges, 2, generator=random).double()
    data.edge_weight = torch.rand(data.num_edges, generator=random).double()
    return data


def bare(data: Data, *keys: str) -> Data:
    """Nodes, edges and what of the rest is named."""
    return Data(x=data.x, edge_index=data.edge_index, **{key: data[key] for key in keys})


def spread(encoder: nn.Module, seed: int = 0) -> nn.Module:
    """In double precision, with norms that are no identity."""
    random = torch.Generator().manual_seed(seed)
    for norm in (m for m in encoder.modules() if isinstance(m, nn.BatchNorm1d)):
        for values, low in ((norm.weight, 0.5), (norm.bias, -0.2), (norm.running_mean, -0.3)):
            values.data.uniform_(low, 1, generator=random)
        norm.running_var.uniform_(0.5, 2, generator=random)
    return encoder.double().eval()


def one_by_one(encoder: Any, data: Data) -> Tensor:
    """The formula, a path after the other."""
    h = encoder.input(data.x)
    for number, layer in enumerate(encoder.layers):
        k = number % encoder.length + 1
        h = h / h.norm(dim=1, keepdim=True).clamp(min=1e-12) if layer.unit else h
        heard = torch.zeros_like(h)
        count = torch.zeros(len(h))
        for p, path in enumerate(data[f"path_{k}_index"].T.tolist()):
            far = data[f"path_{k}_distance"][p] if encoder.kind == "all" else None
            state, weight = read_alone(encoder, h, path, far, data)
            heard[path[0]] += weight * state
            count[path[0]] += 1
        if layer.reduce == "mean":
            heard = heard / count.clamp(min=1).unsqueeze(1)
        h = layer.norm(h + heard if layer.residual else heard)
        h = F.relu(h) if layer.mlp is None else layer.mlp(h)
    return h


def read_alone(
    encoder: Any, h: Tensor, path: list[int], far: Tensor | None, data: Data
) -> tuple[Tensor, Tensor | float]:
    """The state after a path, and its weight: repeats of an edge are one with their mean."""
    state, weight, before = None, 1.0, None
    for j in reversed(range(len(path))):
        rows = [] if before is None else edges_between(data, before, path[j])
        parts = [h[path[j]]]
        if far is not None:
            parts.append(encoder.lstm.distances.weight[int(far[j])])
        if encoder.edge_dim is not None:
            parts.append(data.edge_attr[rows].mean(0) if rows else torch.zeros(2).double())
        if rows and "edge_weight" in data:
            weight = weight * data.edge_weight[rows].mean()
        state = encoder.lstm.cell(torch.cat(parts)[None], state)
        before = path[j]
    assert state is not None
    return state[0][0], weight


def edges_between(data: Data, source: int, target: int) -> list[int]:
    ends = torch.tensor([[source], [target]])
    return (data.edge_index == ends).all(0).nonzero().flatten().tolist()
