"""Random graphs, their dense matrices, and modules with settled weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab.layers.parts.jumping_knowledge import JumpingKnowledge

F_IN, WIDTH, CLASSES = 4, 5, 3
GRAPHS = [(2, 0), (6, 12), (30, 200)]


each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)


def graph(nodes: int, edges: int, weighted: bool = False) -> Data:
    """A directed graph with loops and repeats, or with none of them where it is not weighted."""
    generator = torch.Generator().manual_seed(nodes)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    if not weighted:  # PyG keeps one of several loops
        ends = ends[:, ends[0] != ends[1]]
    data = Data(x=torch.randn(nodes, F_IN, generator=generator).double(), edge_index=ends)
    if weighted:
        data.edge_weight = torch.rand(edges, generator=generator).double()
    return data


def matrix(data: Data) -> Tensor:
    """A[i, j]: the weight of all edges from j to i."""
    weight = data.get("edge_weight", torch.ones(data.num_edges).double())
    a = torch.zeros(data.num_nodes, data.num_nodes).double()
    return a.index_put_((data.edge_index[1], data.edge_index[0]), weight, accumulate=True)


def smoothing(data: Data) -> Tensor:
    """D^-1/2 (A + I) D^-1/2, a loop only where there is none."""
    a, (source, target) = matrix(data), data.edge_index
    without = torch.ones(data.num_nodes).double()
    without[source[source == target]] = 0
    a = a + without.diag()
    d = a.sum(1).rsqrt().diag()
    return d @ a @ d


def made(cls: Callable[..., nn.Module], *arguments: object, **settings: object) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return cls(F_IN, WIDTH, *arguments, **settings).double().eval()


def mlp(module: nn.Module, x: Tensor) -> Tensor:
    *inner, last = module.linears
    for linear in inner:
        x = F.relu(x @ linear.weight.T + linear.bias)
    return x @ last.weight.T + last.bias


def their_jump(ours: JumpingKnowledge, layers_: int) -> nn.Module:
    """PyG's, with the weights of ours."""
    theirs = pyg.JumpingKnowledge(ours.mode, WIDTH, layers_).double()
    if ours.mode == "lstm":
        theirs.att.load_state_dict(ours.score.state_dict())
        ways = ((ours.forward_cell, "_l0"), (ours.backward_cell, "_l0_reverse"))
        state = {f"{name}{way}": p for cell, way in ways for name, p in cell.named_parameters()}
        theirs.lstm.load_state_dict(state)
    return theirs
