"""Target: the classes, labels or numbers to predict, with their loss and their metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.targets import told_classes
from gnnlab.core.arguments import shown
from gnnlab.tasks.metrics import by_name as metrics
from gnnlab.tasks.metrics.by_name import Kind
from gnnlab.tasks.targets.classes import Classes, Weights, counted_classes
from gnnlab.tasks.targets.labels import Labels
from gnnlab.tasks.targets.numbers import Loss, Regression, standard
from gnnlab.tasks.targets.own_loss import OwnLoss, own_loss_of
from gnnlab.tasks.targets.units import Units

Wanted = Literal["auto", "classes", "labels", "regression"]
Missing = Literal["refuse", "ignore"]


class Target(Protocol):
    """How many numbers are predicted for a row, what is minimised and what is measured."""

    @property
    def metric(self) -> str:
        """The metric's name."""

    @property
    def also(self) -> tuple[str, ...]:
        """Names of more metrics to measure."""

    @property
    def units(self) -> Units | None:
        """What puts predictions into the targets' units, where the loss is taken in others."""

    def outputs(self, encoder: nn.Module, what: str) -> int:
        """Return how many numbers a row has, or refuse an encoder that predicts others."""

    def check(self, y: Tensor, name: str, split: int, things: str) -> None:
        """Refuse a part of a split on which the metric is not defined."""

    def loss(self, predictions: Tensor, y: Tensor) -> Tensor:
        """Return a scalar with a gradient."""

    def score(self, predictions: Tensor, y: Tensor) -> float:
        """Return the metric."""

    def to(self, device: torch.device) -> Target:
        """Return the same target on a device."""


def evaluate(
    target: Target, valid: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> dict[str, float]:
    """Return ``valid_loss``, ``valid`` and ``test`` from predictions and y of both parts, and
    ``valid NAME`` and ``test NAME`` of each other metric.

    A loss that is nan makes all of them nan: such predictions have no order.
    """
    loss = float(target.loss(*valid))
    row = {"valid_loss": loss}
    for name, judge in judges(target).items():
        for part, both in (("valid", valid), ("test", test)):
            row[f"{part} {name}".strip()] = loss if loss != loss else judge.score(*both)
    return row


def judges(target: Target) -> dict[str, Target]:
    """The target, under no name, and the same with each other metric, under its name."""
    made: Any = target
    return {"": target, **{name: replace(made, metric=name, also=()) for name in target.also}}


def check_part(target: Target, y: Tensor, name: str, split: int, things: str) -> None:
    """Refuse a part of a split on which one of the metrics is not defined."""
    for judge in judges(target).values():
        judge.check(y, name, split, things)


@dataclass(frozen=True)
class Asked:
    """What a task asks of its targets; see :class:`gnnlab.tasks.GraphPrediction`.

    Raises:
        ValueError: a metric that is not there, or what another kind of targets has, as far as no
            data is needed to know it.
    """

    kind: Wanted = "auto"
    metric: str = "auto"
    loss: Loss | OwnLoss = "auto"
    standardise: bool = False
    class_weights: Weights = False
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.metric, *self.also):
            if name != "auto":
                metrics.find(name, None if self.kind == "auto" else self.kind)
        if self.kind != "auto":
            self.refuse_others(self.kind)

    def refuse_others(self, kind: Kind) -> None:
        """Refuse what is set for another kind of targets."""
        own: tuple[tuple[str, Any, Kind], ...] = (
            ("loss", self.loss != "auto" and own_loss_of(self.loss) is None, "regression"),
            ("standardise", self.standardise, "regression"),
            ("class_weights", self.class_weights, "classes"),
        )
        for name, given, only in own:
            if given and kind != only:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but that is for {only} and these targets "
                    f"are {kind}: leave {name} out"
                )


def make(asked: Asked, kind: Kind, y: Tensor, train: Tensor, data: Any) -> Target:
    """Return the target of the rows' y, with the numbers that the training rows give.

    Args:
        data: the set, which may tell how many classes there are and which metric is usual.

    Shapes:
        y (n,) int64 of classes, else (n, T); train (m,) rows

    Raises:
        ValueError: settings that are another kind's, one class alone, or no such metric.
    """
    asked.refuse_others(kind)
    usual = metrics.metric_of(data, kind)
    own, also = own_loss_of(asked.loss), asked.also
    if kind == "classes":
        classes, weights = counted_classes(y, told_classes(data), "graph"), asked.class_weights
        return Classes(classes, asked.metric, usual or "accuracy", weights, also, own)
    metric = usual if usual and asked.metric == "auto" else asked.metric
    if kind == "labels":
        return Labels(y.shape[1], metric, also, own)
    nothing = torch.zeros(y.shape[1], dtype=torch.float64)
    mean, scale = standard(y[train]) if asked.standardise else (nothing, nothing + 1)
    holes = bool(y.isnan().any())
    word: Loss = "auto" if own is not None else cast(Loss, asked.loss)
    return Regression(mean, scale, metric, word, holes, asked.standardise, also, own)


def kind_of(values: Sequence[Any], asked: Wanted) -> Kind:
    """Return what kind of target the graphs' y are.

    ``auto`` takes one whole number a graph as a class, and floating numbers as regression. It does
    not guess what 0 and 1 alone mean, where they are floating or several: labels, one class in
    as many columns, or numbers.

    Raises:
        ValueError: ``auto`` cannot tell.
    """
    if asked != "auto":
        return asked
    if not isinstance(values[0], Tensor) or _is_class(values[0]):
        return "classes"  # which says what is wrong with the others
    found = [y for y in values if isinstance(y, Tensor)]
    if all(bool(((y == 0) | (y == 1) | y.isnan()).all()) for y in found):
        raise ValueError(
            "every entry of data.y is 0, 1 or nan, which may be labels or numbers: set "
            "kind='labels' or kind='regression' (or give one whole number a graph for classes)"
        )
    if values[0].is_floating_point():
        return "regression"
    raise ValueError(
        f"data.y holds {values[0].numel()} whole numbers a graph, which no kind is taken for "
        "unasked: set kind='regression', or give one class, int64 (1,)"
    )


def stacked(values: Sequence[Any], kind: Kind, missing: Missing = "refuse") -> Tensor:
    """Return the graphs' y as (G,) int64 of classes, else (G, T) floating.

    Args:
        missing: whether numbers that are nan are refused.

    Raises:
        ValueError: a graph whose y is not of the kind, or has another width than the first's.
    """
    if kind == "classes":
        for number, y in enumerate(values):
            if not _is_class(y) or int(y) < 0:
                raise ValueError(
                    f"graph {number} of the dataset has y={shown(y)}, but its label is one class, "
                    "a whole number from 0: give int64 (1,)"
                )
            if y.shape != values[0].shape:
                raise ValueError(
                    f"graph {number} of the dataset has y of shape {tuple(y.shape)}, but graph 0 "
                    f"of shape {tuple(values[0].shape)}: give int64 (1,) to all"
                )
        return torch.cat([y.reshape(1).long() for y in values])
    shape = tuple(values[0].shape) if isinstance(values[0], Tensor) else (1, 0)
    return torch.stack([_row(number, y, shape, kind, missing) for number, y in enumerate(values)])


def _is_class(y: Any) -> bool:
    return isinstance(y, Tensor) and y.numel() == 1 and not y.is_floating_point()


def _row(number: int, y: Any, shape: tuple[int, ...], kind: Kind, missing: Missing) -> Tensor:
    """Check one graph's labels or numbers and return them as (T,)."""
    there = f"graph {number} of the dataset has y={shown(y)}"
    in_line = shape == (1,) or (len(shape) == 2 and shape[0] == 1 and shape[1] > 0)
    if not isinstance(y, Tensor) or y.shape != shape or not in_line:
        verb = "labels take" if kind == "labels" else "regression takes"
        wanted = f"{shape} as graph 0 does" if in_line else "(1, T)"
        raise ValueError(f"{there}, but {verb} one row of numbers a graph: give {wanted}")
    row = y.reshape(-1) if y.is_floating_point() else y.reshape(-1).float()
    known = row if missing == "refuse" else row[~row.isnan()]
    if kind == "regression" and not bool(torch.isfinite(known).all()):
        raise ValueError(
            f"{there}, but targets must be finite: drop the graph or give it a number, or set "
            "missing='ignore' for targets that are nan"
        )
    if kind == "labels" and not bool(((row == 0) | (row == 1) | row.isnan()).all()):
        raise ValueError(f"{there}, but a label is 1, 0, or nan where unknown")
    return row
