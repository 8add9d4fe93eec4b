"""What predict, embed, recommend and ensembles say, on graphs of training and on others."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from asking import all_cases, trained
from kept_cases import drawn, many, number_of, one_graph
from torch import nn
from torch_geometric.data import Batch

import gnnlab
from gnnlab import datasets, layers, rewiring, tasks
from gnnlab.tasks.saved.origin import hash_of

CASES = all_cases()
NODES, LINKS = CASES["nodes of one graph"], CASES["links of one graph"]


def test_probabilities_and_labels_by_name() -> None:
    data = copy(one_graph(2))
    data.class_names = ["mine", "free"]
    case = type(NODES)(tasks.NodeClassification(), data, NODES.score)
    found = trained(case, layers.GCN(4, 8, 2)).predict(data)
    assert found.names == ("mine", "free") and found.values.shape == (60, 2)
    assert torch.allclose(found.values.sum(1), torch.ones(60))
    assert torch.equal(found.values[:, 1], found.outputs[:, 0].sigmoid())
    assert found.labels == [found.names[i] for i in (found.outputs[:, 0] > 0).long().tolist()]
    table = found.table()
    assert list(table.columns) == ["node", "label", "p(mine)", "p(free)"] and len(table) == 60


def test_rows_are_called_as_the_data_call_them() -> None:
    data = copy(one_graph(2))
    data.node_ids = [f"p{number}" for number in range(60)]
    case = type(NODES)(tasks.NodeClassification(), data, NODES.score)
    table = trained(case, layers.GCN(4, 8, 2)).predict(data).table()
    assert list(table.columns)[:2] == ["node", "node_id"] and list(table.node_id) == data.node_ids
    words = ["CCO", "CCN", "CCCO", "CCCN"] * 3
    molecules = datasets.molecules(words, ["a", "b"] * 6, split="random")
    case = type(NODES)(tasks.GraphPrediction(), molecules, NODES.score)
    table = trained(case, layers.GCN(6, 8, 2)).predict(molecules).table()
    assert list(table.columns)[:2] == ["graph", "graph_id"] and list(table.graph_id) == words


def test_two_logits_and_many_classes_are_a_softmax() -> None:
    result = trained(NODES, layers.JKNet(4, 8, 2, out_channels=3))
    found = result.predict(NODES.data)
    assert torch.equal(found.values, found.outputs.softmax(1))
    two = type(NODES)(tasks.NodeClassification(), one_graph(2), NODES.score)
    found = trained(two, layers.JKNet(4, 8, 2, out_channels=2)).predict(two.data)
    assert torch.equal(found.values, found.outputs.softmax(1))


def test_numbers_are_in_their_own_units() -> None:
    case = CASES["standardised, several"]
    found = trained(case, layers.GCN(4, 8, 2)).predict(case.data)
    assert found.labels is None and 5e3 < float(found.values[:, 0].mean()) < 2e4
    assert list(found.table().columns) == ["graph", "0", "1"]


@pytest.mark.parametrize("name", ["classes", "nodes of many graphs"])
def test_graphs_may_come_as_a_set_a_list_a_batch_or_alone(name: str) -> None:
    case = CASES[name]
    result = trained(case, layers.DRew(4, 8, 2))
    whole = result.predict(case.data)
    for other in (list(case.data), Batch.from_data_list(list(case.data))):
        assert torch.equal(result.predict(other).outputs, whole.outputs)
    alone = result.predict(case.data[0])
    assert torch.allclose(alone.outputs, whole.outputs[: len(alone)], atol=1e-5)
    assert int(whole.rows["graph"].max()) == 29


def test_an_encoder_that_learns_no_nodes_reads_another_graph() -> None:
    result, other = trained(NODES, layers.GCN(4, 8, 2)), drawn(23, 7)
    asked = copy(other)
    with torch.no_grad():
        assert result.model is not None
        assert torch.equal(result.predict(other).outputs, result.model(other))
    assert result.embed(other).shape == (23, 8)
    assert other.keys() == asked.keys() and torch.equal(other.x, asked.x)


@pytest.mark.parametrize(
    "encoder", [layers.LINKX(4, 8, num_nodes=60), layers.ResNetAdj(4, 8, 2, num_nodes=60)]
)
def test_one_that_learns_nodes_refuses_another_graph(encoder: nn.Module, tmp_path: Path) -> None:
    result = trained(NODES, encoder)
    for model in (result, gnnlab.load(result.save(tmp_path / "model"))):
        with pytest.raises(ValueError, match="learns .* for every node .* a graph with 23 nodes"):
            model.predict(drawn(23, 7))
        with pytest.raises(ValueError, match="a graph with nodes of other features"):
            model.predict(drawn(60, 7))
        assert len(model.predict(NODES.data)) == 60


def test_graphs_that_do_not_fit() -> None:
    result = trained(NODES, layers.GCN(4, 8, 2))
    wide = drawn(9, 1)
    wide.x = torch.cat([wide.x, wide.x], dim=1)
    with pytest.raises(ValueError, match="8 columns, but the model was trained on 4"):
        result.predict(wide)
    with pytest.raises(ValueError, match="graph 1: data.x has 8 columns"):
        result.predict([drawn(9, 1), wide])
    with pytest.raises(ValueError, match="predict was given None"):
        result.predict(None)
    with pytest.raises(ValueError, match="predicts classes of nodes: leave"):
        result.predict(NODES.data, torch.zeros(2, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="pretraining learns states"):
        trained(CASES["pretraining"], layers.GCN(4, 8, 2)).predict(NODES.data)
    bare = tasks.fit(
        NODES.task, layers.GCN(4, 8, 2), NODES.data, tasks.Training(epochs=1), keep_model=False
    )
    with pytest.raises(ValueError, match="keep_model=True"):
        bare.save("nowhere")


def test_pairs_and_partners() -> None:
    result = trained(LINKS, layers.GCN(LINKS.features, 8, 2))
    data, pairs = LINKS.data, LINKS.data.link_split.test_positive
    found = result.predict(data, pairs)
    assert list(found.table().columns) == ["source", "target", "label", "p(link)"]
    with pytest.raises(ValueError, match="none are given"):
        result.predict(data)
    asked = [5, 0, 5]
    best = result.predictor.recommend(data, asked, k=4)
    for place, node in enumerate(asked):
        ends = torch.arange(data.num_nodes)
        scores = result.predict(data, torch.stack([torch.full_like(ends, node), ends])).values
        scores[node] = -1
        scores[data.edge_index[1, data.edge_index[0] == node]] = -1
        top = scores.topk(4)
        assert torch.allclose(best.values[place], top.values, atol=1e-6)
        assert set(best.partners[place].tolist()) == set(top.indices.tolist())
    few = result.predictor.recommend(data, [0], k=500)
    assert int((few.partners == -1).sum()) == int(few.values.isnan().sum()) > 0


def test_an_encoder_that_learnt_on_rewired_graphs_is_given_such(tmp_path: Path) -> None:
    method = rewiring.FoSR(4)
    data = method(NODES.data)
    case = type(NODES)(NODES.task, data, NODES.score)
    result = trained(case, layers.RGCN(4, 8, 2, num_relations=2))
    with pytest.raises(ValueError, match="rewire it as those were"):
        result.predict(NODES.data)
    loaded = gnnlab.load(result.save(tmp_path / "model", before=[method]))
    assert loaded.origin.before == (method,)
    rewired = result.predict(data).outputs
    assert torch.equal(loaded.predict(NODES.data).outputs, rewired)
    assert torch.equal(loaded.predict(data).outputs, rewired)


def test_an_ensemble_is_the_mean_and_its_spread(tmp_path: Path) -> None:
    data = many(number_of)
    case = type(NODES)(tasks.GraphPrediction(standardise=True), data, NODES.score)
    results = [trained(case, layers.GCN(4, 8, 2), lr=lr) for lr in (0.01, 0.1, 0.3)]
    models: list[Any] = [*results[:2], gnnlab.load(results[2].save(tmp_path / "model"))]
    found = gnnlab.Ensemble(models).predict(data)
    each = torch.stack([one.predict(data).values for one in results])
    assert torch.equal(found.values, each.mean(0)) and found.spread is not None
    assert torch.equal(found.spread, each.std(0)) and "0 ±" in found.table()
    with pytest.raises(ValueError, match="take models of one task"):
        gnnlab.Ensemble([results[0], trained(NODES, layers.GCN(4, 8, 2))])
    with pytest.raises(ValueError, match="a list of results"):
        gnnlab.Ensemble([])


def test_training_goes_on_from_a_loaded_encoder(tmp_path: Path) -> None:
    result = trained(NODES, layers.GCN(4, 8, 2))
    loaded = gnnlab.load(result.save(tmp_path / "model"))
    training = tasks.Training(epochs=1, lr=1e-12)
    more = tasks.fit(loaded.task, loaded.encoder, NODES.data, training, reinitialise=False)
    for mine, theirs in zip(
        more.model.encoder.parameters(), loaded.encoder.parameters(), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-9)


def test_saving_again_takes_the_place_and_leaves_nothing_beside(tmp_path: Path) -> None:
    for lr in (0.01, 0.1):
        result = trained(NODES, layers.GCN(4, 8, 2), lr=lr)
        result.save(tmp_path / "model")
    assert gnnlab.load(tmp_path / "model").origin.training.lr == 0.1
    assert [one.name for one in tmp_path.iterdir()] == ["model"]
    names = {one.name for one in (tmp_path / "model").iterdir()}
    assert names == {"model.safetensors", "model.json", "README.md"}


def test_a_task_of_ones_own_is_saved_and_asked(tmp_path: Path) -> None:
    """Its problem has no target that says what is predicted: these are numbers."""

    @dataclass(frozen=True)
    class Sums:
        def setup(self, data: Any, split: int) -> Any:
            return SumsProblem(data)

    result = trained(type(NODES)(Sums(), NODES.data, NODES.score), layers.GCN(4, 8, 2))
    loaded = gnnlab.load(result.save(tmp_path / "model"))
    found = loaded.predict(NODES.data)
    assert loaded.task is None and found.kind == "regression" and found.names == ("0",)
    assert torch.equal(found.values, result.predict(NODES.data).values)


@dataclass(frozen=True)
class SumsProblem:
    data: Any
    metric: str = "mae"

    @property
    def step(self) -> Any:
        return tasks.NodeClassification().setup(self.data, 0).step

    def model(self, encoder: nn.Module) -> tasks.Model:
        return tasks.Model(encoder, 1)

    def batches(self) -> list[Any]:
        return [self.data]

    def loss(self, model: nn.Module, batch: Any) -> Any:
        return (model(batch)[:, 0] - batch.x.sum(1)).abs().mean()

    def evaluate(self, model: nn.Module) -> dict[str, float]:
        return dict.fromkeys(("valid_loss", "valid", "test"), float(self.loss(model, self.data)))

    def to(self, device: torch.device) -> SumsProblem:
        return self


def test_a_fingerprint_is_of_numbers_and_not_of_their_layout() -> None:
    x = torch.randn(9, 4) * (torch.rand(9, 4) < 0.4)
    x[3] = -0.0
    same = [x, x.to_sparse(), x.to_sparse_csr(), x.double().float() + 0]
    assert len({hash_of(one) for one in same}) == 1
    assert hash_of(x.roll(1, 0)) != hash_of(x) and hash_of(x[:, :3]) != hash_of(x)
