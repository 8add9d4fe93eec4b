"""Dir-GNN against dense formulas and PyG."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from decoupled_graphs import CLASSES, F_IN, WIDTH, each_graph, graph, made, matrix, their_jump
from torch import Tensor
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab import layers

CASES = {
    "DirGCNConv": lambda _: layers.DirGCNConv(3, 4, alpha=0.3),
    "DirGCNConv one way": lambda _: layers.DirGCNConv(3, 4, alpha=1),
    "DirSAGEConv": lambda _: layers.DirSAGEConv(3, 4, alpha=0.3),
    "DirGNN": lambda _: layers.DirGNN(3, 4, 2, normalize=True),
    "DirGNN without a jump": lambda _: layers.DirGNN(3, 4, 2, conv="sage", jump="last"),
}


def directed(data: Data) -> Tensor:
    """D_out^-1/2 A D_in^-1/2, A[i, j] an edge from i to j."""
    a = matrix(data).T
    out, into = (d.where(d > 0, torch.inf).rsqrt().diag() for d in (a.sum(1), a.sum(0)))
    return out @ a @ into


@each_graph
@pytest.mark.parametrize("alpha", [0, 0.3, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_dir_gcn_has_weights_for_either_direction(
    nodes: int, edges: int, alpha: float, weighted: bool
) -> None:
    data = graph(nodes, edges, weighted)
    conv = made(layers.DirGCNConv, alpha=alpha)
    s = directed(data)
    ahead = s @ data.x @ conv.to_out.weight.T
    back = s.T @ data.x @ conv.to_in.weight.T
    found = conv(data.x, data.edge_index, data.get("edge_weight"))
    torch.testing.assert_close(found, alpha * ahead + (1 - alpha) * back + conv.bias)


@each_graph
def test_dir_gcn_on_an_undirected_graph_equals_pyg(nodes: int, edges: int) -> None:
    data = graph(nodes, edges)
    edge_index = torch.cat([data.edge_index, data.edge_index.flip(0)], 1)
    conv = made(layers.DirGCNConv, alpha=0.3, bias=False)
    inner = pyg.GCNConv(F_IN, WIDTH, add_self_loops=False, bias=False)
    theirs = pyg.DirGNNConv(inner, alpha=0.3, root_weight=False).double()
    theirs.conv_in.lin.load_state_dict(conv.to_in.state_dict())
    theirs.conv_out.lin.load_state_dict(conv.to_out.state_dict())
    torch.testing.assert_close(conv(data.x, edge_index), theirs(data.x, edge_index))


@each_graph
def test_dir_sage_equals_pyg(nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges), made(layers.DirSAGEConv, alpha=0.3)
    inner = pyg.SAGEConv(F_IN, WIDTH, root_weight=False, bias=False)
    theirs = pyg.DirGNNConv(inner, alpha=0.3).double()
    theirs.conv_in.lin_l.load_state_dict(conv.to_in.state_dict())
    theirs.conv_out.lin_l.load_state_dict(conv.to_out.state_dict())
    theirs.lin.load_state_dict(conv.ego.state_dict())
    found = conv(data.x, data.edge_index)
    torch.testing.assert_close(found, theirs(data.x, data.edge_index))


@each_graph
@pytest.mark.parametrize("mode", ["last", "max", "cat", "lstm"])
@pytest.mark.parametrize("conv", ["gcn", "sage"])
@pytest.mark.parametrize("classes", [None, CLASSES])
def test_dir_gnn_layer_by_layer(
    nodes: int, edges: int, mode: str, conv: str, classes: int | None
) -> None:
    data = graph(nodes, edges, weighted=True)
    encoder = made(
        layers.DirGNN, 2, conv=conv, alpha=0.7, jump=mode, out_channels=classes, normalize=True
    )
    edges_ = data.edge_index, data.edge_weight
    first, second = encoder.convs
    one = F.relu(first(data.x, *edges_))
    one = one / one.norm(dim=1, keepdim=True).clamp(min=1e-12)
    last = second(one, *edges_)
    if mode == "last":
        expected = last if classes else F.relu(last)
    else:
        last = F.relu(last)
        two = last / last.norm(dim=1, keepdim=True).clamp(min=1e-12)
        expected = their_jump(encoder.jump, 2)([one, two])
        if classes or mode == "cat":
            expected = encoder.output(expected)
    torch.testing.assert_close(encoder(data), expected)
