"""Local frames and their alignment against numpy's SVD, node by node."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.layers.sheaf.frames import aligned, local_frames, transports
from gnnlab.layers.sheaf.laplacian import Sheaf, laplacian
from gnnlab.layers.sheaf.undirected_edges import undirected

CASES = {
    "ConnectionSheaf": lambda _: layers.ConnectionSheaf(3, 2, 2, stalk_dim=2),
    "ConnectionSheaf extra": lambda _: layers.ConnectionSheaf(
        3, 2, 2, stalk_dim=2, plus_channel=True, minus_channel=True, second_linear=True
    ),
}

DIM = 2


def graph(nodes: int = 12, pairs: int = 20, seed: int = 0, columns: int = 5) -> Data:
    generator = torch.Generator().manual_seed(seed)
    edge_index = torch.randint(nodes, (2, pairs), generator=generator)
    edge_index = edge_index[:, edge_index[0] != edge_index[1]]
    edge_index = torch.cat([edge_index, edge_index.flip(0)], 1).unique(dim=1)
    x = torch.randn(nodes, columns, generator=generator).double()
    return Data(x=x, edge_index=edge_index)


def neighbourhood(data: Data, node: int, dim: int) -> list[int]:
    """Neighbours, and the nearest others where they are too few."""
    source, target = data.edge_index.tolist()
    near = sorted({u for u, v in zip(source, target, strict=True) if v == node and u != node})
    others = [u for u in range(data.num_nodes) if u != node and u not in near]
    others.sort(key=lambda u: float((data.x[u] - data.x[node]).norm()))
    return near + others[: max(0, dim - len(near))] if near else []


def frame(data: Data, node: int, dim: int) -> np.ndarray:
    """The first left singular vectors, the first largest entry of each positive."""
    off = np.stack([(data.x[u] - data.x[node]).numpy() for u in neighbourhood(data, node, dim)], 1)
    vectors = np.linalg.svd(off)[0][:, :dim]
    return vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(dim)])


def dense(data: Data, found: Tensor, kind: str = "augmented") -> Tensor:
    """The connection Laplacian as a matrix."""
    nodes, dim = data.num_nodes, found.shape[1]
    pairs = undirected(data.edge_index, nodes)
    sheaf = Sheaf(pairs.adj, pairs.of_rows(found), pairs.degree(torch.float64))
    units = torch.eye(nodes * dim).double().reshape(nodes, dim, -1)
    return laplacian(units, sheaf, kind).reshape(nodes * dim, nodes * dim)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_frames_are_those_of_local_pca(dim: int) -> None:
    data = graph()
    found = local_frames(data.edge_index, data.x, dim)
    few = 0
    for node in range(data.num_nodes):
        around = neighbourhood(data, node, dim)
        if not around:
            assert not found[node].any()
            continue
        few += int((data.edge_index[1] == node).sum()) < dim
        torch.testing.assert_close(found[node].T, torch.from_numpy(frame(data, node, dim)))
    assert dim < 3 or few > 0  # some neighbourhoods were topped up


def test_transports_are_the_nearest_orthogonal_matrices() -> None:
    data = graph()
    found = transports(data.edge_index, data.x, DIM)
    for row, (j, i) in enumerate(data.edge_index.T.tolist()):
        u, _, v = np.linalg.svd(frame(data, i, DIM).T @ frame(data, j, DIM))
        torch.testing.assert_close(found[row], torch.from_numpy(u @ v))


def test_turned_frames_turn_the_transports_and_keep_the_spectrum() -> None:
    data = graph(nodes=20, pairs=60)
    frames = local_frames(data.edge_index, data.x, 3)
    turns = torch.linalg.qr(graph(nodes=20 * 3, columns=3).x.reshape(20, 3, 3)).Q
    plain = aligned(data.edge_index, frames)
    turned = aligned(data.edge_index, turns.mT @ frames)  # O_v R_v, as rows
    source, target = data.edge_index
    expected = turns[target].mT @ plain @ turns[source]
    torch.testing.assert_close(turned, expected, rtol=0, atol=1e-8)
    spectra = [torch.linalg.eigvalsh(dense(data, found)) for found in (plain, turned)]
    torch.testing.assert_close(spectra[1], spectra[0], rtol=0, atol=1e-8)


def test_the_laplacian_is_the_block_matrix() -> None:
    data = graph()
    found, nodes = transports(data.edge_index, data.x, DIM), data.num_nodes
    degree = torch.bincount(data.edge_index[1], minlength=nodes).double()
    expected = torch.zeros(nodes, DIM, nodes, DIM).double()
    for v in range(nodes):
        expected[v, :, v] = degree[v] / (degree[v] + 1) * torch.eye(DIM)
    for row, (j, i) in enumerate(data.edge_index.T.tolist()):
        expected[i, :, j] = -found[row] / ((degree[i] + 1) * (degree[j] + 1)).sqrt()
    matrix = dense(data, found)
    torch.testing.assert_close(matrix, expected.reshape(matrix.shape))
    torch.testing.assert_close(matrix, matrix.T)
    spectrum = torch.linalg.eigvalsh(matrix)
    assert spectrum[0] > -1e-12 and spectrum[-1] < 2


def test_frames_do_not_depend_on_the_numbers_of_nodes_or_the_order_of_edges() -> None:
    data = graph()
    new = torch.randperm(data.num_nodes, generator=torch.Generator().manual_seed(1))
    order = torch.randperm(data.num_edges, generator=torch.Generator().manual_seed(2))
    moved = torch.empty_like(data.x).index_copy(0, new, data.x)
    found = local_frames(new[data.edge_index[:, order]], moved, DIM)
    torch.testing.assert_close(found[new], local_frames(data.edge_index, data.x, DIM))


def test_large_neighbourhoods_have_the_same_frames() -> None:
    leaves = torch.arange(1, 301)
    edge_index = torch.stack([torch.cat([leaves, leaves * 0]), torch.cat([leaves * 0, leaves])])
    for keep in (1.0, 0.1):  # dense and sparse features
        generator = torch.Generator().manual_seed(3)
        x = torch.randn(301, 40, generator=generator).double()
        x = x * (torch.rand(301, 40, generator=generator) < keep)
        data = Data(x=x, edge_index=edge_index)
        found = local_frames(edge_index, x, 3)[0]
        torch.testing.assert_close(found.T, torch.from_numpy(frame(data, 0, 3)))


@pytest.mark.parametrize("columns", [3, 6])
def test_degenerate_neighbourhoods_have_frames_too(columns: int) -> None:
    pair = torch.tensor([[0, 1, 0], [1, 0, 0]])
    for x in (torch.ones(3, columns), torch.eye(3, columns), torch.zeros(3, columns)):
        found = local_frames(pair, x, 3)
        for node in (0, 1):
            torch.testing.assert_close(found[node] @ found[node].T, torch.eye(3).double())
        assert not found[2].any()
        carried = transports(pair, x, 3)
        torch.testing.assert_close(carried @ carried.mT, torch.eye(3).double().expand(3, 3, 3))
        assert torch.equal(carried[2], torch.eye(3).double())


def test_refuses_fewer_features_than_dimensions() -> None:
    with pytest.raises(ValueError, match="x has 5 columns, but a frame of stalk_dim=6"):
        local_frames(graph().edge_index, graph().x, 6)


class TestTransform:
    def test_computes_once_and_leaves_the_data_alone(self) -> None:
        encoder, data = layers.ConnectionSheaf(5, 4, 2, stalk_dim=2), graph()
        keys = data.keys()
        found = encoder.transform(data)
        assert data.keys() == keys and found.connection.shape == (data.num_edges, 2, 2)
        assert encoder.transform(found) is found

    def test_computes_anew_for_another_graph_or_dimension(self) -> None:
        data = layers.ConnectionSheaf(5, 4, 2, stalk_dim=2).transform(graph())
        assert layers.ConnectionSheaf(5, 4, 2).transform(data).connection.shape[1] == 3
        other = copy(data)
        other.x = graph(seed=1).x
        again = layers.ConnectionSheaf(5, 4, 2, stalk_dim=2).transform(other)
        assert not torch.equal(again.connection, data.connection)

    def test_data_without_it_is_refused(self) -> None:
        data = graph()
        encoder = layers.ConnectionSheaf(5, 4, 2).double()
        with pytest.raises(ValueError, match=r"data.connection is missing: call encoder.transform"):
            encoder(data)
        data.connection = torch.ones(3, 3, 3)
        with pytest.raises(
            ValueError,
            match=r"data.connection is torch.float32 of shape \(3, 3, 3\), but it is read",
        ):
            encoder(data)

    def test_batches_equal_single_graphs(self) -> None:
        encoder = layers.ConnectionSheaf(5, 4, 2, stalk_dim=2, minus_channel=True).double().eval()
        graphs = [encoder.transform(graph(n, 2 * n, seed=n)) for n in (5, 9, 6)]
        expected = torch.cat([encoder(data) for data in graphs])
        torch.testing.assert_close(encoder(Batch.from_data_list(graphs)), expected)

    def test_fit_calls_it(self) -> None:
        data = graph()
        data.x, data.y = data.x.float(), torch.arange(data.num_nodes) % 3
        part = torch.arange(data.num_nodes)[:, None] // 3
        data.train_mask, data.val_mask, data.test_mask = (part == i for i in range(3))
        training = tasks.Training(epochs=2)
        encoder = layers.ConnectionSheaf(5, 4, 2)
        result = tasks.fit(tasks.NodeClassification(), encoder, data, training)
        assert 0 <= result.test <= 1 and "connection" not in data

    def test_nothing_of_it_is_learned(self) -> None:
        names = dict(layers.ConnectionSheaf(5, 4, 2).named_parameters())
        assert {name.split(".")[0] for name in names} == {"input", "steps"}
