"""SubgraphGNN, beside its formula over dense blocks of one graph."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import graphs
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.layers.subgraphs.layers import SubgraphLayer
from gnnlab.structure import subgraph_colors
from gnnlab.structure.subgraphs.symbols import AGGREGATIONS

CASES = {
    "SubgraphGNN": lambda _: layers.SubgraphGNN(3, 4, 2),
    "SubgraphGNN GSWL": lambda _: layers.SubgraphGNN(
        3, 4, 2, aggregation="GSWL", policy="marking", pooling="SV"
    ),
    "SubgraphGNN deletion": lambda _: layers.SubgraphGNN(
        3, 4, 2, aggregation=("uL", "vu", "uu", "uG"), policy="deletion"
    ),
    "SubgraphGNN ego": lambda _: layers.SubgraphGNN(
        3, 4, 2, aggregation="SSWL", policy="ego+", radius=1
    ),
}

SIZES = (3, 2)  # of the categories of an edge


def molecule(edge_dim: int | tuple[int, ...] | None = None, seed: int = 0) -> Data:
    """Two components, a node without an edge, and edge attributes of either kind."""
    random = torch.Generator().manual_seed(seed)
    ends = torch.tensor([[0, 1, 2, 3, 3, 5], [1, 2, 0, 0, 4, 6]])
    edge_index = torch.cat([ends, ends.flip(0)], dim=1)
    x = torch.randn(8, 3, generator=random, dtype=torch.float64)
    data = Data(x=x, edge_index=edge_index)
    if isinstance(edge_dim, tuple):
        columns = [torch.randint(size, (12,), generator=random) for size in edge_dim]
        data.edge_attr = torch.stack(columns, dim=1)
    elif edge_dim is not None:
        data.edge_attr = torch.randn(12, edge_dim, generator=random, dtype=torch.float64)
    return data


def build(channels: int = 5, **settings: Any) -> layers.SubgraphGNN:
    """In float64, with norms that have seen numbers and an eps that is not 0."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = layers.SubgraphGNN(3, channels, 2, **settings).double()
        for module in encoder.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.normal_(module.weight, 1, 0.3)
            if isinstance(module, SubgraphLayer):
                nn.init.normal_(module.eps)
    return encoder.eval()


def dense(encoder: layers.SubgraphGNN, data: Data) -> Tensor:
    """The formula, on (n, n, H) blocks, a message at a time."""
    n = data.num_nodes
    graph = nx.DiGraph(data.edge_index.T.tolist())
    far = {
        u: nx.single_source_shortest_path_length(graph, u) if u in graph else {u: 0}
        for u in range(n)
    }
    distance = torch.tensor([[far[u].get(v, 99) for v in range(n)] for u in range(n)])
    h = encoder.input(data.x).expand(n, n, -1)
    eye = torch.eye(n, dtype=torch.int64)
    if encoder.policy == "distance":
        h = h + encoder.marks(distance.clamp(max=encoder.max_distance))
    elif encoder.marks is not None:
        h = h + encoder.marks(eye)
    there = torch.ones(n, n, dtype=torch.bool)
    if encoder.policy.startswith("ego"):
        there = distance <= encoder.radius
    elif encoder.policy == "deletion":
        there = eye == 0
    for layer in encoder.layers:
        total = 0
        for number, symbol in enumerate(layer.symbols):
            own = aggregated(layer, symbol, h, data, there)
            total = total + layer.mlps[number](((1 + layer.eps[number]) * h + own).flatten(0, 1))
        h = layer.norm(total).relu().reshape(n, n, -1)
    readout = encoder.readout
    nodes = readout.norm(readout.mlp(h.sum(1 if encoder.pooling == "VS" else 0))).relu()
    out = nodes.mean(0, keepdim=True)
    return out if encoder.output is None else encoder.output(out)


def aggregated(layer: Any, symbol: str, h: Tensor, data: Data, there: Tensor) -> Tensor:
    n, out = len(h), torch.zeros_like(h)
    every = {
        "vv": lambda: h.diagonal().T.expand(n, n, -1), "vu": lambda: h.transpose(0, 1),
        "uu": lambda: h.diagonal().T.unsqueeze(1).expand(n, n, -1),
        "uG": lambda: h.sum(1, keepdim=True).expand(n, n, -1),
        "vG": lambda: h.sum(0, keepdim=True).expand(n, n, -1),
    }  # fmt: skip
    if symbol in every:
        return every[symbol]()
    bonds = torch.zeros(data.num_edges, h.shape[2]).double()
    if layer.edge_dim is not None:
        bonds = layer.edges[layer.local.index(symbol)](data.edge_attr)
    for bond, (w, t) in zip(bonds, data.edge_index.T.tolist(), strict=True):
        for k in range(n):
            if symbol == "uL" and there[k, w] and there[k, t]:
                out[k, t] = out[k, t] + (h[k, w] + bond).relu()
            elif symbol == "vL":
                out[t, k] = out[t, k] + (h[w, k] + bond).relu()
    return out


@pytest.mark.parametrize("pooling", ["VS", "SV"])
@pytest.mark.parametrize("policy", ["distance", "marking", "deletion", "ego", "ego+"])
@pytest.mark.parametrize("aggregation", [*AGGREGATIONS, ("uG", "vu", "uL", "uu")])
def test_formula(aggregation: Any, policy: str, pooling: str) -> None:
    settings = {"aggregation": aggregation, "policy": policy, "pooling": pooling}
    encoder = build(**settings, radius=1, max_distance=2)
    data = encoder.transform(molecule())
    torch.testing.assert_close(encoder(data), dense(encoder, data))


@pytest.mark.parametrize("edge_dim", [2, SIZES])
def test_formula_with_edge_attributes(edge_dim: Any) -> None:
    encoder = build(edge_dim=edge_dim, out_channels=4)
    data = encoder.transform(molecule(edge_dim))
    torch.testing.assert_close(encoder(data), dense(encoder, data))


@settings(max_examples=15, deadline=None)
@given(
    parts=st.lists(graphs(), min_size=2, max_size=4), policy=st.sampled_from(["distance", "ego+"])
)
def test_a_batch_never_mixes_its_graphs(parts: list[Data], policy: str) -> None:
    encoder = build(policy=policy)
    own = [encoder.transform(data) for data in parts]
    for data in own:
        del data.edge_type
    batch = Batch.from_data_list(own)
    torch.testing.assert_close(encoder(batch), torch.cat([encoder(data) for data in own]))
    batch.x.requires_grad_()
    for number, row in enumerate(encoder(batch)):
        (grad,) = torch.autograd.grad(row.sum(), batch.x, retain_graph=True)
        assert not grad[batch.batch != number].any()


def test_a_batch_without_ptr_is_read_by_its_numbers_of_graphs() -> None:
    encoder = build()
    own = [encoder.transform(molecule(seed=seed)) for seed in range(3)]
    batch = Batch.from_data_list(own)
    expected = encoder(batch)
    del batch.ptr
    torch.testing.assert_close(encoder(batch), expected)


def test_loaders_join_what_the_transform_adds() -> None:
    encoder = build()
    data = [encoder.transform(molecule(seed=seed)) for seed in range(4)]
    (batch,) = DataLoader(data, batch_size=4)
    assert batch.pair_distance.shape == (4 * 64,) and batch.pair_distance.dtype == torch.int8
    assert encoder(batch).shape == (4, 5)


def shrikhande_and_rook() -> tuple[nx.Graph, nx.Graph]:
    """Strongly regular of the same parameters, so the same to every subgraph network of pairs."""
    cells = [(a, b) for a in range(4) for b in range(4)]
    steps = [(0, 1), (1, 0), (1, 1)]
    edges = [((a, b), ((a + i) % 4, (b + j) % 4)) for a, b in cells for i, j in steps]
    return nx.Graph(edges), nx.line_graph(nx.complete_bipartite_graph(4, 4))


def plain(graph: nx.Graph) -> Data:
    graph = nx.convert_node_labels_to_integers(graph)
    ends = torch.tensor(list(graph.edges), dtype=torch.int64).T
    return Data(
        x=torch.ones(len(graph), 3).double(), edge_index=torch.cat([ends, ends.flip(0)], dim=1)
    )


@pytest.mark.parametrize("aggregation", ["SWL", "SSWL+"])
def test_tells_apart_what_its_colours_tell_apart_and_no_more(aggregation: str) -> None:
    pairs = {
        "ring": (nx.cycle_graph(6), nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3))),
        "regular": (nx.circular_ladder_graph(5), nx.petersen_graph()),
        "shrikhande": shrikhande_and_rook(),
    }
    for name, both in pairs.items():
        own = [plain(graph) for graph in both]
        sums = {int(subgraph_colors(g.edge_index, g.num_nodes, aggregation).sum()) for g in own}
        encoder = build(32, aggregation=aggregation)
        first, second = (encoder(encoder.transform(g)) for g in own)
        same = torch.allclose(first, second, rtol=1e-9, atol=1e-9)
        assert same == (len(sums) == 1) == (name == "shrikhande")


@pytest.mark.parametrize("nodes", [1, 4])
def test_graphs_without_an_edge(nodes: int) -> None:
    none = torch.empty(2, 0, dtype=torch.int64)
    for edge_dim in (None, 2, SIZES):
        data = Data(x=torch.ones(nodes, 3).double(), edge_index=none)
        if edge_dim is not None:
            data.edge_attr = torch.empty(
                0, 2, dtype=torch.float64 if edge_dim == 2 else torch.int64
            )
        encoder = build(edge_dim=edge_dim)
        data = encoder.transform(data)
        torch.testing.assert_close(encoder(data), dense(encoder, data))


def test_trains_on_graphs_with_codes() -> None:
    random = torch.Generator().manual_seed(0)
    found = []
    for number in range(16):
        data = molecule(SIZES, seed=number)
        data.x = torch.randint(4, (8, 1), generator=random).float()
        data.y = torch.tensor([number % 2])
        found.append(data)
    masks = stratified(torch.arange(16) % 2, 1, (0.5, 0.25), 0)
    dataset = Graphs(tuple(found), masks, classes=2, name="small")
    atoms = layers.NodeCategories((4,), 6)
    encoder = layers.WithInputs(
        1, [atoms], lambda width: layers.SubgraphGNN(width, 6, 2, edge_dim=SIZES, dropout=0.1)
    )
    task = tasks.GraphPrediction(batch_size=4)
    result = tasks.fit(task, encoder, dataset, tasks.Training(epochs=2), seed=0)
    assert len(result.curve) == 2 and all(torch.isfinite(torch.tensor(result.curve.loss)))
    assert "pair_distance" not in found[0]


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"aggregation is 'SSWL\*', which is none of SWL, PSWL"):
        layers.SubgraphGNN(3, 4, aggregation="SSWL*")
    with pytest.raises(ValueError, match="a symbol is 'uv', which is none of uL, vL"):
        layers.SubgraphGNN(3, 4, aggregation=["uv"])
    with pytest.raises(ValueError, match="policy is 'node', which is none of distance, marking"):
        layers.SubgraphGNN(3, 4, policy="node")
    with pytest.raises(ValueError, match="pooling is 'mean', which is none of VS, SV"):
        layers.SubgraphGNN(3, 4, pooling="mean")
    with pytest.raises(ValueError, match="radius is 0, but it must be a whole number"):
        layers.SubgraphGNN(3, 4, radius=0)
    encoder = build()
    with pytest.raises(ValueError, match="data.pair_distance is missing: call encoder.transform"):
        encoder(molecule())
    data = encoder.transform(molecule())
    data.pair_distance = data.pair_distance[1:]
    with pytest.raises(ValueError, match="data.pair_distance is not what pair_distance_of says"):
        encoder(data)
    del data.pair_distance_of
    with pytest.raises(ValueError, match=r"is of shape \(63,\), but the graphs have 64 pairs"):
        encoder(data)
    with pytest.raises(ValueError, match="built with edge_dim=2, but the graph has no edge_attr"):
        build(edge_dim=2)(encoder.transform(molecule()))
