"""Node prediction: numbers or several labels of every node, in one graph or in many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from gnnlab.contracts.data import check
from gnnlab.core.arguments import check_count
from gnnlab.core.settings import check_settings
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.node.many_graphs import NodesProblem
from gnnlab.tasks.node.one_graph import NodeProblem
from gnnlab.tasks.shared.checks import MASKS, rows
from gnnlab.tasks.shared.head import Activation, Head
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.shared.many_graphs import check_graphs, parts_of, split_graphs
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.node_rows import check_known, check_rows, kind_of_nodes, rows_of
from gnnlab.tasks.targets.numbers import Loss
from gnnlab.tasks.targets.target import Asked, Missing, Target

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs

WHAT = "node prediction"


@dataclass(frozen=True)
class NodePrediction(ListedTask):
    """Predict T numbers, or T labels that are 0 or 1, for every node of a split.

    For one class a node see :class:`gnnlab.tasks.NodeClassification`. In one graph the masks part
    the nodes, and an epoch is one step on the whole graph; in many they part the graphs, and an
    epoch passes over the training graphs in mini-batches, in an order drawn from the seed.

    Labels: one logit each, and the binary cross entropy over those that are known. Numbers: see
    ``loss``. Targets are unknown where they are nan.

    Args:
        metric: what picks the epoch and is reported; ``auto`` is the metric that a set of graphs
            names (``Graphs.metric``), else ``average_precision`` for labels and ``mae`` for
            numbers, in whose units it is.
        kind: ``labels`` or ``regression``. ``auto`` takes floating numbers as regression, and
            refuses to guess where all are 0, 1 and nan.
        loss: of numbers, ``l1`` (the mean absolute error) or ``mse``; ``auto`` is ``l1``.
        standardise: take the loss of numbers less their mean over the training nodes, divided by
            their standard deviation (ddof 0). The metric stays in the numbers' own units, and what
            the kept model says is in them too.
        missing: what becomes of numbers that are nan where another target of the node is known:
            ``refuse`` them, or ``ignore`` them in loss, metric and ``standardise``. Labels that are
            nan are always ignored.
        batch_size: graphs a step, of many.
        head_layers: Linear maps from the states to what is predicted.
        head_dropout: probability, before each of them.
        head_activation: ``relu`` or ``gelu``, between them.
        head_drops_states: let ``head_dropout`` lie before the first of them too.
        head_narrows: let each but the last halve the width.

    Shapes:
        x (N, F), edge_index (2, E), y (N,) or (N, T) floating, masks (N, S) or (N,), or (G, S) of
        a set of graphs -> (N, T)

    Raises:
        ValueError: an unknown metric, kind or loss, a batch size below 1, a head that is none.

    Example:
        >>> from gnnlab import datasets, layers, tasks
        >>> club = datasets.load("karate")
        >>> club.y, club.classes = club.x.sum(1) + torch.arange(34) / 10, None
        >>> club = datasets.split(club, "random")
        >>> task, training = NodePrediction(standardise=True), tasks.Training(epochs=2)
        >>> tasks.fit(task, layers.GCN(34, 8, 1), club, training).metric
        'mae'
    """

    listed = "node_prediction"
    unasked = ("average_precision", "mae")

    metric: str = "auto"
    kind: Literal["auto", "labels", "regression"] = "auto"
    loss: Loss = "auto"
    standardise: bool = False
    missing: Missing = "refuse"
    batch_size: int = 64
    head_layers: int = 1
    head_dropout: float = 0.0
    head_activation: Activation = "relu"
    head_drops_states: bool = True
    head_narrows: bool = False

    @classmethod
    def fits(cls, data: Any) -> bool:
        graphs = data if isinstance(data, Sequence) else [data]
        return all(_has_rows(graph) for graph in graphs)

    def __post_init__(self) -> None:
        metrics.check_name(self.metric)
        check_settings(self)
        check_count("batch_size", self.batch_size)
        self._asked()
        self._head()

    def _asked(self) -> Asked:
        return Asked(self.kind, self.metric, self.loss, self.standardise)

    def _head(self) -> Head:
        return Head(
            self.head_layers,
            self.head_dropout,
            self.head_activation,
            self.head_drops_states,
            self.head_narrows,
        )

    def setup(self, data: Data | Graphs, split: int) -> NodeProblem | NodesProblem:
        """Check the data and return what to minimise and to measure on one of its splits.

        Raises:
            ValueError: what :func:`gnnlab.check` finds, no masks, a split that is not there, a y
                that is not of its kind, or a metric that is not defined on the split.
        """
        return (
            self._of_many(data, split) if isinstance(data, Sequence) else self._of_one(data, split)
        )

    def _of_one(self, data: Data, split: int) -> NodeProblem:
        check(data)
        parts = [rows(data, name, split) for name in MASKS]
        check_rows(data)
        kind = kind_of_nodes([data.y], self.kind)
        y = rows_of(data.y, kind)
        train, valid, test = parts
        target = self._target(kind, y, train, data, split, parts)
        return NodeProblem(data, y, train, valid, test, target, self._head(), WHAT)

    def _of_many(self, data: Any, split: int) -> NodesProblem:
        found = check_graphs(data, f"{WHAT} over many graphs", check_rows)
        kind = kind_of_nodes(found, self.kind)
        parts = split_graphs(data, split)
        sizes = torch.tensor([len(y) for y in found])
        starts = sizes.cumsum(0) - sizes
        nodes = [
            torch.cat([starts[g] + torch.arange(int(sizes[g])) for g in part.tolist()])
            for part in parts
        ]
        y = torch.cat([rows_of(own, kind) for own in found])
        target = self._target(kind, y, nodes[0], data, split, nodes)
        return NodesProblem(parts_of(data, parts, self.batch_size), target, self._head())

    def _target(
        self, kind: Any, y: Tensor, train: Tensor, data: Any, split: int, parts: Sequence[Tensor]
    ) -> Target:
        """The target, after its parts were looked at."""
        if kind == "regression":
            for name, part in zip(MASKS, parts, strict=True):
                check_known(y[part], part, name, split, self.missing)
        target = targets.make(self._asked(), kind, y, train, data)
        for name, part in zip(MASKS[1:], parts[1:], strict=True):
            target.check(y[part], name, split, "node")
        return target


def _has_rows(graph: Any) -> bool:
    y = getattr(graph, "y", None)
    if not isinstance(y, Tensor) or not y.is_floating_point() or y.dim() not in (1, 2):
        return False
    nodes = graph.num_nodes
    return y.shape[0] == nodes and (nodes > 1 or y.dim() == 1)
