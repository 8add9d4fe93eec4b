"""Node classification on one graph: the task, its loss and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check, check_node_classes
from gnnlab.contracts.foreign import declared
from gnnlab.contracts.targets import told_classes
from gnnlab.core.arguments import check_count, shown
from gnnlab.core.settings import check_settings
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics.own import Wanted as Metrics
from gnnlab.tasks.metrics.own import names_of
from gnnlab.tasks.node import many_graphs as inductive
from gnnlab.tasks.node.many_graphs import NodesProblem
from gnnlab.tasks.shared.checks import MASKS, check_features, rows
from gnnlab.tasks.shared.head import HEAD_BEFORE, Activation, Head
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.shared.model import Model, predictor
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.classes import (
    Classes,
    Weights,
    checked_weights,
    counted_classes,
    usual_metric,
    warn_of_untrained,
)
from gnnlab.tasks.targets.own_loss import OwnLoss, check_loss, own_loss_of
from gnnlab.tasks.targets.target import Target
from gnnlab.tasks.training.threads import Step, step_of

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs


@dataclass(frozen=True)
class NodeClassification(ListedTask):
    """Predict one of C classes for every node of a split, in one graph or in many.

    In one graph the masks part the nodes; an epoch is one step on the whole graph. In many they
    part the graphs, all of whose nodes are learnt from or judged; an epoch passes over the training
    graphs in mini-batches, in an order drawn from the seed.

    Two classes take one logit and the binary cross entropy, more take C logits and the cross
    entropy. An encoder that predicts two classes with two logits by itself is taken as it is.

    Args:
        metric: what picks the epoch and is reported; ``auto`` is the metric that a set of graphs
            names (``Graphs.metric``), else ``roc_auc`` for two classes and ``accuracy`` for more.
            With more than two classes ``f1``, ``roc_auc`` and ``average_precision`` are means over
            the classes; ``macro_f1`` is one always. A function of predictions and truth, a
            :class:`Metric` or an import path is a metric too. Of several the first picks.
        batch_size: graphs a step, of many.
        class_weights: what a node of each class counts in the loss, a mean weighted so: C numbers,
            or True for the share of a batch's nodes that are of another class, so that rare classes
            count as much as common ones.
        head_layers: Linear maps from the states to what is predicted.
        head_dropout: probability, before each of them.
        head_activation: ``relu`` or ``gelu``, between them.
        head_drops_states: let ``head_dropout`` lie before the first of them too.
        head_narrows: let each but the last halve the width.
        also: more metrics to measure; ``result.curve.others`` has them by epoch and
            ``result.others`` at the kept one.
        loss: in the place of the cross entropy, a function of logits (n, 1) or (n, C) and classes
            (n,) int64 that gives a scalar, or an import path of one.

    Shapes:
        x (N, F), edge_index (2, E), y (N,), masks (N, S) or (N,), or (G, S) of a set of graphs
        -> logits (N, C) or (N, 1)
    """

    listed = "node"
    later = {
        **{"batch_size": 64, "class_weights": False, "also": (), "loss": "auto"},
        **HEAD_BEFORE,
    }
    unasked = ("accuracy",)

    metric: Metrics = "auto"
    batch_size: int = 64
    class_weights: bool | Sequence[float] = False
    head_layers: int = 1
    head_dropout: float = 0.0
    head_activation: Activation = "relu"
    head_drops_states: bool = True
    head_narrows: bool = False
    also: Sequence[str] = ()
    loss: Literal["auto"] | OwnLoss | str = "auto"

    @classmethod
    def fits(cls, data: Any) -> bool:
        if isinstance(data, Sequence):
            return inductive.has_node_labels(data)
        return not ("y" in data and data.y.is_floating_point())

    def __post_init__(self) -> None:
        metric, also = names_of(self.metric, self.also)
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "also", also)
        for name in (metric, *also):
            metrics.check_name(name, "classes")
        check_loss(self.loss, ("auto",))
        # First what is told better here than by types, as is any array of numbers that serves.
        object.__setattr__(self, "class_weights", checked_weights(self.class_weights))
        check_settings(self)
        check_count("batch_size", self.batch_size)
        self._head()

    @property
    def _weights(self) -> Weights:
        return cast(Weights, self.class_weights)

    def _target(self, classes: int, usual: str) -> Classes:
        metric, own = cast(str, self.metric), own_loss_of(self.loss)
        return Classes(classes, metric, usual, self._weights, tuple(self.also), own)

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
            ValueError: what :func:`gnnlab.check` finds, no masks, a split that is not there, fewer
                than two classes, or a metric that is not defined on the split.
        """
        if isinstance(data, Sequence):
            return inductive.setup(data, split, self.batch_size, self._head(), self._target)
        check(data)
        train, valid, test = (rows(data, name, split) for name in MASKS)
        check_node_classes(data)
        labels = data.y.long()
        classes = counted_classes(labels[labels >= 0], told_classes(data), "node")
        target = self._target(classes, usual_metric(classes))
        warn_of_untrained(labels[train], classes, split, "node")
        for name, part in (("val_mask", valid), ("test_mask", test)):
            targets.check_part(target, labels[part], name, split, "node")
        return NodeProblem(data, labels, train, valid, test, target, self._head())


@dataclass(frozen=True)
class NodeProblem:
    """Prediction of nodes on one split of one graph: the loss and the numbers.

    Shapes:
        labels (N,) of classes, or (N, T); train, valid, test (n,) node numbers
    """

    data: Data
    labels: Tensor
    train: Tensor
    valid: Tensor
    test: Tensor
    target: Target
    head: Head = Head()
    what: str = "node classification"
    held_out: Tensor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "held_out", torch.cat([self.valid, self.test]))

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.target.metric

    @property
    def step(self) -> Step:
        """How large a step is: the whole graph."""
        return step_of([self.data])

    def predictor(self, encoder: nn.Module, keep: bool = False) -> nn.Module:
        """Return the encoder, told how many logits there are if it predicts by itself."""
        return predictor(encoder, self.target.outputs(encoder, "graph"), keep)

    def model(self, encoder: nn.Module) -> Model:
        """Put a head on the encoder unless it predicts by itself, or refuse one that cannot fit."""
        level = declared(encoder).level
        if level != "node":
            raise ValueError(
                f"{type(encoder).__name__}.level is {shown(level)}, but {self.what} needs one row "
                "a node: take an encoder of level 'node'"
            )
        check_features(encoder, self.data.x)
        outputs = self.target.outputs(encoder, "graph")
        return Model(encoder, outputs, head=self.head, units=self.target.units)

    def batches(self) -> tuple[Data]:
        """Give the whole graph as the one batch."""
        return (self.data,)

    def loss(self, model: Model, batch: Data) -> Tensor:
        """Return the mean loss on the training nodes, and what the encoder adds to it."""
        logits, own = model.with_loss(batch)
        # Rows are taken after the head: fewer columns to copy than in the hidden states.
        loss = self.target.loss(logits.index_select(0, self.train), self.labels[self.train])
        return loss if own is None else loss + own

    def evaluate(self, model: Model) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test`` from one forward pass."""
        logits = model.predictions(self.data).index_select(0, self.held_out)
        valid, test = torch.split(logits, [len(self.valid), len(self.test)])
        return targets.evaluate(
            self.target, (valid, self.labels[self.valid]), (test, self.labels[self.test])
        )

    def to(self, device: torch.device) -> NodeProblem:
        """Return the same problem on another device; this one stays where it is."""
        return NodeProblem(
            copy(self.data).to(device),  # a PyG Data moves in place: the copy is what moves
            self.labels.to(device),
            self.train.to(device),
            self.valid.to(device),
            self.test.to(device),
            self.target.to(device),
            self.head,
            self.what,
        )
