"""Graph prediction: one row a graph, trained in mini-batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from torch import nn

from gnnlab.arguments import check_choice, check_count

from . import targets
from .classification import warn_of_untrained
from .head import Activation, Head
from .inputs import MASKS
from .many import ManyProblem, check_graphs, parts_of, split_graphs
from .metrics import Metric
from .model import Model, hidden_width, parameter_type
from .readout import LEARNED, Pooling, check_pooling, check_root, make_readout
from .regression import Loss
from .targets import Asked, Missing


@dataclass(frozen=True)
class GraphPrediction:
    """Predict one of C classes, T labels that are 0 or 1, or T numbers for every graph of a split.

    The states of a graph's nodes are pooled and mapped by a head; of an encoder that predicts by
    itself (``out_channels``) the predictions are pooled. An epoch passes over the training graphs
    in mini-batches, in an order drawn from the seed.

    Classes: two take one logit and the binary cross entropy, more take C logits and the cross
    entropy. Labels: the binary cross entropy over those that are known. Numbers: see ``loss``.

    Args:
        metric: what picks the epoch and is reported; ``auto`` is ``accuracy`` for classes,
            ``average_precision`` for labels and ``mae`` for numbers, in whose units it is.
        readout: how node states are pooled: ``mean``, ``sum`` or ``max``; ``attention``, a learned
            weighted sum; ``set2set``, what an LSTM asks for in three steps; ``sort``, the 30 rows
            largest in the last channel; ``root`` reads the node that ``data.root_index`` (1,) of
            each graph names.
        batch_size: graphs a step.
        kind: ``classes``, ``labels`` or ``regression``. ``auto`` takes one whole number a graph as
            a class and floating numbers as regression, and refuses to guess where all are 0 and 1.
        loss: of numbers, ``l1`` (the mean absolute error) or ``mse``; ``auto`` is ``l1``.
        standardise: take the loss of numbers less their mean over the training graphs, divided by
            their standard deviation (ddof 0). The metric stays in the numbers' own units.
        head_layers: Linear maps from the pooled states to what is predicted.
        head_dropout: probability, before each of them.
        head_activation: ``relu`` or ``gelu``, between them.
        head_drops_states: let ``head_dropout`` lie before the first of them too.
        head_narrows: let each but the last halve the width.
        missing: what becomes of numbers that are nan: ``refuse`` them, or ``ignore`` them in loss,
            metric and ``standardise``. Labels that are nan are always ignored.

    Shapes:
        graphs with x (N, F), edge_index (2, E); y (1,) int64 for classes, (1, T) of 0, 1 and nan
        (unknown) for labels, (1, T) or (1,) for numbers; masks (G, S) of the set
        -> (G, C), (G, 1) or (G, T)

    Raises:
        ValueError: an unknown metric, kind, loss or readout, a batch size below 1, a head that is
            none.
    """

    metric: Metric = "auto"
    readout: Pooling = "mean"
    batch_size: int = 64
    kind: Asked = "auto"
    loss: Loss = "auto"
    standardise: bool = False
    head_layers: int = 1
    head_dropout: float = 0.0
    head_activation: Activation = "relu"
    head_drops_states: bool = True
    head_narrows: bool = False
    missing: Missing = "refuse"

    def __post_init__(self) -> None:
        targets.check_settings(self.kind, self.metric, self.loss, self.standardise)
        check_choice("missing", self.missing, get_args(Missing))
        check_pooling(self.readout)
        check_count("batch_size", self.batch_size)
        self._head()

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
        target = targets.make(kind, y, parts[0], self.metric, self.loss, self.standardise)
        if kind == "classes":
            warn_of_untrained(y, parts[0], split)
        for name, part in zip(MASKS[1:], parts[1:], strict=True):
            target.check(y[part], name, split, "graph")
        batches = parts_of(data, parts, self.batch_size)
        return GraphProblem(batches, target, self.readout, self._head())


@dataclass(frozen=True, eq=False)
class GraphProblem(ManyProblem):
    """Graph prediction on one split: the loss and the numbers."""

    readout: Pooling
    head: Head = Head()

    def model(self, encoder: nn.Module) -> Model:
        """Put a readout and a head on the encoder, or refuse one that does not fit."""
        level = self.check_encoder(encoder, ("node", "graph"), "graph prediction")
        outputs = self.target.outputs(encoder, "dataset")
        if level == "graph":
            return Model(encoder, outputs, head=self.head)
        predicts = getattr(encoder, "out_channels", None) is not None
        if predicts and self.readout in LEARNED:
            raise ValueError(
                f"{type(encoder).__name__} predicts by itself, and readout {self.readout!r} pools "
                "states: take mean, sum or max, or build the encoder without out_channels"
            )
        width = outputs if predicts else hidden_width(encoder)
        readout = make_readout(self.readout, width, parameter_type(encoder))
        return Model(encoder, outputs, readout, self.head)
