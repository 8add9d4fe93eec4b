"""Tasks of every kind on small data, and encoders of every kind, for what all must have in common.

Each case says how its kept model is asked about the test part, and what truth it is held against.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from link_graphs import blocks
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import layers
from gnnlab.contracts.foreign import declared
from gnnlab.datasets import Graphs, Masks
from gnnlab.tasks import GraphPrediction, LinkPrediction, LinkSplit, NodeClassification
from gnnlab.tasks.metrics import links as link_metrics
from gnnlab.tasks.metrics.by_name import find


@dataclass(frozen=True)
class Case:
    """A task on data of some features, its outputs a row, and how a user asks for the score."""

    task: Any
    data: Any
    score: Callable[[Any, Any, str], float]
    outputs: int | None = None
    level: str = "node"

    @property
    def features(self) -> int:
        return int(self.data.num_features)

    def encoders(self) -> dict[str, nn.Module]:
        """One that passes messages, one with a transform, one that predicts, one of graphs."""
        f = self.features
        found: dict[str, nn.Module] = {
            "gcn": layers.GCN(f, 8, 2),
            "drew": layers.DRew(f, 8, 2),
        }
        if self.outputs is not None:
            found["predicts"] = layers.JKNet(f, 8, 2, out_channels=self.outputs)
        if self.level == "graph":
            found["subgraph"] = layers.SubgraphGNN(f, 8, 2)
        return found


def drawn(nodes: int, seed: int) -> Data:
    """A random undirected graph with four features."""
    g = torch.Generator().manual_seed(seed)
    pairs = torch.triu(torch.rand(nodes, nodes, generator=g) < 0.35, 1).nonzero().T
    edges = torch.cat([pairs, pairs.flip(0)], dim=1)
    return Data(x=torch.randn(nodes, 4, generator=g), edge_index=edges)


def one_graph(classes: int = 3) -> Data:
    data = drawn(60, 0)
    data.y = data.x[:, :classes].argmax(1)
    part = torch.arange(60) % 3
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    return data


def many(target: Callable[[Data, int], dict[str, Tensor]], classes: int = 0) -> Graphs:
    graphs = [drawn(7 + i % 4, i) for i in range(30)]
    for i, data in enumerate(graphs):
        data.update(target(data, i))
    part = torch.arange(30) % 3
    return Graphs(tuple(graphs), Masks(part == 0, part == 1, part == 2), classes, "drawn")


def prepared(model: Any, data: Data) -> Data:
    """The graph as the model's encoder wants it."""
    return declared(model.encoder).transform(copy(data))


def of_nodes(model: Any, data: Data, metric: str) -> float:
    said = model(prepared(model, data))[data.test_mask]
    return find(metric, "classes")(said, data.y[data.test_mask])


def of_graphs(model: Any, data: Graphs, metric: str) -> float:
    rows = data.test_mask[:, 0].nonzero().flatten().tolist()
    batch = Batch.from_data_list([prepared(model, data[i]) for i in rows])
    kind: Any = "classes"
    if batch.y.is_floating_point():
        kind = "labels" if metric == "average_precision" else "regression"
    y = batch.y.reshape(len(rows), -1) if kind != "classes" else batch.y
    return find(metric, kind)(model(batch), y)


def of_links(model: Any, data: Data, metric: str) -> float:
    split, graph = data.link_split, prepared(model, data)
    positive, negative = (model(graph, p) for p in (split.test_positive, split.test_negative))
    return link_metrics.find(metric)(positive, negative)


def of_pairs(model: Any, data: Graphs, metric: str) -> float:
    """The filtered mean reciprocal rank, by its definition."""
    assert metric == "filtered_mrr"
    means = []
    for i in data.test_mask[:, 0].nonzero().flatten().tolist():
        graph = prepared(model, data[i])
        true = graph.edge_label_index[:, graph.edge_label == 1]
        places = []
        for u, v in true.T.tolist():
            partners = true[1, true[0] == u].tolist()
            rivals = [w for w in range(graph.num_nodes) if w not in partners]
            ends = torch.tensor([[u] * (len(rivals) + 1), [v, *rivals]])
            own, *others = model(graph, ends).tolist()
            level = sum(other == own for other in others)
            places.append(1 + sum(other > own for other in others) + level / 2)
        means.append(sum(1 / place for place in places) / len(places))
    return sum(means) / len(means)


def contacts(data: Data, number: int) -> dict[str, Tensor]:
    pairs = torch.combinations(torch.arange(5)).T
    return {"edge_label_index": pairs, "edge_label": (torch.arange(10) % 3 == 0).long()}


def linked() -> Data:
    data = blocks()
    return LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)


def classes_of(data: Data, number: int) -> dict[str, Tensor]:
    return {"y": data.x.sum(0)[:3].argmax()[None]}


def nodes_of(data: Data, number: int) -> dict[str, Tensor]:
    return {"y": data.x[:, :3].argmax(1)}


def number_of(data: Data, number: int) -> dict[str, Tensor]:
    return {"y": (1e4 + 30 * data.x.sum())[None]}


def labels_of(data: Data, number: int) -> dict[str, Tensor]:
    return {"y": (data.x.sum(0)[None, :3] > 0).float()}


def numbers_of(data: Data, number: int) -> dict[str, Tensor]:
    return {"y": torch.stack([1e4 + 30 * data.x.sum(), data.x.std()])[None]}


def cases() -> dict[str, Case]:
    """Every task, with those of its settings that change what the model says."""
    one, weights = one_graph(), [1.0, 5.0, 2.0]
    classes, nodes = many(classes_of, 3), many(nodes_of, 3)
    number, several = many(number_of), many(numbers_of)
    standard = {"standardise": True, "batch_size": 4}
    return {
        "nodes of one graph": Case(NodeClassification(class_weights=weights), one, of_nodes, 3),
        "two classes of nodes": Case(NodeClassification(), one_graph(2), of_nodes, 1),
        "a deep head": Case(NodeClassification(head_layers=2, head_dropout=0.5), one, of_nodes),
        "nodes of many graphs": Case(NodeClassification(batch_size=3), nodes, of_graphs, 3),
        "classes": Case(
            GraphPrediction(batch_size=4, class_weights=True), classes, of_graphs, 3, "graph"
        ),
        "set2set": Case(GraphPrediction(readout="set2set"), classes, of_graphs),
        "labels": Case(GraphPrediction(kind="labels"), many(labels_of), of_graphs, 3, "graph"),
        "a number": Case(GraphPrediction(metric="rmse"), number, of_graphs, 1, "graph"),
        "standardised": Case(GraphPrediction(**standard), number, of_graphs, 1, "graph"),
        "standardised, several": Case(
            GraphPrediction(metric="rmse", loss="mse", **standard), several, of_graphs, 2, "graph"
        ),
        "links of one graph": Case(LinkPrediction(batch_size=40), linked(), of_links),
        "links of many graphs": Case(LinkPrediction(batch_size=3), many(contacts), of_pairs),
    }
