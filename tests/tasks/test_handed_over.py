"""What people hand to a task and to a trained model: it works, or one sentence says what would."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import networkx
import pytest
import torch
from learnable import graph, numbers, run
from link_problems import gcn
from link_problems import graph as links
from target_graphs import collection, part
from torch import Tensor, nn
from torch_geometric.data import Data, HeteroData
from torch_geometric.nn import GCNConv, models

import gnnlab
from gnnlab import datasets, layers, rewiring, tasks
from gnnlab.contracts.foreign import declared
from gnnlab.tasks import GraphPrediction, LinkPrediction, LinkSplit, NodeClassification, Training

SHORT = Training(epochs=2)


def classes() -> datasets.Graphs:
    return collection(torch.arange(20)[:, None] % 2)


def trained(task: Any, data: Any, encoder: Any = None) -> tasks.Result:
    encoder = encoder or layers.GIN(1, 8, 2, dropout=0.0)
    return tasks.fit(task, encoder, data, SHORT)


@pytest.mark.parametrize("readout", ["mean", "set2set"])
def test_a_model_reads_one_graph_some_or_all(readout: Any) -> None:
    data = classes()
    model = trained(GraphPrediction(readout=readout), data).model
    assert model is not None
    whole = model(part(data, torch.ones(20, 1, dtype=torch.bool)))
    torch.testing.assert_close(model(data), whole)
    torch.testing.assert_close(model(list(data)[:3]), whole[:3])
    torch.testing.assert_close(model(data[4]), whole[4:5])


@pytest.mark.parametrize("handed", [torch.ones(3, 1), [], "graph", [torch.ones(2, 1)]])
def test_a_model_refuses_what_is_no_graph(handed: Any) -> None:
    model = trained(GraphPrediction(), classes()).model
    with pytest.raises(ValueError, match="the model was called with .* but it reads a graph"):
        model(handed)  # type: ignore[misc]


def test_pairs_of_a_link_model_are_columns() -> None:
    data = links()
    model = trained(LinkPrediction(), data, gcn()).model
    assert model is not None and model(data, torch.tensor([[0, 1], [2, 3]])).shape == (2,)
    with pytest.raises(ValueError, match=r"pairs is \(3, 2\), .*: transpose it"):
        model(data, torch.zeros(3, 2).long())
    with pytest.raises(ValueError, match="pairs is a list, .* with torch.as_tensor"):
        model(data, [[0], [1]])


class AsPyG(nn.Module):
    """The same model, called with the graph."""

    def __init__(self, model: Any, hidden: int | None, out: int | None) -> None:
        super().__init__()
        self.model, self.hidden_channels, self.out_channels = model, hidden, out

    def forward(self, data: Any) -> Tensor:
        out: Tensor = self.model(data.x, data.edge_index, data.edge_weight)
        return out


@pytest.mark.parametrize(
    ("make", "out"),
    [
        (lambda: models.GCN(3, 8, 2, dropout=0.3), None),
        (lambda: models.GCN(3, 8, 2, out_channels=3, dropout=0.3), 3),
        (lambda: models.GCN(3, 3, 2, out_channels=3), 3),
        (lambda: models.GCN(3, 3, 2), None),
        (lambda: models.GCN(3, 8, 2, jk="cat"), None),
        (lambda: GCNConv(3, 3), 3),
    ],
)
def test_models_of_pyg_train_as_they_are(make: Callable[[], Any], out: int | None) -> None:
    """By their forward's names, from the seed, with a head where they return states."""
    torch.manual_seed(1)
    data, model = graph(), make()
    data.edge_weight = torch.rand(data.num_edges) + 0.1
    before = [p.clone() for p in model.parameters()]
    found = run(data=data, encoder=model)
    expected = run(data=data, encoder=AsPyG(model, declared(model).hidden_channels, out))
    assert numbers(found) == numbers(expected) == numbers(run(data=data, encoder=lambda: make()))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert found.model is not None
    again = pickle.loads(pickle.dumps(found.model))
    assert torch.equal(again(data), found.model(data))


def test_models_of_pyg_read_batches_and_links() -> None:
    assert trained(GraphPrediction(), classes(), models.GAT(1, 8, 2)).metric == "accuracy"
    assert trained(LinkPrediction(), links(), models.GraphSAGE(3, 8, 2)).test > 0


class Positioned(nn.Module):
    hidden_channels = 3

    def forward(self, x: Tensor, pos: Tensor) -> Tensor:
        return x + pos


class Both(Positioned):
    def forward(self, x: Tensor, edge_index: Tensor) -> Any:  # type: ignore[override]
        return x, edge_index


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (Positioned(), "Positioned.forward asks for pos, but the graph has no such key"),
        (Both(), "Both returned a tuple, but an encoder returns one tensor"),
        (nn.Linear(3, 3), "Linear.forward asks for input, but an encoder takes data, or x"),
        (nn.Bilinear(3, 3, 3), "Bilinear.forward asks for input1, input2, but an encoder"),
        (layers.GCN, r"the class GCN, which cannot be built without in_channels, hidden_ch"),
    ],
)
def test_modules_that_are_no_encoders_are_refused(encoder: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(encoder=encoder)


def test_a_head_that_is_built_is_copied_and_drawn_anew() -> None:
    data, head = links(), tasks.NCN(8, 16)
    before = [p.clone() for p in head.parameters()]
    found = trained(LinkPrediction(head=head), data, gcn())
    named = trained(LinkPrediction(head=lambda width: tasks.NCN(width, 16)), data, gcn())
    assert found.parameters == named.parameters
    assert found.curve == trained(LinkPrediction(head=head), data, gcn()).curve
    assert all(torch.equal(a, b) for a, b in zip(before, head.parameters(), strict=True))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (nn.Linear(8, 1), r"Linear cannot score pairs \(.*\): a head's forward takes the states h"),
        (tasks.NCN(9), "NCN.in_channels is 9, but the encoder's states are 8 wide"),
        (3, "head is 3, but it is a name such as 'dot', a table .* a head such as tasks.NCN"),
    ],
)
def test_what_is_no_head_is_refused(head: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained(LinkPrediction(head=head), links(), gcn())


@pytest.mark.parametrize("metric", [[], [3], None, 3, torch.ones(9, 2)])
@pytest.mark.parametrize("task", [NodeClassification, GraphPrediction, LinkPrediction])
def test_a_metric_is_a_name_or_a_function(task: Any, metric: Any) -> None:
    with pytest.raises(ValueError, match="metric is .* a function, a Metric, or the name of one"):
        task(metric=metric)


def typed() -> HeteroData:
    data = HeteroData()
    data["user"].x = data["item"].x = torch.ones(3, 2)
    data["user", "buys", "item"].edge_index = torch.tensor([[0, 1], [1, 2]])
    return data


@pytest.mark.parametrize(
    "call",
    [
        gnnlab.check,
        lambda data: trained(NodeClassification(), data),
        lambda data: trained(LinkPrediction(), data, gcn()),
        lambda data: LinkSplit.random(data, 0.1, 0.2, seed=0),
        rewiring.FoSR(1),
    ],
)
def test_a_graph_of_several_types_is_told_how_to_become_one(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"a HeteroData was given, .*data.to_homogeneous\(\)"):
        call(typed())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: trained(NodeClassification(), networkx.path_graph(3)),
            "a Graph was given, .*utils.from_networkx",
        ),
        (lambda: run(task=gcn()), "task is a GCN, but a task is needed"),
        (
            lambda: trained(NodeClassification(), gcn()),
            "data is a GCN, a module: fit takes the task, the encoder",
        ),
        (
            lambda: trained(GraphPrediction(), list(classes())),
            r"a list of 20 graphs .* put a list .* back with the_set.with_graphs\(list\)",
        ),
        (lambda: rewiring.FoSR(1)(classes()), r"a Graphs was given, .*rewiring.apply\(method"),
        (
            lambda: trained(LinkPrediction(), links().link_split, gcn()),
            r"a LinkSplit was given, .* split.graph\(data\)",
        ),
        (
            lambda: datasets.Graphs(tuple(classes()), None, 2, "mine"),  # type: ignore[arg-type]
            r"masks is None, but mine needs gnnlab.datasets.Masks\(train, val, test\)",
        ),
        (lambda: datasets.load(None), "None was given, but sets"),  # type: ignore[arg-type]
        (lambda: datasets.cite(graph()), "a Data was given, but sets"),  # type: ignore[arg-type]
    ],
)
def test_what_stands_in_the_wrong_place_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def changed(**values: Any) -> Data:
    data = graph()
    for key, value in values.items():
        data[key] = value
    return data


N, E = graph().num_nodes, graph().num_edges


@pytest.mark.parametrize(
    ("values", "way"),
    [
        ({"edge_index": graph().edge_index.numpy()}, "not a ndarray: make it a tensor, with torch"),
        ({"edge_index": graph().edge_index.tolist()}, "not a list: make it a tensor"),
        ({"edge_index": torch.eye(N).long()}, r"an adjacency matrix becomes it with .*nonzero"),
        ({"edge_index": torch.tensor([])}, r"torch.empty\(2, 0, dtype=torch.int64\)"),
        ({"edge_index": graph().edge_index % N + 1}, "subtract 1 if the numbers begin with 1"),
        ({"x": torch.ones(N)}, r"reshape it, \(N,\) with .view\(-1, 1\)"),
        ({"y": graph().y.numpy()}, "not a ndarray: make it a tensor"),
        ({"y": torch.linspace(0, 1, N)}, "real numbers are predicted of nodes with NodePrediction"),
        ({"y": graph().y.float()}, r"convert them with .long\(\)"),
        ({"y": torch.eye(3)[graph().y]}, r"take data.y.argmax\(1\)"),
        ({"y": torch.ones(N, 4)}, "keep one column"),
        ({"train_mask": torch.arange(9)}, "torch_geometric.utils.index_to_mask"),
        ({"train_mask": [1, 2]}, "not a list: make it a tensor"),
        ({"edge_weight": torch.ones(E, 1)}, rf"use .view\({E}\)"),
        ({"edge_weight": torch.ones(E, 2)}, "use edge_attr for several numbers an edge"),
        ({"edge_weight": torch.ones(E).long()}, r"use .float\(\)"),
        ({"edge_weight": [1.0]}, "not a list: make it a tensor"),
    ],
)
def test_the_way_out_fits_the_value(values: dict[str, Any], way: str) -> None:
    with pytest.raises(ValueError, match=way):
        run(data=changed(**values))
