"""GNNExplainer against PyG's, against all subsets of edges, and on parts of graphs."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.explain import Explainer
from torch_geometric.explain import GNNExplainer as Theirs

from gnnlab import tasks
from gnnlab.datasets import ba_shapes, karate
from gnnlab.explain import Explanation, GNNExplainer, edge_auc, for_pyg
from gnnlab.layers import GCN
from gnnlab.tasks.explanation.reading import read_case
from tests.tasks.explanation.explained_graphs import both, chain, gcn, random_graph


def theirs(model: Any, algorithm: Any, features: str | None = None, **settings: Any) -> Explainer:
    return Explainer(
        for_pyg(model),
        algorithm,
        explanation_type="model",
        edge_mask_type="object",
        node_mask_type=features,
        model_config=dict(
            mode="multiclass_classification", task_level="node", return_type="raw", **settings
        ),
    )


@pytest.mark.parametrize("features", ["common_attributes", "attributes", "object", None])
def test_it_is_pygs_with_its_settings_and_seed(features: Any) -> None:
    data, model = karate(), gcn(width=34, classes=2)
    for node in (5, 33):
        torch.manual_seed(3)
        other = theirs(model, Theirs(epochs=30, lr=0.05), features)(
            data.x, data.edge_index, index=node
        )
        own = GNNExplainer(
            epochs=30, lr=0.05, symmetric=False, start=0.0, seed=3, features=features
        )(model, data, node=node)
        assert own.edge_mask is not None
        assert torch.allclose(own.edge_mask, other.edge_mask, atol=1e-5)
        assert (own.node_mask is None) == (features is None)
        if own.node_mask is not None:
            assert torch.allclose(own.node_mask, other.node_mask, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 2])
def test_the_mask_rounded_is_the_best_of_all_subsets_of_edges(seed: int) -> None:
    """All 64 subsets of a graph of six edges, by the objective without entropy."""
    edges, size = both([(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (1, 4)]), 0.005
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
    data, model = Data(x=x, edge_index=edges), gcn(seed=seed)
    settings = {"edge_size": size, "edge_entropy": 0.0, "start": 0.0, "lr": 0.15, "features": None}
    own = GNNExplainer(epochs=200, **settings)(model, data, node=0)  # type: ignore[arg-type]
    case = read_case(model, data, 0, None, "prediction", False)

    def loss(mask: torch.Tensor) -> float:
        with torch.no_grad():
            return float(case.loss(case.x, case.weight * mask) + size * mask.sum())

    hard = [loss(torch.tensor(bits * 2, dtype=torch.float32)) for bits in product((0, 1), repeat=6)]
    assert loss((own.edges() > 0.5).float()) == pytest.approx(min(hard), abs=1e-6)
    assert loss(own.edges()) < min(hard) + 1e-3
    assert max(hard) > min(hard) + 0.1


def test_the_part_of_the_graph_gives_what_the_whole_does() -> None:
    data = chain()
    for layers, node in ((1, 15), (2, 15), (3, 2)):
        model = gcn(layers)
        case = read_case(model, data, node, None, "prediction", True)
        far = (case.nodes - node).abs().max()
        assert layers < far <= layers + 1  # and one more, for the degrees
        for features in ("attributes", "common_attributes"):
            explainer = GNNExplainer(epochs=20, features=features)
            part, whole = (explainer(model, data, node=node, cut=cut) for cut in (True, False))
            assert torch.allclose(part.edges(), whole.edges(), atol=1e-5)
            assert part.node_mask is not None and whole.node_mask is not None
            assert torch.allclose(part.node_mask, whole.node_mask, atol=1e-5)


def test_the_prediction_is_explained_unless_a_label_or_class_is_asked_for() -> None:
    data, model = random_graph(), gcn()
    with torch.no_grad():
        said = model(data).argmax(1)
    node = int((said != data.y).nonzero()[0])
    explainer = GNNExplainer(epochs=2)
    assert explainer(model, data, node=node).target == said[node]
    assert explainer(model, data, node=node, target="label").target == data.y[node]
    assert explainer(model, data, node=node, target=2).target == 2


def test_model_data_and_generators_stay_as_they_were() -> None:
    data, model = random_graph(), gcn().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    keys, state = set(data.to_dict()), torch.get_rng_state()
    first, again = (GNNExplainer(epochs=3)(model, data, node=1) for _ in range(2))
    assert torch.equal(first.edges(), again.edges())
    assert model.training and set(data.to_dict()) == keys
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_masks_of_both_directions_are_one() -> None:
    data = random_graph()
    mask = GNNExplainer(epochs=10)(gcn(), data, node=1).edges()
    dense = torch.zeros(14, 14).index_put((data.edge_index[0], data.edge_index[1]), mask)
    assert torch.allclose(dense, dense.T, atol=1e-6) and float(mask.max()) > 0


@pytest.mark.slow
def test_houses_are_found_in_ba_shapes() -> None:
    data = ba_shapes(0, nodes=60, houses=16, splits=1)
    model = GCN(10, 32, 3, block="plain", out_channels=4, dropout=0.0)
    result = tasks.fit(
        tasks.NodeClassification(metric="accuracy"), model, data, tasks.Training(epochs=400)
    )
    areas = []
    for node in range(60, 140, 10):
        own = data.edge_mask & (data.node_motif[data.edge_index[0]] == data.node_motif[node])
        areas.append(edge_auc(GNNExplainer()(result, data, node=node), own, hops=3))
    assert sum(areas) / len(areas) > 0.8


def test_pygs_explanation_comes_over_and_goes_back() -> None:
    data, model = karate(), gcn(width=34, classes=2)
    found = theirs(model, Theirs(epochs=3))(data.x, data.edge_index, index=5)
    own = Explanation.from_pyg(found)
    assert own.node == 5 and own.edge_mask is not None
    back = own.to_pyg()
    assert torch.equal(back.edge_mask, found.edge_mask) and int(back.index) == 5
    assert back.validate() and back.get_explanation_subgraph().num_edges < 156


def test_what_cannot_be_explained_is_refused_in_a_sentence() -> None:
    data, model = random_graph(), gcn()
    with pytest.raises(ValueError, match="numbered 0 to 13"):
        GNNExplainer()(model, data, node=14)
    with pytest.raises(ValueError, match="predicts nodes, but neither node nor pair was given"):
        GNNExplainer()(model, data)
    with pytest.raises(ValueError, match="a class from 0 to 2"):
        GNNExplainer()(model, data, node=1, target=3)
    with pytest.raises(ValueError, match="so nothing is masked"):
        GNNExplainer(edges=False, features=None)
    with pytest.raises(ValueError, match="epochs is 0"):
        GNNExplainer(epochs=0)
    from gnnlab.layers import ResNet

    resnet = ResNet(3, 4, 1, out_channels=2)
    with pytest.raises(ValueError, match=r"ResNet reads no data.edge_weight.*edges=False"):
        GNNExplainer()(resnet, data, node=1)
    features = GNNExplainer(edges=False, epochs=3)(resnet, data, node=1)
    assert features.edge_mask is None and features.node_mask is not None
