"""Deep Graph Infomax: the loss by hand, what it refuses, and a control beside what it learns."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import load
from gnnlab.tasks.selfsupervised.infomax import shuffled
from gnnlab.tasks.selfsupervised.objective import objectives

SHORT = tasks.Training(epochs=3, lr=0.01)


def path(**others: Any) -> Data:
    edges = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    return Data(torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), edges, **others)


def rows(data: Data) -> Tensor:
    """An encoder that returns the features."""
    return data.x


def test_the_loss_is_the_paper_s_by_hand() -> None:
    data, infomax = path(), tasks.DeepGraphInfomax()
    parts = infomax.build(2)
    with torch.no_grad():
        parts.weight.copy_(torch.tensor([[1.0, 2.0], [0.5, -1.0]]))
    found = infomax.loss(rows, parts, data, torch.Generator().manual_seed(3))
    order = torch.randperm(3, generator=torch.Generator().manual_seed(3)).tolist()
    h, total = data.x.tolist(), 0.0
    s = [1 / (1 + math.exp(-sum(row[k] for row in h) / 3)) for k in range(2)]
    ws = [1.0 * s[0] + 2.0 * s[1], 0.5 * s[0] - 1.0 * s[1]]
    for i in range(3):
        true = 1 / (1 + math.exp(-(h[i][0] * ws[0] + h[i][1] * ws[1])))
        other = h[order[i]]
        fake = 1 / (1 + math.exp(-(other[0] * ws[0] + other[1] * ws[1])))
        total -= math.log(true) + math.log(1 - fake)
    assert float(found) == pytest.approx(total / 6, rel=1e-6)


def test_rows_change_places_and_edges_stay() -> None:
    data = path(edge_weight=torch.rand(4))
    dense = shuffled(data, torch.Generator().manual_seed(1))
    assert sorted(dense.x.tolist()) == sorted(data.x.tolist()) != dense.x.tolist()
    assert dense.edge_index is data.edge_index and dense.edge_weight is data.edge_weight
    data.x = data.x.to_sparse_csr()
    sparse = shuffled(data, torch.Generator().manual_seed(1))
    assert torch.equal(sparse.x.to_dense(), dense.x) and data.x.layout is torch.sparse_csr


def gcn(data: Data) -> nn.Module:
    return layers.GCN(data.num_features, 16, 2, block="plain")


def test_fit_learns_an_encoder_and_shows_the_untrained_one_beside_it() -> None:
    data, training = load("karate"), tasks.Training(epochs=60, lr=0.01, select="loss")
    result = tasks.fit(tasks.Pretraining(), lambda: gcn(data), data, training, seed=1)
    assert min(result.curve.valid_loss) < result.curve.valid_loss[0] - 0.02
    assert result.epoch == 1 + result.curve.valid_loss.index(min(result.curve.valid_loss))
    assert result.metric == "roc_auc" and 0 <= result.test <= 1
    # The control is the probe of the encoder before the first step, whatever is learnt after it.
    other = tasks.fit(tasks.Pretraining(), lambda: gcn(data), data, SHORT, seed=1)
    names = ("valid untrained", "test untrained")
    assert [result.others[name] for name in names] == [other.others[name] for name in names]
    still = tasks.fit(
        tasks.Pretraining(), lambda: gcn(data), data, tasks.Training(epochs=1, lr=1e-12), seed=1
    )
    assert (still.valid, still.test) == tuple(still.others[name] for name in names)
    again = tasks.fit(tasks.Pretraining(), lambda: gcn(data), data, training, seed=1)
    assert dict(again.curve) == dict(result.curve)


def test_without_a_probe_nothing_is_scored_and_no_label_is_read() -> None:
    data = load("karate")
    bare = Data(x=data.x, edge_index=data.edge_index)
    task = tasks.Pretraining(objective="infomax", probe="none")
    result = tasks.fit(task, lambda: gcn(data), bare, tasks.Training(epochs=8, lr=0.01), seed=1)
    assert result.valid is None and result.test is None and result.metric == "loss"
    assert list(dict(result.curve)) == ["epoch", "loss", "valid_loss"] and not result.others
    assert result.epoch == 1 + result.curve.valid_loss.index(min(result.curve.valid_loss))
    labelled = tasks.fit(
        tasks.Pretraining(), lambda: gcn(data), data, tasks.Training(epochs=8, lr=0.01), seed=1
    )
    assert labelled.curve.loss == result.curve.loss  # a probe has no part in the training


def test_a_pretrained_encoder_is_trained_further() -> None:
    data = load("karate")
    first = tasks.fit(tasks.Pretraining(), lambda: gcn(data), data, SHORT)
    assert first.model is not None
    encoder = first.model.encoder
    states = first.model(data)
    assert states.shape == (34, 16)
    task = tasks.NodeClassification()
    later = tasks.fit(task, encoder, data, tasks.Training(epochs=1, lr=1e-12), reinitialise=False)
    assert later.model is not None
    assert torch.allclose(later.model.encoder(data), states, atol=1e-6)


def test_an_encoder_s_own_loss_counts() -> None:
    data, found = load("karate"), []
    for divergence in (0.0, 5.0):
        encoder = layers.VGAE(data.num_features, 8, divergence=divergence)
        found.append(tasks.fit(tasks.Pretraining(), encoder, data, SHORT).curve.loss)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("make", "change", "sentence"),
    [
        (lambda f: layers.SGC(f, 8, precomputed=True), {}, "states are the same when the rows"),
        (lambda f: layers.GCN(f, 8), {"x": torch.ones(34, 34)}, "states are the same when the"),
        (lambda f: layers.SubgraphGNN(f, 8), {}, "level is 'graph', but pretraining needs one row"),
    ],
)
def test_what_it_cannot_learn_from_is_refused(make: Any, change: Any, sentence: str) -> None:
    data = load("karate")
    data.update(change)
    with pytest.raises(ValueError, match=sentence):
        tasks.fit(tasks.Pretraining(), make(data.num_features), data, SHORT)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ValueError, match="unknown objective 'infomx'; did you mean infomax"):
        tasks.Pretraining(objective="infomx")
    with pytest.raises(ValueError, match="DeepGraphInfomax has no setting 'k'; it has none"):
        tasks.Pretraining(objective={"name": "infomax", "k": 3})
    with pytest.raises(ValueError, match="probe_decay is 0, but it must be above 0"):
        tasks.Pretraining(probe_decay=0)
    made = tasks.Pretraining(objective=tasks.DeepGraphInfomax())
    assert made == tasks.Pretraining() and objectives.names() == ["DeepGraphInfomax"]
    with pytest.raises(ValueError, match="pretraining reads one graph"):
        tasks.Pretraining().setup([path()], 0)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_probe_is_a_logistic_regression_on_scaled_states(classes: int) -> None:
    generator = torch.Generator().manual_seed(classes)
    y = torch.arange(60) % classes
    states = torch.randn(60, 4, generator=generator) * 7 + 14 * y[:, None]
    part = torch.arange(60) // 20
    data = Data(
        x=states, edge_index=torch.tensor([[0], [1]]), y=y, train_mask=part == 0,
        val_mask=part == 1, test_mask=part == 2,
    )  # fmt: skip
    found = tasks.probe(states, data, metric="accuracy", decay=0.5)
    x = ((states - states.mean(0)) / states.std(0, correction=0)).double().numpy()
    model = LogisticRegression(C=2.0, max_iter=1000).fit(x[:20], y[:20])
    assert found["valid"] == pytest.approx(model.score(x[20:40], y[20:40]))
    assert found["test"] == pytest.approx(model.score(x[40:], y[40:]))
    assert found["test"] > 1 / classes
    with pytest.raises(ValueError, match="a probe reads one row for each of 60 nodes"):
        tasks.probe(states[:3], data)
