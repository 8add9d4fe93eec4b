"""Flaws of one's own data that features and labels show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


def flaws_of_features(x: Any, holder: Any) -> Iterator[str]:
    """Values that are missing, columns that say nothing, and rows that are all alike.

    Args:
        x: (N, F), or anything else, which has none.
        holder: of ``feature_names``, where there are any.
    """
    if not isinstance(x, Tensor) or x.dim() != 2 or not x.shape[1]:
        yield (
            "no features: give constant ones, torch.ones(num_nodes, 1), degrees, or learn them with"
            " layers.NodeEmbedding"
        )
        return
    if x.layout is not torch.strided or not x.is_floating_point():
        return
    names = tuple(getattr(holder, "feature_names", None) or ())
    bad = ~torch.isfinite(x)
    for column in bad.any(0).nonzero().flatten().tolist()[:5]:
        name = repr(names[column]) if column < len(names) else str(column)
        yield (
            f"feature {name} is nan or infinite in {int(bad[:, column].sum()):,} rows: impute "
            "them, for instance with missing='mean'"
        )
    if len(x) > 1:
        same = ((x == x[:1]).all(0)).nonzero().flatten().tolist()
        if same and x.shape[1] > 1:
            named = ", ".join(repr(names[c]) if c < len(names) else str(c) for c in same[:5])
            yield f"{len(same):,} features have one value in all rows ({named}): drop them"


def flaws_of_classes(y: Tensor, classes: int, train: Any, thing: str) -> Iterator[str]:
    """Classes that nothing is of, and classes that nothing in training is of.

    Args:
        y: (N,) whole numbers, -1 where unknown.
        classes: C.
        train: (N,) or (N, S) bool, or None.
        thing: what has a label.
    """
    known = y[y >= 0].long()
    counts = torch.bincount(known, minlength=max(classes, 0))
    empty = (counts == 0).nonzero().flatten().tolist()
    if empty:
        yield (
            f"no {thing} is of class {empty[0]} ({len(empty)} of {len(counts)} classes are empty): "
            "number classes from 0 without a hole"
        )
    few = [c for c, count in enumerate(counts.tolist()) if 0 < count < 3]
    if few:
        yield f"class {few[0]} has {int(counts[few[0]])} {thing}s ({len(few)} such classes in all)"
    if isinstance(train, Tensor) and bool(train.any()):
        first = train.reshape(len(train), -1)[:, 0]
        trained = torch.bincount(y[first & (y >= 0)].long(), minlength=len(counts))
        for c in ((trained == 0) & (counts > 0)).nonzero().flatten().tolist()[:5]:
            yield f"class {c} has no {thing} in training of split 0: it is never predicted right"
