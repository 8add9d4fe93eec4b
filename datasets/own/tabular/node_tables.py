"""Node tables: which columns are names, features, labels and parts, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.data import MASKS
from gnnlab.core.arguments import check_choice
from gnnlab.datasets.own.tabular.columns import AUTO, LABELS, SPLITS, one, rest, several
from gnnlab.datasets.own.tabular.features import Coding, Missing, features_of
from gnnlab.datasets.own.tabular.frames import Table
from gnnlab.datasets.own.tabular.labels import Kind, Targets, targets_of
from gnnlab.datasets.splits.of_column import by_column
from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class NodeColumns:
    """What is asked of a table of nodes beside its names; see :func:`gnnlab.datasets.from_tables`.

    Attributes:
        features, categories: columns of ``x``.
        coding: of categories.
        label: one column or several of what is to be predicted, ``auto``, or None.
        kind: of the labels.
        split: the column of parts, ``auto``, or None.
        missing: what becomes of empty cells among numbers.
    """

    features: Any = AUTO
    categories: Any = ()
    coding: Coding = "one_hot"
    label: Any = AUTO
    kind: Kind = "auto"
    split: str | None = AUTO
    missing: Missing = "refuse"

    def __post_init__(self) -> None:
        check_choice("coding", self.coding, ("one_hot", "codes"))
        check_choice("kind", self.kind, ("auto", "classes", "labels", "regression"))
        check_choice("missing", self.missing, ("refuse", "keep", "zero", "mean"))


@dataclass(frozen=True)
class NodeValues:
    """What a table of nodes holds.

    Attributes:
        x: (N, F) float32.
        targets: of every node, or None.
        masks: of one split, or None.
        kept: what else the graph keeps: names of features, categories and targets.
        unread: columns that were not read.
    """

    x: Tensor
    targets: Targets | None
    masks: Masks | None
    kept: dict[str, Any]
    unread: tuple[str, ...]


def values_of(
    table: Table, frame: pd.DataFrame, name: str | None, asked: NodeColumns
) -> NodeValues:
    """Read features, targets and the split.

    Args:
        name: the column of the nodes' names, which is none of these.

    Raises:
        ValueError: a column that is not there, a cell that is none of its kind.
    """
    free = rest(table, (name,))
    known = replace(table, columns=tuple(free))
    if asked.label == AUTO:
        found = one(known, AUTO, "label", LABELS)
        labels = [] if found is None else [found]
    else:
        labels = several(known, asked.label, "label")
    split = one(known, asked.split, "split", SPLITS)
    trio = asked.split == AUTO and split is None and set(MASKS) <= set(free)
    masks = _masks(table, frame, split, trio)
    taken = (name, *labels, split, *(MASKS if trio else ()))
    features = features_of(
        table, frame, rest(table, taken), asked.features, asked.categories, asked.coding,
        asked.missing,
    )  # fmt: skip
    kept: dict[str, Any] = {"feature_names": features.names}
    if features.categories:
        kept["categories"] = features.categories
    if features.sizes:
        kept["x_sizes"] = features.sizes
    targets = targets_of(table, frame, labels, asked.kind)
    unread = tuple(f"{table.name}: {column}" for column in features.unread)
    return NodeValues(torch.from_numpy(features.values).float(), targets, masks, kept, unread)


def _masks(table: Table, frame: pd.DataFrame, split: str | None, trio: bool) -> Masks | None:
    if split is not None:
        return by_column(frame[split], table.where)
    if not trio:
        return None
    columns = (frame[name].fillna(0).astype(float).astype(bool).to_numpy() for name in MASKS)
    return Masks(*(torch.from_numpy(column.copy()) for column in columns))
