"""Graph prediction: one row a graph, trained in mini-batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from torch import nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_count
from gnnlab.core.settings import check_settings
from gnnlab.tasks.graph.readout import LEARNED, Pooling, check_root, make_readout
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics.own import Wanted as Metrics
from gnnlab.tasks.metrics.own import names_of
from gnnlab.tasks.shared.checks import MASKS
from gnnlab.tasks.shared.head import HEAD_BEFORE, Activation, Head
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.shared.many_graphs import ManyProblem, check_graphs, parts_of, split_graphs
from gnnlab.tasks.shared.model import Model, hidden_width, parameter_type
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.classes import Classes, Weights, checked_weights, warn_of_untrained
from gnnlab.tasks.targets.numbers import Loss
from gnnlab.tasks.targets.own_loss import OwnLoss, check_loss
from gnnlab.tasks.targets.target import Asked, Missing, Wanted
from gnnlab.tasks.targets.units import Units


@dataclass(frozen=True)
class GraphPrediction(ListedTask):
    """Predict one of C classes, T labels that are 0 or 1, or T numbers for every graph of a split.

    The states of a graph's nodes are pooled and mapped by a head; of an encoder that predicts by
    itself (``out_channels``) the predictions are pooled. An epoch passes over the training graphs
    in mini-batches, in an order drawn from the seed.

    Classes: two take one logit and the binary cross entropy, more take C logits and the cross
    entropy. Labels: the binary cross entropy over those that are known. Numbers: see ``loss``.

    Args:
        metric: what picks the epoch and is reported; ``auto`` is the metric that the set names
            (``Graphs.metric``), else ``accuracy`` for classes, ``average_precision`` for labels and
            ``mae`` for numbers, in whose units it is. A function of predictions and truth, a
            :class:`Metric` or an import path is one too. Of several the first picks.
        also: more metrics to measure; ``result.curve.others`` has them by epoch and
            ``result.others`` at the kept one.
        readout: how node states are pooled: ``mean``, ``sum`` or ``max``; ``attention``, a learned
            weighted sum; ``set2set``, what an LSTM asks for in three steps; ``sort``, the 30 rows
            largest in the last channel; ``root`` reads the node that ``data.root_index`` (1,) of
            each graph names.
        batch_size: graphs a step.
        kind: ``classes``, ``labels`` or ``regression``. ``auto`` takes one whole number a graph as
            a class and floating numbers as regression, and refuses to guess where all are 0 and 1.
        loss: of numbers, ``l1`` (the mean absolute error) or ``mse``; ``auto`` is ``l1``. Of any
            kind, a function of predictions and truth, or an import path of one.
        standardise: take the loss of numbers less their mean over the training graphs, divided by
            their standard deviation (ddof 0). The metric stays in the numbers' own units, and what
            the kept model says is in them too, in double precision: it holds mean and deviation.
        head_layers: Linear maps from the pooled states to what is predicted.
        head_dropout: probability, before each of them.
        head_activation: ``relu`` or ``gelu``, between them.
        head_drops_states: let ``head_dropout`` lie before the first of them too.
        head_narrows: let each but the last halve the width.
        missing: what becomes of numbers that are nan: ``refuse`` them, or ``ignore`` them in loss,
            metric and ``standardise``. Labels that are nan are always ignored.
        class_weights: what a graph of each class counts in the loss, a mean weighted so: C numbers,
            or True for the share of a batch's graphs that are of another class.

    Shapes:
        graphs with x (N, F), edge_index (2, E); y (1,) int64 for classes, (1, T) of 0, 1 and nan
        (unknown) for labels, (1, T) or (1,) for numbers; masks (G, S) of the set
        -> (G, C), (G, 1) or (G, T)

    Raises:
        ValueError: an unknown metric, kind, loss or readout, a batch size below 1, a head that is
            none.
    """

    listed = "graph"
    later = {
        **{"kind": "auto", "loss": "auto", "standardise": False},
        **{"missing": "refuse", "class_weights": False, "also": (), **HEAD_BEFORE},
    }
    unasked = ("accuracy", "average_precision", "mae")

    metric: Metrics = "auto"
    readout: Pooling = "mean"
    batch_size: int = 64
    kind: Wanted = "auto"
    loss: Loss | OwnLoss | str = "auto"
    standardise: bool = False
    head_layers: int = 1
    head_dropout: float = 0.0
    head_activation: Activation = "relu"
    head_drops_states: bool = True
    head_narrows: bool = False
    missing: Missing = "refuse"
    class_weights: bool | Sequence[float] = False
    also: Sequence[str] = ()

    @classmethod
    def fits(cls, data: Any) -> bool:
        return isinstance(data, Sequence) and ("y" in data[0] or "edge_label_index" not in data[0])

    def __post_init__(self) -> None:
        metric, also = names_of(self.metric, self.also)
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "also", also)
        for name in (metric, *also):
            metrics.check_name(name)
        check_loss(self.loss, get_args(Loss))
        # First what is told better here than by types, as is any array of numbers that serves.
        object.__setattr__(self, "class_weights", checked_weights(self.class_weights))
        check_settings(self)
        check_count("batch_size", self.batch_size)
        self._asked()
        self._head()

    def _asked(self) -> Asked:
        weights = cast(Weights, self.class_weights)
        metric, loss = cast(str, self.metric), cast(Loss, self.loss)
        return Asked(self.kind, metric, loss, self.standardise, weights, tuple(self.also))

    def _head(self) -> Head:
        return Head(
            self.head_layers,
            self.head_dropout,
            self.head_activation,
            self.head_drops_states,
            self.head_narrows,
        )

    def setup(self, data: Any, split: int) -> GraphProblem:
        """Check the graphs and return what to minimise and to measure on one of the splits.

        Raises:
            ValueError: one graph in place of many, what :func:`gnnlab.check` finds (with the number
                of the graph), no masks, a split that is not there, a y that is not of its kind, or
                a metric that is not defined on the split.
        """
        roots = check_root if self.readout == "root" else None
        found = check_graphs(data, "graph prediction", roots)
        kind = targets.kind_of(found, self.kind)
        y = targets.stacked(found, kind, self.missing)
        parts = split_graphs(data, split)
        target = targets.make(self._asked(), kind, y, parts[0], data)
        if isinstance(target, Classes):
            warn_of_untrained(y[parts[0]], target.classes, split, "graph")
        for name, part in zip(MASKS[1:], parts[1:], strict=True):
            targets.check_part(target, y[part], name, split, "graph")
        batches = parts_of(data, parts, self.batch_size)
        return GraphProblem(batches, target, self.readout, self._head())


@dataclass(frozen=True, eq=False)
class GraphProblem(ManyProblem):
    """Graph prediction on one split: the loss and the numbers."""

    readout: Pooling
    head: Head = Head()

    def model(self, encoder: nn.Module) -> Model:
        """Put a readout and a head on the encoder, or refuse one that does not fit."""
        self.check_encoder(encoder, ("node", "graph"), "graph prediction")
        outputs, target = self.target.outputs(encoder, "dataset"), self.target
        return pooled_model(encoder, outputs, self.readout, self.head, target.units)


def pooled_model(
    encoder: nn.Module,
    outputs: int,
    pooling: Pooling,
    head: Head | None = None,
    units: Units | None = None,
) -> Model:
    """Put a readout, unless the encoder reads out by itself, and a head on it.

    Raises:
        ValueError: an encoder that predicts by itself under a readout of states.
    """
    if declared(encoder).level == "graph":
        return Model(encoder, outputs, head=head, units=units)
    predicts = declared(encoder).out_channels is not None
    if predicts and pooling in LEARNED:
        raise ValueError(
            f"{type(encoder).__name__} predicts by itself, and readout {pooling!r} pools states: "
            "take mean, sum or max, or build the encoder without out_channels"
        )
    width = outputs if predicts else hidden_width(encoder)
    readout = make_readout(pooling, width, parameter_type(encoder))
    return Model(encoder, outputs, readout, head, units)
