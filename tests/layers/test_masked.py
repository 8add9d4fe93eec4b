"""Layers on a graph without some links are layers on the graph built anew."""

from __future__ import annotations

import pytest
import torch
from layer_cases import CONVS, ENCODERS, build
from strategies import F_IN
from torch_geometric.data import Data

from gnnlab.ops import Adjacency

NODES = 12
ENCODED = [
    "GCN",
    "GCN pure",
    "SAGE",
    "GAT",
    "GIN",
    "GTSep",
    "GatedGCN",
    "DirGNN",
    "DAGNN",
    "SheafDiffusion",
]


def parts() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ends = torch.randint(NODES, (2, 30), generator=generator)
    edge_index = torch.cat([ends, ends.flip(0)], dim=1)
    x = torch.randn(NODES, F_IN, generator=generator, dtype=torch.float64)
    return x, edge_index, edge_index[:, ::4]


@pytest.mark.parametrize("name", CONVS)
def test_every_conv(name: str) -> None:
    x, edge_index, links = parts()
    layer, types = build(name, NODES), torch.arange(60) % 3
    view = Adjacency(edge_index, NODES).without(links)
    anew = view.edge_index.clone()
    assert 0 < anew.shape[1] < 60
    whole = layer(x, edge_index, edge_type=types)
    expected = layer(x, anew, edge_type=types[view.kept])
    assert not torch.allclose(whole, expected)
    torch.testing.assert_close(layer(x, view, edge_type=types[view.kept]), expected)


@pytest.mark.parametrize("name", ENCODED)
def test_encoders_read_it_as_an_edge_index(name: str) -> None:
    x, edge_index, links = parts()
    encoder = build(name, NODES)
    view = Adjacency(edge_index, NODES).without(links)
    assert name in ENCODERS
    expected = encoder(Data(x=x, edge_index=view.edge_index.clone()))
    torch.testing.assert_close(encoder(Data(x=x, edge_index=view.edge_index)), expected)
    if not name.startswith("Sheaf"):  # which looks at the tensor
        torch.testing.assert_close(encoder(Data(x=x, edge_index=view)), expected)
