"""Spectral embedding beside numpy's eigenvectors, and embeddings judged by a probe."""

from __future__ import annotations

import warnings

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.utils import from_networkx

from gnnlab import tasks
from gnnlab.datasets import load
from gnnlab.tasks.embedding.method import embeddings

GRAPHS = {
    "one component": nx.connected_watts_strogatz_graph(30, 4, 0.3, seed=1),
    "three components": nx.disjoint_union_all(
        [nx.erdos_renyi_graph(11, 0.5, seed=2), nx.path_graph(5), nx.empty_graph(1)]
    ),
    "equal eigenvalues": nx.cycle_graph(9),
    "one node": nx.empty_graph(1),
}


def data_of(graph: nx.Graph) -> Data:
    data = from_networkx(graph)
    data.num_nodes = len(graph)
    data.edge_index = data.edge_index.reshape(2, -1).long()
    return data


def laplacian(graph: nx.Graph) -> np.ndarray:
    a = nx.to_numpy_array(graph)
    degree = a.sum(1)
    root = np.where(degree > 0, degree, 1) ** -0.5
    return np.diag((degree > 0).astype(float)) - root[:, None] * a * root


@pytest.mark.parametrize("name", GRAPHS)
def test_it_spans_what_numpy_s_smallest_eigenvectors_span(name: str) -> None:
    """At every k that cuts no eigenspace; each column is an eigenvector of its own eigenvalue."""
    graph, matrix = GRAPHS[name], laplacian(GRAPHS[name])
    values, vectors = np.linalg.eigh(matrix)
    for k in range(1, len(values) + 1):
        found = tasks.SpectralEmbedding(k, normalise=False)(data_of(graph)).double().numpy()
        assert np.allclose(found.T @ found, np.eye(k), atol=1e-5)
        assert np.allclose(matrix @ found, found * values[:k], atol=1e-5)
        if k == len(values) or values[k] - values[k - 1] > 1e-6:
            own = vectors[:, :k]
            assert np.allclose(found @ found.T, own @ own.T, atol=1e-5)


def test_components_come_first_and_larger_ones_before_smaller() -> None:
    with pytest.warns(UserWarning, match="has 3 components, which the first 3 eigenvectors tell"):
        found = tasks.SpectralEmbedding(3)(data_of(GRAPHS["three components"]))
    expected = torch.zeros(17, 3)
    expected[:11, 0], expected[11:16, 1], expected[16, 2] = 1, 1, 1
    assert torch.allclose(found, expected, atol=1e-6)
    with pytest.warns(UserWarning, match="k above 3"):
        two = tasks.SpectralEmbedding(2)(data_of(GRAPHS["three components"]))
    assert not two[16].any()  # left over: zeros


def test_rows_have_length_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tasks.SpectralEmbedding(5)(data_of(GRAPHS["one component"]))
    assert torch.allclose(found.norm(dim=1), torch.ones(30), atol=1e-6)


def test_wrong_graphs_and_settings_are_refused() -> None:
    data = data_of(nx.path_graph(4))
    with pytest.raises(ValueError, match="k is 5, but a graph of 4 nodes has no more"):
        tasks.SpectralEmbedding(5)(data)
    with pytest.raises(ValueError, match="k is 0, but it must be a whole number"):
        tasks.SpectralEmbedding(0)
    with pytest.raises(ValueError, match="a Batch of 1 graphs was given"):
        tasks.SpectralEmbedding(2)(Batch.from_data_list([data]))
    data.edge_index = data.edge_index[:, :1]
    with pytest.raises(ValueError, match="SpectralEmbedding"):
        tasks.SpectralEmbedding(2)(data)


def test_a_probe_judges_an_embedding_beside_the_features() -> None:
    """Two blocks whose features say nothing: eigenvectors tell them apart, features do not."""
    graph = nx.stochastic_block_model([40, 40], [[0.3, 0.02], [0.02, 0.3]], seed=1)
    data = Data(edge_index=data_of(nx.Graph(graph.edges)).edge_index, num_nodes=80)
    order = list(nx.Graph(graph.edges))
    data.y = torch.tensor([node // 40 for node in order])
    data.x = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    part = torch.arange(80) % 4
    data.train_mask, data.val_mask, data.test_mask = part < 2, part == 2, part == 3
    spectral = tasks.EmbeddingProbe(metric="accuracy").solve(data)
    control = tasks.EmbeddingProbe("features", metric="accuracy").solve(data)
    assert spectral.test == 1 and control.test is not None and control.test < 0.8
    assert (spectral.epoch, spectral.parameters, spectral.model) == (0, 0, None)
    vectors = tasks.SpectralEmbedding()(data)
    assert spectral.test == tasks.probe(vectors, data, metric="accuracy")["test"]


def test_settings_are_resolved_and_fit_says_what_to_call() -> None:
    task = tasks.EmbeddingProbe({"name": "Spectral", "k": 3})
    assert task.method == {"name": "SpectralEmbedding", "k": 3, "normalise": True}
    assert task == tasks.EmbeddingProbe(tasks.SpectralEmbedding(3))
    assert embeddings.names() == ["FeatureEmbedding", "SpectralEmbedding"]
    with pytest.raises(ValueError, match="has no setting 'ks'; did you mean 'k'"):
        tasks.EmbeddingProbe({"name": "spectral", "ks": 3})
    with pytest.raises(ValueError, match="method is 3, but it is a name, a table"):
        tasks.EmbeddingProbe(3)
    with pytest.raises(ValueError, match="seed is 0.5, but it must be a whole number from 0"):
        task.solve(load("karate"), seed=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="trains no encoder, so there is nothing to fit: call its"):
        tasks.fit(task, torch.nn.Linear(1, 1), load("karate"))
