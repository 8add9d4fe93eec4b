"""Splits of one's own nodes or graphs: drawn, by time, in folds, or from lists and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import check_choice, check_count, check_share, shown
from gnnlab.core.settings import checked
from gnnlab.datasets.splits.folds import HELD_OUT, folds
from gnnlab.datasets.splits.of_column import by_column, by_lists
from gnnlab.datasets.splits.scaffold import by_scaffold
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import Masks, evenly, stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

Split = TypeVar("Split", bound="Data | Graphs")
KINDS = ("auto", "random", "stratified", "folds", "time", "scaffold")
OF_NODES, OF_GRAPHS = (0.6, 0.2), (0.8, 0.1)
BINS = 10
"""Parts of equal size into which numbers are cut, to have an equal share of each."""


@checked
def split(
    data: Split,
    by: Any = "auto",
    *,
    fractions: Sequence[float] | None = None,
    count: int = 1,
    seed: int = 0,
    time: Any = None,
    cuts: Sequence[float] | None = None,
    held_out: float = HELD_OUT,
) -> Split:
    """Return the graph, or the set of graphs, with a split into training, validation and test.

    Rows (nodes of a graph, graphs of a set) whose target is unknown are in no part.

    Args:
        data: a graph or a set of graphs; it stays as it is.
        by: ``random``: shares of all rows. ``stratified``: of every class, or of every tenth of the
            values of a number. ``folds``: every row is tested in one of ``count``. ``time``: the
            first rows train and the last ones test. ``scaffold``, of molecules: no ring system is
            in two parts. ``auto`` is ``stratified`` where there is one class or number a row, else
            ``random``. Or a column with train, valid or test (or 0, 1, 2) for every row; or lists
            of row numbers, ``{"train": …, "valid": …, "test": …}``; or ``Masks``.
        fractions: of train and validation; test takes the rest. 60 and 20 percent of nodes, 80 and
            10 percent of graphs if not given.
        count: how many splits are drawn, or how many folds there are.
        seed: of the draw.
        time: of every row, for ``time``.
        cuts: where validation begins, and where test, in place of ``fractions``.
        held_out: share of the other folds that is validation.

    Shapes:
        time (N,); masks (N, S), of a set (G, S)

    Raises:
        ValueError: an unknown kind, shares that leave a part empty, a column or list that does not
            fit.

    Example:
        >>> from gnnlab import datasets
        >>> club = datasets.split(datasets.load("karate"), "random", fractions=(0.5, 0.25), count=3)
        >>> club.train_mask.shape, int(club.train_mask[:, 0].sum())
        (torch.Size([34, 3]), 17)
    """
    check_count("count", count)
    check_count("seed", seed, 0)
    if not isinstance(data, Graphs):
        refuse_other_graphs(data)
    rows = len(data) if isinstance(data, Graphs) else count_nodes(data)
    if not rows:
        raise ValueError("the graph has no node, so there is nothing to split: fill it")
    if isinstance(by, str):
        check_choice("by", by, KINDS)
        shares = _shares(fractions or (OF_GRAPHS if isinstance(data, Graphs) else OF_NODES))
        if by == "time":
            masks = by_time(_times(time, rows), shares, cuts, _known(data, rows))
        elif by == "scaffold":
            masks = _scaffolds(data, count, seed, shares)
        else:
            masks = _drawn(data, by, rows, shares, count, seed, held_out)
        name = by if by in ("time", "scaffold") else f"{by}:{seed}"
    else:
        masks, name = given_masks(by, rows), "given"
    _refuse_empty(masks, name)
    if isinstance(data, Graphs):
        return cast(Split, replace(data, masks=masks, split=name))
    found = copy(data)
    found.train_mask, found.val_mask, found.test_mask = masks.train, masks.val, masks.test
    found.split = name
    return cast(Split, found)


def given_masks(by: Any, rows: int) -> Masks:
    """Take a split that somebody has made: masks, lists of row numbers, or a column.

    Raises:
        ValueError: one that does not fit so many rows.
    """
    if isinstance(by, Mapping):
        return by_lists(by, rows)
    flat = getattr(by, "ndim", 1) == 1 and not isinstance(by, str | bytes | type)
    if not isinstance(by, Masks) and not (flat and hasattr(by, "__getitem__") and len(by)):
        raise ValueError(
            f"the split is {described(by)}, but it is a word such as 'random', a column with a "
            "part for every row, lists of row numbers, or Masks: give one of these"
        )
    found = by if isinstance(by, Masks) else by_column(by, lambda row: f"row {row} of the split")
    if len(found.train) != rows:
        raise ValueError(
            f"the split has {len(found.train)} rows, but there are {rows} to split: give each one"
        )
    return found


def by_time(
    time: Tensor, shares: tuple[float, float], cuts: Sequence[float] | None, known: Tensor
) -> Masks:
    """Split by time: training lies before validation, and that before test.

    Rows of one moment are in one part, so that shares are met as nearly as that allows.

    Args:
        known: which rows are in any part.

    Shapes: time (N,), known (N,) bool -> three masks (N, 1).
    """
    if cuts is None:
        ordered = time[known].sort().values
        at = [round(len(ordered) * sum(shares[:n])) for n in (1, 2)]
        cuts = [float(ordered[min(place, len(ordered) - 1)]) for place in at]
    first, second = cuts
    if not first < second:
        raise ValueError(
            f"validation begins at {first:g} and test at {second:g}, but validation comes first: "
            "give cuts=(valid_from, test_from) apart from each other"
        )
    parts = (time < first, (time >= first) & (time < second), time >= second)
    return Masks(*((part & known)[:, None] for part in parts))


def _drawn(
    data: Any, by: str, rows: int, shares: tuple[float, float], count: int, seed: int, held: float
) -> Masks:
    """Random, stratified or folds."""
    level = strata(_targets(data, rows), rows)
    if level is None and by == "stratified":
        raise ValueError(
            "by is 'stratified', but the rows have several targets or none: take by='random'"
        )
    known = _known(data, rows)
    level = torch.zeros(rows, dtype=torch.int64) if level is None else level
    level = level.where(known, -1)
    if by == "folds":
        check_count("count", count, 2)
        inside = folds(level[known], count, held, seed)
        empty = torch.zeros(rows, count, dtype=torch.bool)
        parts = (inside.train, inside.val, inside.test)
        return Masks(*(empty.index_put((known.nonzero()[:, 0],), part) for part in parts))
    if by == "random":
        return evenly(level, count, shares, seed)
    return stratified(level, count, shares, seed)


def strata(y: Tensor | None, rows: int) -> Tensor | None:
    """Number what each part has an equal share of: classes, or tenths of the values of a number.

    Shapes: (N,), or (N, 1) of numbers -> (N,) int64; None where there is no such target.
    """
    if y is None or y.numel() != rows:
        return None
    if not y.is_floating_point():
        return y.reshape(-1).long()
    value = y.reshape(-1).double()
    known = value[~value.isnan()]
    if not len(known):
        return None
    inner = torch.linspace(0, 1, BINS + 1, dtype=torch.float64)[1:-1]
    # Of ranks and not of torch.quantile, which takes no more than 16 million numbers.
    edges = known.sort().values[(inner * (len(known) - 1)).round().long()]
    return torch.bucketize(value, edges, right=True)


def _targets(data: Any, rows: int) -> Tensor | None:
    """One row a node or graph; None where there are none, as of classes of a set's nodes."""
    y: Any = None
    if not isinstance(data, Graphs):
        y = data.y if "y" in data else None
    elif all("y" in graph for graph in data):
        y = data.y
    return y if isinstance(y, Tensor) and y.dim() and len(y) == rows else None


def _known(data: Any, rows: int) -> Tensor:
    """Which rows have some target; all where there is none at all."""
    y = _targets(data, rows)
    if y is None:
        return torch.ones(rows, dtype=torch.bool)
    flat = y.reshape(rows, -1)
    return (~flat.isnan() if y.is_floating_point() else flat >= 0).any(1)


def _times(time: Any, rows: int) -> Tensor:
    if time is None:
        raise ValueError("by is 'time', and no time is given: give time=, one number a row")
    try:
        found = time if isinstance(time, Tensor) else torch.from_numpy(np.array(time, np.float64))
    except (TypeError, ValueError):
        raise ValueError(
            f"time is {described(time)}, but it is a number for every row: turn dates into numbers"
        ) from None
    if found.shape != (rows,):
        raise ValueError(f"time is {tuple(found.shape)}, but every one of {rows} rows has one")
    return found


def _shares(fractions: Sequence[float]) -> tuple[float, float]:
    if len(fractions) != 2:
        raise ValueError(
            f"fractions is {shown(fractions)}, but it says the shares of training and validation, "
            "such as (0.6, 0.2): test takes the rest"
        )
    for share in fractions:
        check_share("each of fractions", share)
    if sum(fractions) >= 1:
        raise ValueError(
            f"fractions is {shown(fractions)}, which leaves nothing to test: take smaller shares"
        )
    return float(fractions[0]), float(fractions[1])


def _scaffolds(data: Any, count: int, seed: int, shares: tuple[float, float]) -> Masks:
    if not isinstance(data, Graphs):
        raise ValueError("by is 'scaffold', which is for sets of molecules: take another split")
    return by_scaffold(data, seed if count > 1 else None, count, shares)


def _refuse_empty(masks: Masks, name: str) -> None:
    for part, mask in (("train", masks.train), ("valid", masks.val), ("test", masks.test)):
        empty = (~mask.any(0)).nonzero().flatten().tolist()
        if empty:
            raise ValueError(
                f"split {empty[0]} ({name}) puts no row into {part}: take other shares, or another "
                "split"
            )
