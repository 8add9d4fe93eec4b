"""Splits of one's own nodes and graphs: shares, strata, times, folds, lists and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets import Graphs, Masks
from gnnlab.datasets.values.masks import unsplit


def nodes(y: Tensor | None, count: int = 100) -> Data:
    count = count if y is None else len(y)
    return Data(x=torch.ones(count, 1), edge_index=torch.empty(2, 0, dtype=torch.int64), y=y)


def graphs(y: Tensor) -> Graphs:
    edges = torch.tensor([[0, 1], [1, 0]])
    made = tuple(Data(x=torch.ones(2, 1), edge_index=edges, y=own[None]) for own in y)
    return Graphs(made, unsplit(len(made)), classes=2, name="made")


def columns(data: Any) -> np.ndarray[Any, Any]:
    """0, 1 or 2 for every row and split; -1 for none."""
    part = torch.full(data.train_mask.shape, -1)
    for number, mask in enumerate((data.train_mask, data.val_mask, data.test_mask)):
        part[mask] = number
    return part.numpy()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(1, 4), st.sampled_from(["random", "stratified", "auto"]))
def test_drawn_shares(seed: int, count: int, by: str) -> None:
    y = torch.arange(200) % 4
    y[:20] = -1
    data = nodes(y)
    found = datasets.split(data, by, fractions=(0.5, 0.2), count=count, seed=seed)
    part = columns(found)
    assert part.shape == (200, count) and (part[:20] == -1).all() and (part[20:] >= 0).all()
    if by == "random":
        assert [(part[:, 0] == p).sum() for p in range(3)] == [90, 36, 54]
    for c in range(4) if by != "random" else ():
        assert [(part[y.numpy() == c, 0] == p).sum() for p in range(3)] == [22, 9, 14]
    again = datasets.split(data, by, fractions=(0.5, 0.2), count=count, seed=seed)
    assert (columns(again) == part).all() and "train_mask" not in data
    if count > 1:
        assert (part[:, 0] != part[:, 1]).any()


def test_numbers_are_stratified_by_their_size() -> None:
    y = torch.randn(1000, generator=torch.Generator().manual_seed(0)) ** 3
    y[::10] = float("nan")
    part = columns(datasets.split(nodes(y), "stratified", fractions=(0.6, 0.2)))[:, 0]
    assert (part[::10] == -1).all()
    order = y[~y.isnan()].argsort()
    sizes = [(part[~y.isnan().numpy()][order[i * 90 : (i + 1) * 90]] == 0).sum() for i in range(10)]
    assert max(sizes) - min(sizes) <= 2
    assert datasets.split(nodes(y)).split == "auto:0"
    with pytest.raises(ValueError, match="'stratified', but the rows have several targets or none"):
        datasets.split(nodes(torch.zeros(20, 3)), "stratified")
    whole = datasets.split(nodes(torch.zeros(20, 3)))
    assert (columns(whole) >= 0).all()


def test_graphs_of_a_set() -> None:
    made = graphs(torch.arange(50) % 2)
    found = datasets.split(made, seed=3, count=2)
    assert isinstance(found, Graphs) and found.masks.sizes == (40, 4, 6) and found.split == "auto:3"
    assert not bool(made.train_mask.any())
    assert datasets.split(graphs(torch.rand(50)), "stratified").masks.sizes[0] == 40


def test_folds_test_every_known_row_once() -> None:
    y = torch.arange(60) % 3
    y[::6] = -1
    part = columns(datasets.split(nodes(y), "folds", count=5))
    assert ((part == 2).sum(1) == (y >= 0).numpy()).all() and (part[::6] == -1).all()
    assert ((part == 1).sum(0) > 0).all()
    numbers = columns(datasets.split(nodes(torch.rand(60)), "folds", count=5))
    assert ((numbers == 2).sum(1) == 1).all()


def test_time_parts_the_past_from_the_future() -> None:
    time = torch.tensor([5.0, 1, 2, 3, 4, 0, 6, 7, 8, 9])
    found = columns(datasets.split(nodes(None, 10), "time", time=time, fractions=(0.6, 0.2)))[:, 0]
    assert (time[found == 0] < 6).all() and (time[found == 2] >= 8).all()
    assert [(found == p).sum() for p in range(3)] == [6, 2, 2]
    cut = columns(datasets.split(nodes(None, 10), "time", time=time.numpy(), cuts=(2, 9)))[:, 0]
    assert [(cut == p).sum() for p in range(3)] == [2, 7, 1]
    tied = torch.tensor([0.0, 1, 1, 1, 2, 3])
    found = columns(datasets.split(nodes(None, 6), "time", time=tied, fractions=(0.4, 0.4)))[:, 0]
    assert found.tolist() == [0, 1, 1, 1, 1, 2]


def test_lists_columns_and_masks() -> None:
    lists = {"train": [0, 1], "valid": torch.tensor([2]), "test": np.array([3])}
    words = ["Train", "train", "val", "TEST", None]
    part = torch.tensor([0, 0, 1, 2, -1])
    masks = Masks(part == 0, part == 1, part == 2)
    for by in (lists, words, pd.Series(words), part, masks, np.array([0, 0, 1, 2, np.nan])):
        found = datasets.split(nodes(None, 5), by)
        assert columns(found)[:, 0].tolist() == [0, 0, 1, 2, -1] and found.split == "given"


@pytest.mark.parametrize(
    ("by", "more", "told"),
    [
        ("randm", {}, "by is 'randm', which is none of auto, random, stratified, folds, time"),
        ("random", {"fractions": (0.8, 0.3)}, "which leaves nothing to test: take smaller shares"),
        ("random", {"fractions": (0.8,)}, "it says the shares of training and validation"),
        ("random", {"fractions": (0.99, 0.001)}, "puts no row into valid: take other shares"),
        ("random", {"count": 0}, "count is 0, but it must be a whole number of at least 1"),
        ("folds", {}, "count is 1, but it must be a whole number of at least 2"),
        ("time", {}, "by is 'time', and no time is given: give time=, one number a row"),
        ("time", {"time": [1, 2]}, r"time is \(2,\), but every one of 10 rows has one"),
        ("time", {"time": [1.0] * 10}, "validation begins at 1 and test at 1, but validation"),
        ("scaffold", {}, "by is 'scaffold', which is for sets of molecules"),
        ({"train": [0], "test": [1]}, {}, "the lists of rows are 'train', 'test', without 'valid'"),
        (
            {"train": [0], "val": [1], "test": [10]},
            {},
            "the list 'test' names row 10, but there ar",
        ),
        ({"train": [0], "val": [0], "test": [1]}, {}, "puts row 0 in two parts at once"),
        ({"train": [0.5], "val": [0], "test": [1]}, {}, "holds torch.float64, but rows are whole"),
        (["train"] * 3, {}, "the split has 3 rows, but there are 10 to split: give each one"),
        (["train"] * 9 + ["tets"], {}, "row 9 of the split is of part 'tets'"),
        (["train"] * 10, {}, "puts no row into valid"),
    ],
)
def test_refused(by: Any, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        datasets.split(nodes(None, 10), by, **more)
