"""Node rows: numbers or labels of every node, checked and told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.tasks.targets.target import Missing

Kind = Literal["labels", "regression"]


def check_rows(data: Any) -> None:
    """Refuse a graph whose nodes have no row of numbers each.

    Raises:
        ValueError: one sentence, with the way to rows or to the task of classes.
    """
    y, nodes = getattr(data, "y", None), data.num_nodes
    if not isinstance(y, Tensor) or y.dim() not in (1, 2) or y.shape[0] != nodes:
        raise ValueError(
            f"data.y is {described(y)}, but numbers or labels of nodes are (N,) or (N, T), one row "
            f"for each of the {nodes} nodes: give these, or predict graphs with GraphPrediction()"
        )
    if y.dim() == 2 and y.shape[1] == 0:
        raise ValueError("data.y has no column, so there is nothing to predict: give (N, T)")
    if y.is_complex() or (not y.is_floating_point() and y.dim() == 1):
        raise ValueError(
            f"data.y holds {y.dtype}, which is one class a node: take NodeClassification(), or "
            "data.y.float() where they are numbers"
        )


def kind_of_nodes(found: Sequence[Tensor], asked: str) -> Kind:
    """Return what kind of targets the rows of one graph, or of many, are.

    Raises:
        ValueError: ``auto`` cannot tell, labels other than 0, 1 and nan, or other widths.
    """
    widths = {tuple(y.shape[1:]) for y in found}
    if len(widths) > 1:
        raise ValueError(
            f"the graphs have rows of {' and '.join(map(str, sorted(widths)))} in data.y: give all "
            "the same targets"
        )
    labels = all(bool(((y == 0) | (y == 1) | y.isnan()).all()) for y in found)
    if asked == "labels" and not labels:
        raise ValueError("data.y holds more than 0, 1 and nan, but labels are these: mend it")
    if asked == "auto" and labels:
        raise ValueError(
            "every entry of data.y is 0, 1 or nan, which may be labels or numbers: set "
            "kind='labels' or kind='regression' (or give whole numbers, (N,), for one class)"
        )
    return "labels" if asked == "labels" else "regression"


def rows_of(y: Tensor, kind: Kind) -> Tensor:
    """The targets as (n, T), floating."""
    found = y.reshape(len(y), -1)
    return found if found.is_floating_point() else found.float()


def check_known(y: Tensor, numbers: Tensor, name: str, split: int, missing: Missing) -> None:
    """Refuse numbers of a part that are unknown beside known ones, unless these are ignored.

    Args:
        y: (n, T) of the part.
        numbers: (n,) the nodes.
        name: of the part's mask.
    """
    unknown = y.isnan()
    unknown = unknown & ~unknown.all(1, keepdim=True)  # nothing is learnt of such a node
    if missing == "ignore" or not bool(unknown.any()):
        return
    row, target = unknown.nonzero()[0].tolist()
    raise ValueError(
        f"data.{name} selects node {int(numbers[row])} in split {split}, whose target {target} is "
        f"nan ({int(unknown.sum())} such values): take it out, or set missing='ignore' for "
        "targets that are nan"
    )
