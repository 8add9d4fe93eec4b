"""Explainers: each against its formula, and all of them on every encoder."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import explain, tasks
from gnnlab.explain import explainers
from gnnlab.layers import GAT, GT, encoders
from gnnlab.tasks.explanation.reading import read_case
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs
from gnnlab.tasks.graph.readout import Readout
from tests.tasks.explanation.explained_graphs import Counting, both, chain, gcn, random_graph

UNREAD = {"ResNet", "ResNetAdj", "ResNetSGC", "SubgraphGNN"}
"""Encoders that read no edge weights."""


def built(name: str, data: Data) -> Any:
    cls = encoders()[name]
    asked = inspect.signature(cls).parameters
    own = {"in_channels": data.num_features, "hidden_channels": 8, "num_layers": 2}
    own |= cls.from_data(data)
    return cls(**{key: value for key, value in own.items() if key in asked})


@pytest.fixture(scope="module")
def masked() -> Data:
    data = random_graph()
    draw = torch.Generator().manual_seed(2)
    part = torch.randperm(14, generator=draw)
    for name, own in (("train", part[:8]), ("val", part[8:11]), ("test", part[11:])):
        data[f"{name}_mask"] = torch.zeros(14, dtype=torch.bool).index_fill(0, own, True)
    data.y = torch.arange(14) % 2
    data.edge_attr = torch.randn(data.num_edges, 2, generator=draw)
    return data


@pytest.mark.parametrize("name", [name for name, cls in encoders().items() if cls.level == "node"])
@pytest.mark.filterwarnings("ignore:.*does not read")
def test_every_encoder_of_nodes_is_explained_or_refused(name: str, masked: Data) -> None:
    task, training = tasks.NodeClassification(metric="accuracy"), tasks.Training(epochs=2)
    result = tasks.fit(task, built(name, masked), masked, training)
    explainer = explain.GNNExplainer(epochs=3)
    if name in UNREAD:
        with pytest.raises(ValueError, match=f"{name} reads no data.edge_weight"):
            explainer(result, masked, node=1)
        return
    found = explainer(result, masked, node=1)
    assert float(found.edges().max()) > 0 and torch.isfinite(found.edges()).all()
    slope = explain.Gradient()(result, masked, node=1)
    assert float(slope.edges().max()) > 0 and torch.isfinite(slope.edges()).all()


@pytest.mark.parametrize("name", sorted(explainers()))
def test_every_explainer_explains_nodes_graphs_and_links(name: str) -> None:
    data = random_graph()
    explainer = explainers()[name](**({"epochs": 2} if "epochs" in _settings(name) else {}))
    torch.manual_seed(0)
    encoder = GAT(3, 4, 2, heads=2)
    models = {
        "node": (GAT(3, 4, 2, heads=2, out_channels=3), {"node": 2}),
        "graph": (tasks.Model(encoder, 2, Readout()), {}),
        "link": (tasks.LinkModel(encoder, tasks.DotProduct(4)), {"pair": (2, 5)}),
    }
    for model, place in models.values():
        found = explainer(model, data, **place)
        assert found.edges().shape == (data.num_edges,) and name in repr(found)
        assert torch.isfinite(found.edges()).all() and float(found.edges().abs().max()) > 0
        assert found.node_mask is None or found.node_mask.shape[0] in (1, 14)


def _settings(name: str) -> set[str]:
    return set(inspect.signature(explainers()[name]).parameters)


@pytest.mark.parametrize(
    "model", [gcn(), GAT(3, 8, 2, heads=2, out_channels=3)], ids=["gcn", "gat"]
)
def test_integrated_gradients_add_up_to_the_difference_from_nothing(model: Any) -> None:
    data = random_graph()
    case = read_case(model.eval(), data, 2, None, "prediction", False)
    found = explain.IntegratedGradients(steps=150)(model, data, node=2)
    with torch.no_grad():
        whole = case.value()
        no_edges = case.value(None, torch.zeros_like(case.weight))
        no_features = case.value(torch.zeros_like(case.x))
    assert found.node_mask is not None
    assert float(found.edges().sum()) == pytest.approx(float(whole - no_edges), abs=1e-2)
    assert float(found.node_mask.sum()) == pytest.approx(float(whole - no_features), abs=1e-2)
    assert abs(float(whole - no_edges)) > 0.01  # there was something to add up to


def test_occlusion_is_the_difference_to_the_graph_without() -> None:
    data, model = random_graph(), gcn()
    found = explain.Occlusion()(model, data, node=2)
    pairs = data.edge_index.T.tolist()
    with torch.no_grad():
        whole = model(data)[2, found.target]
        for number, (a, b) in enumerate(pairs):
            keep = torch.tensor([[a, b] != pair and [b, a] != pair for pair in pairs])
            less = model(Data(x=data.x, edge_index=data.edge_index[:, keep]))[2, found.target]
            assert float(found.edges()[number]) == pytest.approx(float(whole - less), abs=1e-5)
        assert found.node_mask is not None
        for node in range(14):
            x = data.x.clone()
            x[node] = 0
            less = model(Data(x=x, edge_index=data.edge_index))[2, found.target]
            assert float(found.node_mask[node]) == pytest.approx(float(whole - less), abs=1e-5)


def test_a_gradient_is_the_slope_times_the_value() -> None:
    """The model adds up: each edge counts by what comes over it, and edges elsewhere by 0."""
    edges = both([(0, 1), (0, 2), (2, 3)])
    data = Data(x=torch.tensor([[1.0], [2.0], [5.0], [7.0]]), edge_index=edges)
    found = explain.Gradient(symmetric=False)(Counting(), data, node=0)
    assert found.target == 0 and found.edges().tolist() == [0, 0, 0, 2, 5, 0]
    assert found.top(2).tolist() == [4, 3]


def test_attention_is_the_models_own() -> None:
    """Values of one: what a layer returns is the attention's sum, 1, and each edge's part of it."""
    data = random_graph()
    for model in (GAT(3, 4, 1, heads=2, out_channels=2), GT(3, 4, 1, heads=2, out_channels=2)):
        found = explain.Attention()(model, data, node=2)
        inward = data.edge_index[1] == 2
        assert bool((found.edges()[inward] > 0).all()) and not found.edges()[~inward].any()
        assert float(found.edges()[inward].sum()) < 1  # the node attends to itself too
    with pytest.raises(ValueError, match="GCN attends to nothing"):
        explain.Attention()(gcn(), data, node=2)


def test_a_trained_pg_explainer_finds_the_one_edge_that_counts() -> None:
    """Nodes hear one strong neighbour and weak ones: the strong one's edge should be kept."""
    count = 12
    pairs = [(node, node + place * count) for place in (1, 2) for node in range(count)]
    x = torch.zeros(3 * count, 1)
    x[count : 2 * count] = 3.0
    data = Data(x=x, edge_index=both(pairs))
    settings = explain.PGExplainer(epochs=60, lr=0.01, size=0.1, entropy=0.0)
    mask = settings.train(Counting(), data, range(count))(Counting(), data, node=0).edges()
    ends = [torch.tensor([[node], [0]]) for node in (count, 2 * count)]
    strong, weak = (mask[(data.edge_index == end).all(0)] for end in ends)
    assert float(strong) > 0.5 > float(weak)


def test_controls_know_only_the_graph() -> None:
    data = chain(7)
    near = explain.NearMask()(gcn(3), data, node=0).edges()
    assert near.tolist()[:3] == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    assert float(explain.DegreeMask()(gcn(3), data, node=0).edges()[0]) == pytest.approx(2**-0.5)
    one, two = (explain.RandomMask(seed)(gcn(3), data, node=0).edges() for seed in (0, 1))
    assert not torch.equal(one, two)


def test_reverse_arcs_pair_up_also_where_some_are_missing_or_repeated() -> None:
    whole = torch.tensor([[0, 1, 2, 2, 0, 0], [1, 0, 2, 0, 2, 0]])
    assert reverse_arcs(whole).tolist() == [1, 0, 2, 4, 3, 5]
    assert reverse_arcs(torch.tensor([[0, 1, 0, 3], [1, 0, 1, 0]])).tolist() == [1, 0, 2, 3]
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        ends = torch.randint(5, (2, 12), generator=generator)
        back = reverse_arcs(torch.cat([ends, ends.flip(0)], 1))
        both_ways = torch.cat([ends, ends.flip(0)], 1)
        assert torch.equal(both_ways[:, back], both_ways.flip(0))
        assert torch.equal(back[back], torch.arange(24))
