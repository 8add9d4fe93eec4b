"""Link prediction learns, masks what it predicts, and refuses what would leak."""

from __future__ import annotations

import inspect
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from link_graphs import as_set, blocks, linked
from link_problems import gcn, graph, problem
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers, rewiring, tasks
from gnnlab.ops import Adjacency
from gnnlab.tasks import LinkPrediction, LinkSplit, Training, fit
from gnnlab.tasks.link.heads.by_name import heads, make_head, resolved_head
from gnnlab.tasks.link.masking import with_links, without
from gnnlab.tasks.link.one_graph import LinkProblem, cross_entropy
from gnnlab.tasks.metrics import links as link_metrics

FEW = settings(max_examples=40, deadline=None)


class Watching(nn.Module):
    """An encoder that keeps what it was shown."""

    level, hidden_channels = "node", 4

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.seen = nn.Linear(3, 4), []

    def forward(self, data: Data) -> Tensor:
        self.seen.append(data)
        return self.linear(data.x)


@pytest.mark.parametrize("head", ["dot", "mlp"])
def test_links_of_communities_can_be_learnt(head: str) -> None:
    task, settings = LinkPrediction("roc_auc", head, batch_size=0.25), Training(lr=1e-2, epochs=30)
    result = fit(task, gcn(), graph(), settings, seed=1)
    assert result.metric == "roc_auc" and result.test > 0.75
    assert result.curve.loss[-1] < 0.9 * result.curve.loss[0]


def test_the_same_seed_gives_the_same_bits_and_another_others() -> None:
    def run(seed: int) -> Any:
        task = LinkPrediction("roc_auc", "mlp", batch_size=32)
        return fit(task, gcn(), graph(), Training(epochs=3), seed=seed).curve

    assert run(1) == run(1) != run(2)


@FEW
@given(data=linked(), seed=st.integers(0, 99))
def test_targets_are_gone_in_both_directions_with_their_attributes(data: Data, seed: int) -> None:
    data.edge_weight = 1.0 * data.edge_index[0] + data.edge_index[1] / 100
    split = LinkSplit.random(data, seed=seed)
    message = split.graph(data)
    some = split.train_positive[:, torch.randperm(split.train_positive.shape[1])[:3]]
    masked, adj = without(message, some)
    gone = as_set(some)
    assert as_set(masked.edge_index) == as_set(message.edge_index) - gone
    expected = masked.edge_index[0] + masked.edge_index[1] / 100
    torch.testing.assert_close(masked.edge_weight, expected)
    assert Adjacency.of(masked.edge_index, data.num_nodes) is adj  # nothing is sorted again
    assert without(message, some[:, :0])[0] is message


def test_a_step_reads_no_link_that_it_predicts_and_evaluation_reads_all() -> None:
    data, encoder = graph(), Watching()
    found = problem(data, batch_size=20)
    model = found.model(encoder)
    message = as_set(data.edge_index)
    learnt: list[int] = []
    for batch in found.batches():
        found.loss(model, batch)
        positive = as_set(found.split.train_positive[:, batch.columns])
        assert as_set(encoder.seen[-1].edge_index) == message - positive
        assert not as_set(batch.negative) & message
        learnt += batch.columns.tolist()
    assert sorted(learnt) == list(range(found.split.train_positive.shape[1]))
    found.evaluate(model)
    assert as_set(encoder.seen[-1].edge_index) == message


def test_without_masking_a_step_reads_everything() -> None:
    data, encoder = graph(), Watching()
    found = problem(data, mask_targets=False)
    for batch in found.batches():
        found.loss(found.model(encoder), batch)
    assert torch.equal(encoder.seen[-1].edge_index, data.edge_index)


def test_a_last_batch_that_is_not_full_may_be_left_out() -> None:
    count = problem().split.train_positive.shape[1]
    for drop, size in ((False, 50), (True, 50), (True, 10_000)):
        sizes = [len(b.columns) for b in problem(batch_size=size, drop_last=drop).batches()]
        assert all(own == min(size, count) for own in sizes[:-1] or sizes)
        assert sum(sizes) == (count // 50 * 50 if drop and size == 50 else count)


def test_the_loss_is_the_mean_over_links_and_over_negatives() -> None:
    found = problem(head="dot", mask_targets=False)
    model = found.model(gcn()).eval()
    batch = next(iter(found.batches()))
    h = model.encoder(found.graphs.train)
    positive = found.split.train_positive[:, batch.columns]
    expected = torch.zeros(())
    for pairs, sign in ((positive, 1), (batch.negative, -1)):
        logits = (h[pairs[0]] * h[pairs[1]]).sum(1)
        expected = expected - torch.sigmoid(sign * logits).log().mean()
    torch.testing.assert_close(found.loss(model, batch), expected)


def test_negatives_are_new_every_epoch_or_those_of_the_split() -> None:
    def drawn(found: LinkProblem) -> list[set[frozenset[int]]]:
        epochs = ([batch.negative for batch in found.batches()] for _ in range(2))
        return [as_set(torch.cat(negatives, dim=1)) for negatives in epochs]

    one, two = drawn(problem())
    assert one != two
    fixed = problem(negatives="split")
    one, two = drawn(fixed)
    assert one == two == as_set(fixed.split.train_negative)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_evaluation_scores_every_held_out_pair_however_chunked(chunk: int) -> None:
    torch.manual_seed(0)  # other heads have scores so near that chunks round them apart
    data = graph()
    split = data.link_split
    own = split.test_negative[:, None, :].expand(-1, split.test_positive.shape[1], -1)
    data.link_split = replace(split, test_negative=own)
    found = problem(data, metric="mrr", head="mlp", chunk=chunk, also=("hits@3", "filtered_mrr"))
    model = found.model(gcn()).eval()
    row = found.evaluate(model)
    for part in ("valid", "test"):
        scores = [
            model(data, getattr(data.link_split, f"{part}_{kind}").flatten(1)).view(
                getattr(data.link_split, f"{part}_{kind}").shape[1:]
            )
            for kind in ("positive", "negative")
        ]
        assert row[part] == pytest.approx(link_metrics.mrr(*scores))
        assert row[f"{part} hits@3"] == pytest.approx(link_metrics.hits(*scores, 3))
        assert row[f"{part} filtered_mrr"] == pytest.approx(row[part])  # no negative is a link
        if part == "valid":
            assert row["valid_loss"] == pytest.approx(float(cross_entropy(*scores)), rel=1e-5)


def test_an_encoder_that_cannot_mask_learns_from_links_that_it_does_not_read() -> None:
    class Counting(Watching):
        maskable = False

        def transform(self, data: Data) -> Data:
            data.found = data.edge_index.clone()
            return data

    data, encoder = graph(), Counting()
    found = problem(data, supervision=0.25, batch_size=10).suited(encoder)
    count = data.link_split.train_positive.shape[1]
    assert len(found.columns) == round(0.25 * count)
    apart = as_set(data.link_split.train_positive[:, found.columns])
    model = found.model(encoder)
    for batch in found.batches():
        found.loss(model, batch)
        seen = encoder.seen[-1]
        assert as_set(seen.edge_index) == as_set(seen.found) == as_set(data.edge_index) - apart
        assert as_set(data.link_split.train_positive[:, batch.columns]) <= apart
    found.evaluate(model)
    assert as_set(encoder.seen[-1].found) == as_set(data.edge_index)
    del Counting.maskable  # what its transform adds says as much
    assert problem(data).suited(encoder).apart
    assert not problem(data, mask_targets=False).suited(encoder).apart
    assert not problem(data).suited(gcn()).apart


def test_validation_links_are_read_when_test_is_predicted_if_asked() -> None:
    data, encoder = graph(), Watching()
    split = data.link_split
    data.link_split = split.with_valid_as_input()
    data.edge_weight = torch.full((data.num_edges,), 2.0)
    found = problem(data)
    found.evaluate(found.model(encoder))
    valid, test = encoder.seen
    assert as_set(valid.edge_index) == as_set(data.edge_index)
    more = as_set(test.edge_index) - as_set(data.edge_index)
    assert more == as_set(split.valid_positive)
    added = test.num_edges - data.num_edges
    assert added == 2 * split.valid_positive.shape[1]
    assert test.edge_weight.tolist() == [2.0] * data.num_edges + [1.0] * added
    assert torch.equal(with_links(test, split.valid_positive, True).edge_index, test.edge_index)


def test_other_metrics_are_there_at_the_kept_epoch_and_at_their_own() -> None:
    task = LinkPrediction("roc_auc", "mlp", also=("hits@20", "mrr"))
    result = fit(task, gcn(), graph(), Training(epochs=20), seed=0)
    place = result.curve.epoch.index(result.epoch)
    for name in ("hits@20", "mrr"):
        for part in ("valid", "test"):
            kept = result.others[f"{part} {name}"]
            assert kept == result.curve.others[f"{part} {name}"][place]
        valid, test, epoch = tasks.at_own_best(result.curve, name)
        assert valid == max(result.curve.others[f"valid {name}"])
        assert test == result.curve.others[f"test {name}"][result.curve.epoch.index(epoch)]
    with pytest.raises(KeyError, match="'hits@5' was not measured beside the metric: hits@20, mrr"):
        tasks.at_own_best(result.curve, "hits@5")
    assert "others" not in dict(result.curve)


def test_the_metric_follows_from_the_split_if_not_named() -> None:
    assert problem().metric == "roc_auc"  # few negatives
    data = graph()
    many = data.link_split.valid_negative.repeat(1, 60)
    data.link_split = replace(
        data.link_split, valid_negative=many, test_negative=many, as_published=True
    )
    assert problem(data).metric == "hits@100"
    split = data.link_split
    data.link_split = replace(
        split,
        valid_negative=split.valid_negative[:, None, :5].expand(
            -1, split.valid_positive.shape[1], -1
        ),
    )
    assert problem(data).metric == "mrr"


def test_heads_and_encoders_learn_at_their_own_rates() -> None:
    groups = {"encoder.*": {"lr": 1e-30}, "head.*": {"lr": 1e-2}}
    encoder = gcn()
    task = LinkPrediction(head="mlp", mask_targets=False, batch_size=1000)  # a step an epoch
    settings = Training(epochs=3, groups=groups)
    result = fit(task, encoder, graph(), settings, seed=0, reinitialise=False)
    for name, value in result.model.encoder.state_dict().items():
        torch.testing.assert_close(value, encoder.state_dict()[name])
    again = fit(task, encoder, graph(), Training(epochs=3, lr=1e-2), seed=0, reinitialise=False)
    assert again.curve.loss[0] == result.curve.loss[0] and again.curve.loss != result.curve.loss


def test_rewirings_after_the_split_train_and_before_it_are_refused() -> None:
    data = graph()
    rewired = rewiring.FoSR(num_edges=5)(data)
    assert fit(LinkPrediction(), gcn(), rewired, Training(epochs=1)).epoch == 1
    crowded = rewiring.RandomEdges(add=400, seed=0)(data)
    assert data.link_split.added_positives(crowded)["test"] > 0
    assert fit(LinkPrediction(), gcn(), crowded, Training(epochs=1)).epoch == 1
    whole = blocks()
    whole.link_split = data.link_split
    with pytest.raises(ValueError, match="which is a held-out link .* and rewire after it"):
        LinkPrediction().setup(whole, 0)
    with pytest.raises(ValueError, match="which is a held-out link"):
        LinkPrediction().setup(rewiring.Identity()(whole), 0)


def test_a_directed_graph_learns_arcs_as_they_are() -> None:
    data = blocks()
    data.edge_index = data.edge_index[:, data.edge_index[0] < data.edge_index[1]]
    split = LinkSplit.random(data, seed=0)
    found = fit(LinkPrediction(), gcn(), split.graph(data), Training(epochs=2), seed=0)
    assert not split.undirected and found.epoch <= 2


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_every_encoder_trains_or_says_why_not(name: str) -> None:
    cls, data = layers.encoders()[name], graph(sizes=(8, 8, 8))
    extra = {"num_nodes": 24, "num_relations": 1, "average_log_degree": 1.0}
    known = inspect.signature(cls).parameters
    encoder = cls(3, 8, 2, **{key: value for key, value in extra.items() if key in known})
    task, training = LinkPrediction(batch_size=8), Training(epochs=1)
    if cls.level != "node":
        with pytest.raises(ValueError, match="link prediction needs one row a node"):
            fit(task, encoder, data, training)
        return
    result = fit(task, encoder, data, training, seed=0)
    assert 0 <= result.test <= 1
    seen = encoder.transform(copy(data))
    pairs = data.link_split.test_positive
    assert result.model(seen, pairs).shape == pairs.shape[1:]


@pytest.mark.parametrize("name", sorted(heads()))
def test_heads_have_names_and_settings_that_come_back(name: str) -> None:
    table = resolved_head(name)
    assert isinstance(table, dict) and table["name"] == name
    assert resolved_head(table) == resolved_head({"name": name.lower()}) == table
    assert make_head(table, 4).symmetric


@pytest.mark.parametrize("head", ["dot", "mlp", "ncn", "ncnc"])
def test_heads_do_not_see_which_end_comes_first(head: str) -> None:
    found = problem(head=head)
    model, pairs = found.model(gcn()).eval(), found.split.valid_negative
    torch.testing.assert_close(model(graph(), pairs), model(graph(), pairs.flip(0)))
