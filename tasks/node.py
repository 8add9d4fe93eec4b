"""Node classification: labels, loss and the number to report."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.validation import check, count_classes

from . import metrics

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from .model import Model

Metric = Literal["accuracy", "auto", "average_precision", "balanced_accuracy", "f1", "roc_auc"]


@dataclass(frozen=True)
class NodeClassification:
    """Predict one of C classes for every node of a split.

    Two classes take one logit and the binary cross entropy, more take C logits and the cross
    entropy. An encoder that predicts two classes with two logits by itself is taken as it is.

    Args:
        metric: what picks the epoch and is reported; ``auto`` is ``roc_auc`` for two classes and
            ``accuracy`` for more. With more than two classes ``f1``, ``roc_auc`` and
            ``average_precision`` are means over the classes.

    Shapes:
        x (N, F), edge_index (2, E), y (N,), masks (N, S) or (N,) -> logits (N, C) or (N, 1)
    """

    metric: Metric = "auto"

    def __post_init__(self) -> None:
        if self.metric != "auto":
            metrics.find(self.metric)

    def setup(self, data: Data, split: int) -> NodeProblem:
        """Check the graph and return what to minimise and to measure on one of its splits.

        Raises:
            ValueError: what :func:`gnnlab.check` finds, no masks, a split that is not there, fewer
                than two classes, or a metric that is not defined on the split.
        """
        check(data)
        train, valid, test = (rows(data, name, split) for name in _MASKS)
        labels = data.y.long()
        classes = _classes(data)
        metric = self.metric
        if metric == "auto":
            metric = "roc_auc" if classes == 2 else "accuracy"
        if metric in metrics.RANKING:
            for name, part in (("val_mask", valid), ("test_mask", test)):
                _check_every_class(labels[part], classes, name, split, metric)
        if data.x.requires_grad:  # training must not leave a gradient with the caller's features
            data = copy(data)
            data.x = data.x.detach()
        return NodeProblem(data, labels, train, valid, test, classes, metric)


@dataclass(frozen=True)
class NodeProblem:
    """Node classification on one split of one graph: the loss and the numbers.

    Shapes:
        labels (N,); train, valid, test (n,) node numbers
    """

    data: Data
    labels: Tensor
    train: Tensor
    valid: Tensor
    test: Tensor
    classes: int
    metric: str
    held_out: Tensor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "held_out", torch.cat([self.valid, self.test]))

    def outputs(self, encoder: nn.Module) -> int:
        """Return how many logits a row has: what the encoder predicts, if that can be right."""
        level = getattr(encoder, "level", "node")
        if level != "node":
            raise ValueError(
                f"{type(encoder).__name__}.level is {level!r}, but node classification needs one "
                "row a node: take an encoder of level 'node'"
            )
        _check_features(encoder, self.data.x)
        own = getattr(encoder, "out_channels", None)
        usual = 1 if self.classes == 2 else self.classes
        if own is None:
            return usual
        if own in (usual, self.classes):
            return int(own)
        raise ValueError(
            f"{type(encoder).__name__} predicts out_channels={own}, but this graph has "
            f"{self.classes} classes: build it with out_channels={usual}, or with None to have "
            "the task add the head"
        )

    def loss(self, model: Model) -> Tensor:
        """Return the mean loss on the training nodes."""
        # Rows are taken after the head: fewer columns to copy than in the hidden states.
        return _loss(model(self.data).index_select(0, self.train), self.labels[self.train])

    def evaluate(self, model: Model) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test`` from one forward pass."""
        logits = model(self.data).index_select(0, self.held_out)
        valid, test = logits.split([len(self.valid), len(self.test)])
        labels = self.labels[self.valid]
        loss = float(_loss(valid, labels))
        if loss != loss:
            return {"valid_loss": loss, "valid": loss, "test": loss}
        metric = metrics.find(self.metric)
        return {
            "valid_loss": loss,
            "valid": metric(valid, labels),
            "test": metric(test, self.labels[self.test]),
        }

    def to(self, device: torch.device) -> NodeProblem:
        """Return the same problem on another device; this one stays where it is."""
        return NodeProblem(
            copy(self.data).to(device),  # a PyG Data moves in place: the copy is what moves
            self.labels.to(device),
            self.train.to(device),
            self.valid.to(device),
            self.test.to(device),
            self.classes,
            self.metric,
        )


_MASKS = ("train_mask", "val_mask", "test_mask")


def rows(data: Data, name: str, split: int) -> Tensor:
    """Return the numbers of the nodes that ``data.<name>`` selects in one split, (n,).

    Raises:
        ValueError: no such mask or no such split.
    """
    mask: Tensor | None = getattr(data, name, None)
    if mask is None:
        raise ValueError(
            f"data.{name} is missing: node classification needs train_mask, val_mask and "
            "test_mask, (N,) or (N, S); load the dataset with a split or set them"
        )
    splits = max(_splits(data))
    if isinstance(split, bool) or not isinstance(split, Integral) or not 0 <= split < splits:
        raise ValueError(
            f"split is {split!r}, but the masks hold {splits} "
            + (f"splits, numbered 0 to {splits - 1}" if splits > 1 else "split, number 0")
            + ": choose one of these"
        )
    column = mask.reshape(mask.shape[0], -1)
    return column[:, split if column.shape[1] > 1 else 0].nonzero().flatten()


def _splits(data: Data) -> list[int]:
    masks = [getattr(data, name, None) for name in _MASKS]
    return [mask.shape[1] if mask.dim() == 2 else 1 for mask in masks if mask is not None]


def _classes(data: Data) -> int:
    classes = count_classes(data)
    if classes < 2:
        raise ValueError(
            f"data.y names {classes} class, so there is nothing to tell apart: give labels of at "
            "least two classes"
        )
    return classes


def _check_every_class(labels: Tensor, classes: int, name: str, split: int, metric: str) -> None:
    missing = (torch.bincount(labels, minlength=classes) == 0).nonzero().flatten().tolist()
    if missing:
        raise ValueError(
            f"data.{name} holds no node of class {missing[0]} in split {split}, so {metric} is not "
            "defined there: choose another split, or metric='accuracy'"
        )


def _check_features(encoder: nn.Module, x: Tensor) -> None:
    """Hold the features against what the encoder says of itself."""
    if x.shape[1] == 0:
        raise ValueError(
            "data.x has 0 columns, so there is nothing to read: give constant features, for "
            "instance torch.ones(num_nodes, 1), or structural ones such as degrees"
        )
    name, width = type(encoder).__name__, getattr(encoder, "in_channels", None)
    if isinstance(width, int) and width not in (-1, x.shape[1]):  # -1: PyG's lazy layers
        raise ValueError(
            f"{name}.in_channels is {width}, but data.x has {x.shape[1]} columns: build it with "
            "in_channels=data.num_features"
        )
    own = {p.dtype for p in encoder.parameters() if p.is_floating_point()}
    if own and x.dtype not in own:
        raise ValueError(
            f"data.x is {x.dtype}, but the parameters of {name} are {own.pop()}: convert one, for "
            "instance with data.x.float()"
        )


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits[:, 0], labels.to(logits.dtype))
    return F.cross_entropy(logits, labels)
