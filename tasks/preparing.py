"""Preparation of a fit: what is given, checked, and the data as an encoder reads them."""

from __future__ import annotations

from copy import copy
from typing import Any

from torch import nn

from gnnlab.contracts.described import described
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.tasks.contract import Problem, Task
from gnnlab.tasks.shared.detached import detached
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.training.settings import Training


def check_kinds(task: Any, data: Any, training: Any) -> None:
    """Refuse what is no task, no data or no settings.

    Raises:
        ValueError: what was given, and what is needed.
    """
    if isinstance(task, ListedTask) and not task.trains:
        raise ValueError(
            f"{described(task)} trains no encoder, so there is nothing to fit: call its "
            "solve(data, split, seed)"
        )
    if isinstance(task, type) or not callable(getattr(task, "setup", None)):
        told = described(task)
        raise ValueError(f"task is {told}, but a task is needed, such as NodeClassification()")
    if isinstance(data, nn.Module):
        raise ValueError(
            f"data is {described(data)}, a module: fit takes the task, the encoder and the data, "
            "in this order"
        )
    if not isinstance(training, Training):
        raise ValueError(
            f"training is {shown(training)}, but settings are needed: Training(lr=...)"
        )


def suited(task: Task, problem: Problem, encoder: nn.Module, data: Any, split: int) -> Problem:
    """The problem on data that the encoder's ``transform`` has seen, if it has one."""
    own: Any = getattr(problem, "suited", None)
    if callable(own):
        suited: Problem = own(encoder)
        return suited
    if declared(encoder).transforms():
        return task.setup(detached(_transformed(data, encoder)), split)
    return problem


def _transformed(data: Any, encoder: nn.Module) -> Any:
    """Apply an encoder's transform to copies; the caller's graphs stay as they are."""
    from torch_geometric.data.data import BaseData

    own = declared(encoder)
    if isinstance(data, BaseData):
        return own.transform(copy(data))
    return data.with_graphs(own.transform_many(data))
