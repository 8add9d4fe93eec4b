"""Confusion matrices of a run's test parts on disk, a line for each split and seed."""

from __future__ import annotations

import json
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from torch import Tensor

from gnnlab.contracts.foreign import declared
from gnnlab.contracts.targets import told_classes
from gnnlab.core.writing import append_line, read_shared, whole_lines
from gnnlab.tasks.metrics.by_name import BY_KIND
from gnnlab.tasks.shared.model import Model

if TYPE_CHECKING:
    from gnnlab.tasks import Result

FILE = "confusion.jsonl"
BATCH = 64
"""Graphs that are read at once."""
MOST = 50
"""Classes of which a matrix is kept: more can be read by nobody."""


class Confusion(msgspec.Struct, frozen=True):
    """How often test rows of each class were taken for each, at the kept epoch.

    Args:
        counts: a list for each true class, with a count for each predicted one.
    """

    split: int
    seed: int
    counts: list[list[int]]


def keep_confusion(folder: Path, pair: tuple[int, int], result: Result, data: Any) -> None:
    """Add a result's matrix to a run's folder; nothing where no classes were told apart.

    With its folder given it is what ``run(..., inspect=)`` calls.

    Raises:
        NotWritten: the disk is full, say.
    """
    split, seed = pair
    counts = confusion(result, data, split)
    if counts is not None:
        text = json.dumps(msgspec.to_builtins(Confusion(split, seed, counts.tolist())))
        append_line(folder / FILE, text, lambda content: text.encode() not in content.splitlines())


def read_confusion(folder: str | Path) -> dict[tuple[int, int], Confusion]:
    """Return the matrices of a run by split and seed; none if none were kept.

    Raises:
        ValueError: a line that is no matrix.
    """
    path = Path(folder) / FILE
    found: dict[tuple[int, int], Confusion] = {}
    for number, line in enumerate(whole_lines(read_shared(path)).split(b"\n"), start=1):
        if line.strip():
            one = _decoded(line, f"line {number} of {path}")
            found[one.split, one.seed] = one
    return found


def _decoded(line: bytes, place: str) -> Confusion:
    try:
        found = msgspec.json.decode(line, type=Confusion)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{place} is no confusion matrix ({error}): delete that line") from error
    if any(len(row) != len(found.counts) for row in found.counts):
        raise ValueError(f"{place} is no confusion matrix (it is not square): delete that line")
    return found


def confusion(result: Result, data: Any, split: int) -> Tensor | None:
    """Count what test rows of each class were taken for.

    Args:
        data: the graph, or the set of graphs, that the result was trained on.

    Returns:
        (C, C) int64, or None: no model was kept, no classes are predicted, or more than 50.

    Cost:
        one pass over the data.
    """
    model = result.model
    if not isinstance(model, Model) or result.metric not in BY_KIND["classes"]:
        return None
    part = _test_graphs if hasattr(data, "masks") else _test_nodes
    with torch.no_grad():
        found = part(model, data, split)
    if found is None:
        return None
    logits, y = found
    logits, y = logits[y >= 0], y[y >= 0].long()  # those without a class are not scored
    classes = max(told_classes(data), logits.shape[1], *(y + 1).tolist(), 2)
    if classes > MOST:
        return None
    told = (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(1)
    return torch.bincount(y * classes + told, minlength=classes**2).reshape(classes, classes)


def _test_nodes(model: Model, data: Any, split: int) -> tuple[Tensor, Tensor] | None:
    """Logits and classes of the test nodes of one graph."""
    mask: Any = getattr(data, "test_mask", None)
    if mask is None or not _are_classes(data.y):
        return None
    own, place = declared(model.encoder), next(model.parameters()).device
    graph = own.transform(copy(data)) if own.transforms() else copy(data)
    rows = mask if mask.dim() == 1 else mask[:, split]
    return model(graph.to(place)).cpu()[rows], data.y.reshape(-1)[rows]


def _test_graphs(model: Model, data: Any, split: int) -> tuple[Tensor, Tensor] | None:
    """The same of the test graphs of a set, or of the nodes in them."""
    numbers = data.test_mask[:, split].nonzero().reshape(-1).tolist()
    own, place = declared(model.encoder), next(model.parameters()).device
    graphs = list(own.transform_many(data) if own.transforms() else data)
    tests = [graphs[number] for number in numbers]
    if not tests or not all(_are_classes(graph.y) for graph in tests):
        return None
    batches = [tests[first : first + BATCH] for first in range(0, len(tests), BATCH)]
    logits = torch.cat([model([copy(g).to(place) for g in batch]).cpu() for batch in batches])
    y = torch.cat([graph.y.reshape(-1) for graph in tests])
    return (logits, y) if len(logits) == len(y) else None


def _are_classes(y: Any) -> bool:
    """Whether y is a whole number a row."""
    return isinstance(y, Tensor) and not y.is_floating_point() and y.dim() <= 1
