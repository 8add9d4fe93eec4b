"""Node classification over many graphs: trained on some graphs, tested on others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.targets import told_classes
from gnnlab.tasks.metrics.by_name import metric_of
from gnnlab.tasks.shared.checks import MASKS
from gnnlab.tasks.shared.head import Head
from gnnlab.tasks.shared.many_graphs import ManyProblem, check_graphs, parts_of, split_graphs
from gnnlab.tasks.shared.model import Model, predictor
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.classes import (
    Classes,
    counted_classes,
    usual_metric,
    warn_of_untrained,
)

MakeTarget = Callable[[int, str], Classes]
"""The target of so many classes, with the metric that is taken where none is named."""


def setup(
    data: Any, split: int, batch_size: int, head: Head, make_target: MakeTarget
) -> NodesProblem:
    """Check the graphs and return what to minimise and to measure on one of the splits.

    Shapes:
        graphs with x (N, F), edge_index (2, E), y (N,) int64, -1 where unknown; masks (G, S) of
        the set

    Raises:
        ValueError: what :func:`gnnlab.check` finds (with the number of the graph), no masks, a
            split that is not there, labels that are no classes of the nodes, or a metric that is
            not defined on the split.
    """
    labels = check_graphs(data, "node prediction over many graphs", _check_labels)
    parts = split_graphs(data, split)
    target = classes_of(data, labels, make_target)
    for name, part in zip(MASKS, parts, strict=True):
        for number in part.tolist():
            if bool((labels[number] < 0).all()):
                raise ValueError(
                    f"data.{name} selects graph {number} in split {split}, but no node of it has a "
                    "label: take it out of the masks"
                )
        y = torch.cat([labels[number] for number in part.tolist()])
        y = y[y >= 0]
        if name == MASKS[0]:
            warn_of_untrained(y, target.classes, split, "node")
        else:
            targets.check_part(target, y, name, split, "node")
    return NodesProblem(parts_of(data, parts, batch_size), target, head)


def classes_of(data: Any, labels: list[Tensor], make_target: MakeTarget) -> Classes:
    """Count the classes, and take the metric that the set is judged by where none is named."""
    y = torch.cat(labels)
    classes = counted_classes(y[y >= 0], told_classes(data), "node")
    usual = metric_of(data, "classes") or usual_metric(classes)
    return make_target(classes, usual)


@dataclass(frozen=True, eq=False)
class NodesProblem(ManyProblem):
    """Prediction of nodes on one split of many graphs: the loss and the numbers.

    The loss of a batch is the mean over its nodes, and a score is one over all nodes of a part,
    whichever graph they are in.
    """

    head: Head

    def predictor(self, encoder: nn.Module, keep: bool = False) -> nn.Module:
        """Return the encoder, told how many logits there are if it predicts by itself."""
        return predictor(encoder, self.target.outputs(encoder, "dataset"), keep)

    def model(self, encoder: nn.Module) -> Model:
        """Put a head on the encoder unless it predicts by itself, or refuse one that cannot fit."""
        self.check_encoder(encoder, ("node",), "node prediction over many graphs")
        outputs = self.target.outputs(encoder, "dataset")
        return Model(encoder, outputs, head=self.head, units=self.target.units)

    def known(self, predictions: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Take the nodes that have a label, or some number."""
        known = ~y.isnan().reshape(len(y), -1).all(1) if y.is_floating_point() else y >= 0
        if bool(known.all()):
            return predictions, y
        return predictions[known], y[known]


def has_node_labels(data: Any) -> bool:
    """Whether every graph of a set has a label for each of its nodes."""
    return all(
        isinstance(getattr(graph, "y", None), Tensor) and graph.y.shape == (graph.num_nodes,)
        for graph in data
    )


def _check_labels(graph: Any) -> None:
    y = getattr(graph, "y", None)
    if isinstance(y, Tensor) and y.shape == (graph.num_nodes,) and y.dtype == torch.int64:
        if int(y.min()) >= -1:
            return
        raise ValueError(f"data.y holds {int(y.min())}, but labels run from 0, -1 for unknown")
    told = f"{tuple(y.shape)} of {y.dtype}" if isinstance(y, Tensor) else repr(y)
    raise ValueError(
        f"data.y is {told}, but every node has its class here: give int64 ({graph.num_nodes},), or "
        "predict graphs with GraphPrediction()"
    )
