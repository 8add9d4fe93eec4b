"""What classifying nodes and graphs have in common."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Metric = Literal["accuracy", "auto", "average_precision", "balanced_accuracy", "f1", "roc_auc"]
MASKS = ("train_mask", "val_mask", "test_mask")


def rows(data: Any, name: str, split: int, things: str = "node") -> Tensor:
    """Return the numbers of the nodes or graphs that ``data.<name>`` selects in one split, (n,).

    Raises:
        ValueError: no such mask or no such split.
    """
    mask: Tensor | None = getattr(data, name, None)
    if mask is None:
        size = things[0].upper()
        raise ValueError(
            f"data.{name} is missing: {things} classification needs train_mask, val_mask and "
            f"test_mask, ({size},) or ({size}, S); load the dataset with a split or set them"
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


def _splits(data: Any) -> list[int]:
    masks = [getattr(data, name, None) for name in MASKS]
    return [mask.shape[1] if mask.dim() == 2 else 1 for mask in masks if mask is not None]


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean (binary) cross entropy.

    Shapes:
        logits (n, 1) or (n, C), labels (n,) -> ()
    """
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits[:, 0], labels.to(logits.dtype))
    return F.cross_entropy(logits, labels)


def logits_of(classes: int) -> int:
    """Return how many logits tell so many classes apart."""
    return 1 if classes == 2 else classes


def outputs(encoder: nn.Module, classes: int, what: str) -> int:
    """Return how many logits a row has: what the encoder predicts, if that can be right.

    Raises:
        ValueError: it predicts another number.
    """
    own, usual = getattr(encoder, "out_channels", None), logits_of(classes)
    if own is None:
        return usual
    if own in (usual, classes):
        return int(own)
    raise ValueError(
        f"{type(encoder).__name__} predicts out_channels={own}, but this {what} has {classes} "
        f"classes: build it with out_channels={usual}, or with None to have the task add the head"
    )


def check_classes(classes: int) -> int:
    """Refuse fewer than two classes."""
    if classes < 2:
        raise ValueError(
            f"data.y names {classes} class, so there is nothing to tell apart: give labels of at "
            "least two classes"
        )
    return classes


def check_every_class(
    labels: Tensor, classes: int, name: str, split: int, metric: str, things: str = "node"
) -> None:
    """Refuse a part of a split without some class, where the metric needs all of them."""
    missing = (torch.bincount(labels, minlength=classes) == 0).nonzero().flatten().tolist()
    if missing:
        raise ValueError(
            f"data.{name} holds no {things} of class {missing[0]} in split {split}, so {metric} is "
            "not defined there: choose another split, or metric='accuracy'"
        )


def check_features(encoder: nn.Module, x: Tensor) -> None:
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
