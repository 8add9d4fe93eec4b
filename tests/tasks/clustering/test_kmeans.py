"""Metrics of clusterings beside scikit-learn's, and k-means on a spectral embedding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import cluster, metrics

from gnnlab import tasks
from gnnlab.datasets import load
from gnnlab.tasks.clustering.method import clusterings
from gnnlab.tasks.metrics.clusters import ari, nmi

labels = st.lists(st.tuples(st.integers(-3, 4), st.integers(0, 3)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(labels)
def test_metrics_of_clusters_equal_sklearn(both: list[tuple[int, int]]) -> None:
    clusters, classes = (torch.tensor(column) for column in zip(*both, strict=True))
    expected = metrics.normalized_mutual_info_score(classes, clusters)
    assert nmi(clusters, classes) == pytest.approx(expected, abs=1e-9)
    assert ari(clusters, classes) == pytest.approx(metrics.adjusted_rand_score(classes, clusters))


def test_metrics_refuse_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"clusters of shape \(2,\) do not go with classes"):
        nmi(torch.zeros(2), torch.zeros(3))
    with pytest.raises(ValueError, match="n at least 1"):
        ari(torch.zeros(0), torch.zeros(0))


def test_kmeans_on_eigenvectors_is_scikit_learn_s_on_the_same() -> None:
    data = load("karate")
    found = tasks.KMeans()(data, 2, seed=3)
    vectors = tasks.SpectralEmbedding(2)(data).double().numpy()
    model = cluster.KMeans(2, n_init=10, random_state=3).fit(vectors)
    assert found.tolist() == model.labels_.tolist() and found.dtype == torch.int64


def test_it_finds_the_two_sides_of_the_karate_club_and_features_do_not() -> None:
    data = load("karate")
    found = tasks.NodeClustering().solve(data)
    control = tasks.NodeClustering({"name": "kmeans", "of": "features"}).solve(data)
    assert found.valid is None and found.metric == "nmi"
    assert found.test is not None and control.test is not None
    assert found.test > 0.7 > 0.3 > control.test
    assert found.others["test nmi"] == found.test and found.others["test ari"] > 0.7
    again = tasks.NodeClustering(metric="ari", clusters=2).solve(data)
    assert again.test == found.others["test ari"]


def test_unknown_classes_do_not_count() -> None:
    data = load("karate")
    full = tasks.NodeClustering(clusters=2).solve(data)
    data.y[:5] = -1
    for name in ("train_mask", "val_mask", "test_mask"):
        data[name][:5] = False
    part = tasks.NodeClustering(clusters=2).solve(data)
    found = tasks.KMeans()(data, 2)
    assert part.test == pytest.approx(nmi(found[5:], data.y[5:])) and part.test != full.test


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"method": "kmean"}, "unknown clustering 'kmean'; did you mean"),
        ({"method": {"name": "kmeans", "of": "word"}}, "unknown embedding 'word'"),
        ({"clusters": 0}, "clusters is 0, but it must be a whole number of at least 1"),
        ({"metric": "accuracy"}, "metric is 'accuracy', which is none of nmi, ari"),
        ({"clusters": 35}, "clusters is 35, but the graph has 34 nodes"),
    ],
)
def test_mistakes_are_named(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        tasks.NodeClustering(**given).solve(load("karate"))
    assert clusterings.names() == ["KMeans"]
