"""Constant baseline: the test score of one prediction for all graphs, read off training targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from gnnlab.tasks.metrics.by_name import Kind
from gnnlab.tasks.targets.classes import Classes, logits_of
from gnnlab.tasks.targets.labels import Labels
from gnnlab.tasks.targets.numbers import Regression
from gnnlab.tasks.targets.target import Target, stacked

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.tasks.graph.prediction import GraphProblem


def constant_score(problem: GraphProblem) -> float:
    """Return the test score of one prediction for all graphs, made of the training targets alone.

    The commonest class (of equally common ones the first), for each label the commoner value, the
    median of numbers where their absolute error is measured and their mean otherwise.

    Raises:
        ValueError: the metric is not defined on the test graphs.
    """
    target = problem.target
    train, test = (_targets(target, part) for part in (problem.parts.train, problem.parts.test))
    return target.score(_constant(target, train).expand(len(test), -1), test)


def _targets(target: Target, part: list[Data]) -> Tensor:
    kind: Kind = "regression" if isinstance(target, Regression) else "labels"
    if isinstance(target, Classes):
        kind = "classes"
    return stacked([graph.y for graph in part], kind, missing="ignore")


def _constant(target: Target, y: Tensor) -> Tensor:
    """The prediction, (1, outputs), as a model would give it."""
    if isinstance(target, Classes):
        count = torch.bincount(y, minlength=target.classes).float()
        return (count[1] - count[0])[None, None] if logits_of(len(count)) == 1 else count[None]
    if isinstance(target, Labels):
        return y.nanmean(0, keepdim=True).nan_to_num(0.5) - 0.5
    numbers = cast(Regression, target)
    y = y.double()
    middle = y.nanquantile(0.5, dim=0) if numbers.metric == "mae" else y.nanmean(0)
    return ((middle.nan_to_num() - numbers.mean) / numbers.scale)[None]
