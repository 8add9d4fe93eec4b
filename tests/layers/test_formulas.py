"""Each conv against its formula written densely, and against PyG's layer with the same weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric import nn as pyg

from gnnlab import layers

CASES = {
    "GATConv": lambda _: layers.GATConv(3, 2, heads=2),
    "GATConv no loops": lambda _: layers.GATConv(3, 2, heads=2, add_self_loops=False),
    "GCNConv": lambda _: layers.GCNConv(3, 4),
    "GTConv": lambda _: layers.GTConv(3, 4, heads=2, separate=True),
    "GTConv together": lambda _: layers.GTConv(3, 4, heads=2, separate=False),
    "SAGEConv": lambda _: layers.SAGEConv(3, 4),
    "GAT": lambda _: layers.GAT(3, 4, 2, heads=2),
    "GATSep": lambda _: layers.GATSep(3, 4, 2, heads=2),
    "GCN": lambda _: layers.GCN(3, 4, 2),
    "GCN plain": lambda _: layers.GCN(3, 4, 2, block="plain"),
    "GCN pure": lambda _: layers.GCN(3, 4, 2, block="pure"),
    "GCN tuned": lambda _: layers.GCN(3, 4, 2, block="tuned"),
    "GT": lambda _: layers.GT(3, 4, 2, heads=2),
    "GTSep": lambda _: layers.GTSep(3, 4, 2, heads=2),
    "ResNet": lambda _: layers.ResNet(3, 4, 2),
    "ResNetAdj": lambda n: layers.ResNetAdj(3, 4, 2, num_nodes=n),
    "ResNetSGC": lambda _: layers.ResNetSGC(3, 4, 2, hops=2),
    "SAGE": lambda _: layers.SAGE(3, 4, 2),
}

GRAPHS = [(1, 0), (5, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)


def random_graph(nodes: int, edges: int, loops: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(nodes)
    ends = torch.randint(nodes, (2, edges), generator=generator)
    ends = ends if loops else ends[:, ends[0] != ends[1]]
    x = torch.randn(nodes, 4, generator=generator, dtype=torch.float64)
    weight = torch.rand(ends.shape[1], generator=generator, dtype=torch.float64)
    return x, ends, weight


def dense(edge_index: Tensor, nodes: int, weight: Tensor, add_loops: bool) -> Tensor:
    """A[i, j]: the weight of all edges from j to i, with a loop where there was none."""
    a = torch.zeros(nodes, nodes, dtype=torch.float64)
    a.index_put_((edge_index[1], edge_index[0]), weight, accumulate=True)
    looped = torch.zeros(nodes, dtype=torch.bool)
    looped[edge_index[0][edge_index[0] == edge_index[1]]] = True
    return a + torch.diag((~looped).double()) if add_loops else a


@each_graph
def test_gcn_is_the_normalised_adjacency(nodes: int, edges: int) -> None:
    x, edge_index, weight = random_graph(nodes, edges)
    for width in (2, 9):  # narrower and wider than the input: the product is ordered differently
        conv = layers.GCNConv(4, width).double()
        torch.nn.init.normal_(conv.bias)
        for w in (None, weight):
            a = dense(edge_index, nodes, torch.ones_like(weight) if w is None else w, True)
            d = a.sum(1).rsqrt().diag()
            expected = d @ a @ d @ x @ conv.linear.weight.T + conv.bias
            torch.testing.assert_close(conv(x, edge_index, w), expected)


@each_graph
def test_sage_is_the_mean_beside_the_node(nodes: int, edges: int) -> None:
    x, edge_index, weight = random_graph(nodes, edges)
    conv = layers.SAGEConv(4, 3).double()
    count = dense(edge_index, nodes, torch.ones_like(weight), False).sum(1, keepdim=True)
    for w in (None, weight):
        a = dense(edge_index, nodes, torch.ones_like(weight) if w is None else w, False)
        expected = conv.neighbours(a @ x / count.clamp(min=1)) + conv.ego(x)
        torch.testing.assert_close(conv(x, edge_index, w), expected)


@each_graph
@pytest.mark.parametrize("add_loops", [True, False])
def test_gat_is_a_masked_softmax(nodes: int, edges: int, add_loops: bool) -> None:
    x, edge_index, weight = random_graph(nodes, edges)
    conv = layers.GATConv(4, 3, heads=2, add_self_loops=add_loops).double()
    count = dense(edge_index, nodes, torch.ones(edge_index.shape[1]).double(), add_loops)
    total = dense(edge_index, nodes, weight, add_loops)
    h = (x @ conv.linear.weight.T).reshape(nodes, 2, 3)
    heads, heavy = [], []
    for k in range(2):
        score = (h[:, k] @ conv.source[k])[None, :] + (h[:, k] @ conv.target[k])[:, None]
        exp = count * F.leaky_relu(score, 0.2).exp()  # parallel edges count as often as they occur
        alpha = exp / exp.sum(1, keepdim=True).where(count.sum(1, keepdim=True) > 0, 1)
        heads.append(alpha @ h[:, k])
        share = alpha * total / count.clamp(min=1)  # each of parallel edges has its own weight
        heavy.append(share @ h[:, k])
    torch.testing.assert_close(conv(x, edge_index), torch.cat(heads, 1) + conv.bias)
    torch.testing.assert_close(conv(x, edge_index, weight), torch.cat(heavy, 1) + conv.bias)


@each_graph
@pytest.mark.parametrize("separate", [True, False])
def test_gt_is_a_masked_softmax_of_inner_products(nodes: int, edges: int, separate: bool) -> None:
    x, edge_index, weight = random_graph(nodes, edges)
    conv = layers.GTConv(4, 6, heads=2, separate=separate, add_self_loops=not separate).double()
    count = dense(edge_index, nodes, torch.ones(edge_index.shape[1]).double(), not separate)
    total = dense(edge_index, nodes, weight, not separate)
    q, k, v = (part(x).reshape(nodes, 2, 3) for part in (conv.query, conv.key, conv.value))
    heads, heavy = [], []
    for head in range(2):
        exp = count * (q[:, head] @ k[:, head].T / 3**0.5).exp()
        alpha = exp / exp.sum(1, keepdim=True).where(count.sum(1, keepdim=True) > 0, 1)
        heads.append(alpha @ v[:, head])
        heavy.append((alpha * total / count.clamp(min=1)) @ v[:, head])
    for w, parts in ((None, heads), (weight, heavy)):
        message = torch.cat(parts, 1)
        expected = conv.output(torch.cat([x, message], 1) if separate else message)
        torch.testing.assert_close(conv(x, edge_index, w), expected)


@each_graph
def test_gcn_equals_pyg(nodes: int, edges: int) -> None:
    x, edge_index, weight = random_graph(nodes, edges)
    ours, theirs = layers.GCNConv(4, 3).double(), pyg.GCNConv(4, 3).double()
    theirs.lin.weight.data, theirs.bias.data = ours.linear.weight.data, ours.bias.data
    keep = edge_index[0] != edge_index[1]  # PyG keeps one of several loops, we keep them all
    edge_index, weight = edge_index[:, keep], weight[keep]
    for w in (None, weight):
        torch.testing.assert_close(ours(x, edge_index, w), theirs(x, edge_index, w))


@each_graph
def test_sage_equals_pyg(nodes: int, edges: int) -> None:
    x, edge_index, _ = random_graph(nodes, edges)
    ours, theirs = layers.SAGEConv(4, 3).double(), pyg.SAGEConv(4, 3).double()
    theirs.lin_l.load_state_dict(ours.neighbours.state_dict())
    theirs.lin_r.load_state_dict(ours.ego.state_dict())
    torch.testing.assert_close(ours(x, edge_index), theirs(x, edge_index))


@each_graph
def test_gat_equals_pyg(nodes: int, edges: int) -> None:
    x, edge_index, _ = random_graph(nodes, edges, loops=False)
    ours, theirs = layers.GATConv(4, 3, heads=2).double(), pyg.GATConv(4, 3, heads=2).double()
    theirs.lin.weight.data, theirs.bias.data = ours.linear.weight.data, ours.bias.data
    theirs.att_src.data, theirs.att_dst.data = ours.source.data[None], ours.target.data[None]
    torch.testing.assert_close(ours(x, edge_index), theirs(x, edge_index))


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    return inputs * outputs + bias * outputs


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("ResNet", linear(512, 512) * 2),
        ("GCN", linear(512, 512) * 2),
        ("SAGE", linear(1024, 512) + linear(512, 512)),
        ("GAT", linear(512, 512) * 3 + linear(512, 8) + linear(512, 8, bias=False)),
        (
            "GATSep",
            linear(512, 512) * 2 + linear(1024, 512) + linear(512, 8) + linear(512, 8, bias=False),
        ),
        ("GT", linear(512, 512) * 6 + 2 * 512),
        ("GTSep", linear(512, 512) * 5 + linear(1024, 512) + 2 * 512),
    ],
)
def test_has_the_parameters_of_the_paper(name: str, block: int) -> None:
    """Input Linear, five blocks with a norm each (counted by hand), last norm, one logit."""
    encoder = layers.find(name)(7, 512, 5, out_channels=1)
    expected = linear(7, 512) + 5 * (block + 2 * 512) + 2 * 512 + linear(512, 1)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == expected
