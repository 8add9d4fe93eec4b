"""Pairs within many graphs: the loss and the ranks of a loop over the graphs, in mini-batches."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import torch
from contact_graphs import FEATURES, alike, collection
from torch import Tensor, nn
from torch.nn import functional as F
from torch_geometric.data import Batch, Data

from gnnlab import layers, rewiring, tasks
from gnnlab.datasets import Graphs
from gnnlab.tasks import LinkPrediction, Training, fit
from gnnlab.tasks.link.many_graphs import PairsProblem

METRICS = ("raw_mrr", "filtered_mrr", "extended_mrr")
HEADS: tuple[Any, ...] = ("dot", {"name": "dot", "num_layers": 2}, "mlp", "ncn", "ncnc")


def problem(data: Any, **settings: Any) -> PairsProblem:
    found = LinkPrediction(**settings).setup(data, 0)
    assert isinstance(found, PairsProblem)
    return found


def gcn(width: int = 8) -> nn.Module:
    torch.manual_seed(0)
    return layers.GCN(FEATURES, width, 2, dropout=0.0).double()


def double(data: Graphs) -> Graphs:
    def made(one: Data) -> Data:
        one = copy(one)
        one.x = one.x.double()
        return one

    return data.with_graphs([made(one) for one in data])


def released(scores: Tensor, true: Tensor, metric: str) -> float:
    """Put a true pair first, sort its row without those that do not count, and see where it is."""
    found = []
    for u, v in true.T.tolist():
        row = scores[u].clone()
        row[v] = -torch.inf
        if metric != "raw_mrr":
            row[true[1, true[0] == u]] = -torch.inf
        if metric == "extended_mrr":
            row[u] = -torch.inf
        both = torch.cat([scores[u, v].reshape(1), row])
        found.append(1 / (1 + both.argsort(descending=True).tolist().index(0)))
    return sum(found) / len(found)


def by_hand(model: Any, data: Graphs, mask: Tensor, metric: str) -> float:
    """Each graph alone: all pairs, a dense matrix of their scores, and its ranks."""
    found = []
    for number in mask[:, 0].nonzero().flatten().tolist():
        one = data[number]
        ring = torch.arange(len(one.x))
        scores = model(one, torch.cartesian_prod(ring, ring).T).reshape(len(ring), -1)
        true = one.edge_label_index[:, one.edge_label == 1]
        if true.numel():
            found.append(released(scores, true, metric))
        elif metric == "raw_mrr":
            found.append(0.0)
    return sum(found) / len(found)


def without_true_pairs(data: Graphs, mask: Tensor) -> Graphs:
    """The first graph of a part keeps its negatives alone."""
    number = int(mask[:, 0].nonzero()[0])
    own = [copy(one) for one in data]
    own[number].edge_label = torch.zeros_like(own[number].edge_label)
    return data.with_graphs(own)


@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("batch_size", [3, 64])
def test_scores_are_means_over_graphs_that_stand_alone(head: Any, batch_size: int) -> None:
    data = double(collection())
    data = without_true_pairs(data, data.test_mask)
    found = problem(data, head=head, batch_size=batch_size, also=METRICS, chunk=50)
    model = found.model(gcn()).double().eval()
    with torch.no_grad():
        row = found.evaluate(model)
        for part, mask in (("valid", data.val_mask), ("test", data.test_mask)):
            for metric in METRICS:
                expected = by_hand(model, data, mask, metric)
                assert row[f"{part} {metric}"] == pytest.approx(expected)
            assert row[part] == row[f"{part} filtered_mrr"]
    assert row["test raw_mrr"] < row["test filtered_mrr"]


@pytest.mark.parametrize("head", HEADS, ids=str)
def test_a_batch_scores_pairs_as_their_graphs_do(head: Any) -> None:
    data = double(collection())
    model = problem(data, head=head).model(gcn()).double().eval()
    whole = Batch.from_data_list(list(data))
    alone = torch.cat([model(one, one.edge_label_index) for one in data])
    torch.testing.assert_close(model(whole, whole.edge_label_index), alone)


def test_the_loss_is_the_mean_over_a_batch_s_labelled_pairs() -> None:
    data = double(collection())
    found = problem(data, negatives="split", batch_size=5)
    model = found.model(gcn()).eval()
    batches = list(found.batches())
    assert [batch.num_graphs for batch in batches] == [5, 5, 2]
    for batch in batches:
        ones: list[Any] = batch.to_data_list()
        logits = torch.cat([model(one, one.edge_label_index) for one in ones])
        labels = torch.cat([one.edge_label for one in ones]).double()
        expected = F.binary_cross_entropy_with_logits(logits, labels)
        torch.testing.assert_close(found.loss(model, batch), expected)
    held = [data[i] for i in data.val_mask[:, 0].nonzero().flatten().tolist()]
    logits = torch.cat([model(one, one.edge_label_index) for one in held])
    labels = torch.cat([one.edge_label for one in held]).double()
    expected = F.binary_cross_entropy_with_logits(logits, labels)
    with torch.no_grad():
        assert found.evaluate(model)["valid_loss"] == pytest.approx(float(expected))


def test_negatives_of_an_epoch_are_drawn_anew_for_each_true_pair() -> None:
    data = collection()
    found = problem(data, batch_size=100)
    (batch,) = found.batches()
    true = batch.edge_label_index[:, batch.edge_label == 1]
    first, second = found.labelled(batch), found.labelled(batch)
    for pairs, labels in (first, second):
        assert torch.equal(pairs[:, labels], true) and pairs.shape[1] == 3 * true.shape[1]
        assert torch.equal(batch.batch[pairs[0]], batch.batch[pairs[1]])
        drawn = set(map(tuple, pairs[:, ~labels].T.tolist()))
        assert len(drawn) == 2 * true.shape[1]
        assert not drawn & set(map(tuple, true.T.tolist()))
    assert not torch.equal(first[0], second[0])
    model = found.model(gcn().float()).eval()
    with torch.no_grad():
        assert found.evaluate(model) == found.evaluate(model)  # those of validation stay


def test_a_batch_without_a_true_pair_has_no_loss_and_no_gradient() -> None:
    data = collection()
    few = without_true_pairs(data, data.train_mask)
    found = problem(few, batch_size=1)
    model = found.model(gcn().float())
    losses = [found.loss(model, batch) for batch in found.batches()]
    assert sorted(float(loss.detach()) for loss in losses)[0] == 0
    torch.stack(losses).sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


def test_numbers_of_nodes_and_orders_of_pairs_do_not_matter() -> None:
    data = double(collection())

    def mixed(one: Data) -> Data:
        random = torch.Generator().manual_seed(len(one.x))
        order = torch.randperm(len(one.x), generator=random)
        pairs = torch.randperm(len(one.edge_label), generator=random)
        x = torch.empty_like(one.x)
        x[order] = one.x
        return Data(
            x=x,
            edge_index=order[one.edge_index],
            edge_label_index=order[one.edge_label_index][:, pairs],
            edge_label=one.edge_label[pairs],
        )

    other = data.with_graphs([mixed(one) for one in data])
    rows = []
    for given in (data, other):
        found = problem(given, also=METRICS, negatives="split")
        with torch.no_grad():
            rows.append(found.evaluate(found.model(gcn()).eval()))
    assert rows[0] == pytest.approx(rows[1])


@pytest.mark.parametrize("head", ["dot", "mlp"])
@pytest.mark.parametrize("negatives", ["epoch", "split"])
def test_contacts_are_learnt_on_graphs_that_were_not_seen(head: str, negatives: Any) -> None:
    def made(number: int) -> Data:
        data = alike(number)
        whole = torch.cartesian_prod(torch.arange(12), torch.arange(12)).T
        true = set(map(tuple, data.edge_label_index.T.tolist()))
        data.edge_label = torch.tensor([pair in true for pair in map(tuple, whole.T.tolist())])
        data.edge_label_index = whole
        return data

    task = LinkPrediction(head=head, negatives=negatives, batch_size=4, also=("raw_mrr",))
    encoder = layers.ResNet(FEATURES, 16, 1, dropout=0.0)
    training = Training(lr=1e-2, epochs=15)
    first, again = (fit(task, encoder, collection(20, made), training) for _ in range(2))
    # A node and its two partners look the same, and so do the others to them: the node itself ties.
    assert first.metric == "filtered_mrr" and first.test == pytest.approx(2 / 3)
    assert first.others["test raw_mrr"] == pytest.approx(1 / 2)
    assert dict(first.curve) == dict(again.curve) and first.curve.others == again.curve.others


@pytest.mark.parametrize("method", [rewiring.LASER(snapshots=2), rewiring.AddHops(3)])
def test_rewirings_and_structures_come_before(method: Any) -> None:
    data = collection(12)
    data = data.with_graphs(rewiring.apply(method, data, cache=False, progress=False))
    assert "edge_label_index" in data[0]
    relations = rewiring.count_edge_types(data[0])
    for encoder in (
        layers.RGCN(FEATURES, 8, 2, num_relations=relations),
        layers.DRew(FEATURES, 8, 2),
    ):
        result = fit(LinkPrediction(), encoder, data, Training(epochs=1))
        assert 0 < result.test <= 1


def test_maps_before_the_dot_product_are_learnt() -> None:
    h, pairs = torch.randn(5, FEATURES), torch.tensor([[0, 1], [2, 2]])
    plain = tasks.DotProduct(FEATURES)
    assert not list(plain.parameters())
    assert torch.equal(plain(h, None, pairs), (h[pairs[0]] * h[pairs[1]]).sum(1))
    one = tasks.DotProduct(FEATURES, num_layers=1)
    weight, bias = one.parameters()
    mapped = h @ weight.T + bias
    torch.testing.assert_close(one(h, None, pairs), (mapped[pairs[0]] * mapped[pairs[1]]).sum(1))
    assert sum(p.numel() for p in tasks.DotProduct(FEATURES, num_layers=3).parameters()) == 60
    with pytest.raises(ValueError, match="num_layers is 0"):
        tasks.DotProduct(FEATURES, num_layers=0)
