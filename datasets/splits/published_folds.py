"""Published folds: lists of graph numbers in files of three kinds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.files.bounds import check_room
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.numbers import whole
from gnnlab.datasets.splits.folds import HELD_OUT, hold_out
from gnnlab.datasets.values.masks import Masks, masks_of

Rows = list[list[int]]


def read_folds(paths: Sequence[Path], y: Tensor, order: Tensor | None = None) -> Masks:
    """Read published folds; what their files have no validation part for is held out here.

    A ``.json`` file is a list of folds with a model selection each; three ``.index`` files hold the
    training, validation and test part of a fold a line; of ``.txt`` files the first half are lists
    of training graphs and the second half of test graphs, one file a fold. The last kind is the
    oldest, whose papers chose the epoch on the test graphs: a tenth of every class is taken out of
    training instead, drawn with seed 0.

    Args:
        paths: the files, in the order of the catalogue.
        y: (G,) int64 of classes.
        order: (G,) the graph that each number of the files stands for; its own if None.

    Shapes: three masks (G, S).

    Raises:
        ValueError: a damaged file, or one that names a graph that is not there.
    """
    read = {".json": _selections, ".index": _lines, ".txt": _pairs}[paths[0].suffix]
    known = np.arange(len(y)) if order is None else order.numpy()
    with parsing(f"folds of {len(y)} graphs", paths):
        train, val, test = read(paths)
        check_room(paths[0], len(test), len(y), bytes_each=1)
        part = np.full((len(test), len(y)), -1, dtype=np.int8)
        for row, *parts in zip(part, train, val, test, strict=True):
            for number, ids in enumerate(parts):
                row[known[_checked(ids, len(y), paths[0])]] = number
    rng = np.random.default_rng(0)
    for row in part if not any(val) else ():
        row[hold_out(y.numpy(), np.flatnonzero(row == 0), HELD_OUT, rng)] = 1
    return masks_of(part)


def _selections(paths: Sequence[Path]) -> tuple[Rows, Rows, Rows]:
    try:
        found = json.loads(paths[0].read_text(encoding="utf-8"))
        inner = [fold["model_selection"][0] for fold in found]
        return (
            [list(fold["train"]) for fold in inner],
            [list(fold["validation"]) for fold in inner],
            [list(fold["test"]) for fold in found],
        )
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise damaged(paths[0], "folds with a model selection each", error) from None


def _lines(paths: Sequence[Path]) -> tuple[Rows, Rows, Rows]:
    train, val, test = (
        [_numbers(path, line.split(",")) for line in path.read_text().splitlines() if line.strip()]
        for path in paths
    )
    if not len(train) == len(val) == len(test):
        told = f"{len(train)}, {len(val)} and {len(test)} lines"
        raise damaged(paths[0], "folds, one a line in three files", told)
    return train, val, test


def _pairs(paths: Sequence[Path]) -> tuple[Rows, Rows, Rows]:
    lists = [_numbers(path, path.read_text().split()) for path in paths]
    half = len(lists) // 2
    return lists[:half], [[] for _ in range(half)], lists[half:]


def _numbers(path: Path, words: Sequence[str]) -> list[int]:
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise damaged(path, "numbers of graphs", error) from None


def _checked(ids: Sequence[int], graphs: int, path: Path) -> np.ndarray:
    found = whole(np.array(ids), path, "numbers of graphs")
    if len(found) and not (found.min() >= 0 and found.max() < graphs):
        worst = found.max() if found.max() >= graphs else found.min()
        raise damaged(path, f"folds of {graphs} graphs", f"it names graph {worst}")
    return found


def same_graphs(first: Sequence[int], second: Sequence[int]) -> Tensor:
    """Pair up two lists of codes: where each entry of the second lies in the first.

    Equal codes are paired in order.

    Raises:
        ValueError: the lists do not hold the same codes.
    """
    one, two = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    if not np.array_equal(np.asarray(first)[one], np.asarray(second)[two]):
        raise ValueError("the folds were drawn on other graphs than these")
    place = np.empty(len(one), dtype=np.int64)
    place[two] = one
    return torch.from_numpy(place)
