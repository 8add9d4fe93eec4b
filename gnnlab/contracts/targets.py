"""Targets of nodes: classes, numbers or several labels, checked against the graph's masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.described import described, way_to_classes, way_to_labels, way_to_tensor

if TYPE_CHECKING:
    from torch_geometric.data import Data


def check_targets(data: Data, nodes: int, masks: Mapping[str, Tensor]) -> None:
    """Refuse targets that no task could learn from.

    A y of whole numbers, (N,), is a class a node, -1 where unknown. One that is floating, (N,) or
    (N, T), is numbers or labels, nan where unknown; whole numbers of T > 1 columns are such too.

    Args:
        masks: (N, S) each, by name.

    Raises:
        ValueError: one sentence.
    """
    y = getattr(data, "y", None)
    if isinstance(y, Tensor) and y.shape[:1] == (nodes,) and _is_numbers(y):
        _check_numbers(y, masks)
    else:
        check_classes(data, nodes, masks)


def _is_numbers(y: Tensor) -> bool:
    several = y.dim() == 2 and y.shape[1] > 0
    if y.is_floating_point():
        return y.dim() == 1 or several
    return several and y.shape[1] > 1 and not y.is_complex() and y.dtype != torch.bool


def _check_numbers(y: Tensor, masks: Mapping[str, Tensor]) -> None:
    rows = y.reshape(len(y), -1)
    if y.is_floating_point() and bool((infinite := rows.isinf()).any()):
        node, target = infinite.nonzero()[0].tolist()
        raise ValueError(
            f"data.y is {float(rows[node, target])} at node {node}, column {target}, but a target "
            "is finite, or nan where unknown: drop or replace it"
        )
    unknown = rows.isnan().all(1)
    for name, mask in masks.items():
        wrong = unknown & mask.any(1)
        if bool(wrong.any()):
            raise ValueError(
                f"data.{name} selects node {int(wrong.nonzero()[0])}, but data.y is nan (unknown) "
                "there: take nodes without a known target out of the masks"
            )


def check_classes(data: Data, nodes: int, masks: Mapping[str, Tensor]) -> None:
    """Refuse a y that is not one class a node.

    Raises:
        ValueError: one sentence.
    """
    y = getattr(data, "y", None)
    if y is None:
        raise ValueError("data.y is missing, but data has masks: set data.y to the labels, (N,)")
    if not isinstance(y, Tensor) or y.shape != (nodes,):
        raise ValueError(
            f"data.y must have shape ({nodes},), one label a node, not {described(y)}: "
            f"{way_to_tensor(y, way_to_labels(y))}"
        )
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(
            f"data.y holds {y.dtype}, but labels are class numbers from 0 in torch.int64: "
            f"{way_to_classes(y)}"
        )
    y = y.long()  # unsigned labels have no -1 to compare with
    top = count_classes(data)
    if top < 1:
        raise ValueError("data.y is -1 (unknown) everywhere: there is no label to learn from")
    wrong = (y < -1) | (y >= top)
    if bool(wrong.any()):
        node = int(wrong.nonzero()[0])
        raise ValueError(
            f"data.y is {int(y[node])} at node {node}, but labels run from 0 to {top - 1} (or are "
            "-1 for unknown): renumber the classes"
        )
    for name, mask in masks.items():
        unknown = (y < 0) & mask.any(1)
        if bool(unknown.any()):
            raise ValueError(
                f"data.{name} selects node {int(unknown.nonzero()[0])}, but its label in data.y is "
                "-1 (unknown): take unlabelled nodes out of the masks"
            )


def count_classes(data: Data) -> int:
    """Return the number of classes C: what ``data.classes`` says, else the largest label + 1."""
    return told_classes(data) or int(data.y.max()) + 1


def told_classes(data: Any) -> int:
    """Return what ``data.classes`` says, of a graph or a set of graphs; 0 where it says nothing."""
    told = getattr(data, "classes", None)
    return int(told) if isinstance(told, (int, Tensor)) else 0
