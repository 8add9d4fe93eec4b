"""Masks of training, validation and test: drawn with a seed, or made from stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Masks:
    """S splits of N nodes or graphs, as three boolean tensors of shape (N, S); (N,) is one split.

    Raises:
        ValueError: tensors that are not boolean or not of one shape; a row in two parts at once.
    """

    train: Tensor
    val: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        for name in ("train", "val", "test"):
            if not isinstance(part := getattr(self, name), Tensor):
                raise ValueError(
                    f"{name} is a {type(part).__name__}, but a mask is a boolean tensor (N, S)"
                )
        shape = self.train.shape
        for name in ("train", "val", "test"):
            part = getattr(self, name)
            if part.dtype != torch.bool or part.dim() not in (1, 2) or part.shape != shape:
                raise ValueError(
                    f"{name} is {part.dtype} of shape {tuple(part.shape)}, but masks of splits are "
                    f"boolean and alike, (N, S): train is {tuple(shape)}"
                )
            object.__setattr__(self, name, part.reshape(len(part), -1))
        shared = (self.train & self.val) | (self.train & self.test) | (self.val & self.test)
        if bool(shared.any()):
            row, split = shared.nonzero()[0].tolist()
            raise ValueError(
                f"split {split} puts row {row} in two parts at once; train, validation and test "
                "must be disjoint"
            )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Nodes in train, validation and test of the first split."""
        parts = (self.train, self.val, self.test)
        return tuple(int(part[:, 0].sum()) for part in parts)  # type: ignore[return-value]

    def __repr__(self) -> str:
        train, val, test = self.sizes if self.train.shape[1] else (0, 0, 0)
        rows, splits = self.train.shape
        return f"Masks({splits} splits of {rows}; the first: train {train}, val {val}, test {test})"

    def rows(self, kept: Sequence[int]) -> Masks:
        """Return the splits of some of the nodes or graphs, in the order given."""
        return Masks(*(part[list(kept)] for part in (self.train, self.val, self.test)))


def stratified(
    y: Tensor,
    count: int = 10,
    fractions: tuple[float, float] = (0.5, 0.25),
    seed: int | np.random.Generator = 0,
) -> Masks:
    """Draw splits that keep every class's share; nodes without a label are in no part.

    Args:
        y: (N,) int64, negative where unknown.
        count: S, how many independent splits.
        fractions: of train and validation; test takes the rest of each class.
        seed: of the draw, or a numpy generator to draw from.

    Shapes: three masks (N, S).
    """
    rng = np.random.default_rng(seed)
    label = y.numpy()
    part = np.full((count, len(label)), -1, dtype=np.int8)
    groups = [np.flatnonzero(label == c) for c in np.unique(label[label >= 0])]
    for row in part:
        for group in groups:
            order = rng.permutation(group)
            first, second = np.rint(len(order) * np.cumsum(fractions)).astype(int)
            row[order] = 2
            row[order[:first]] = 0
            row[order[first:second]] = 1
    return masks_of(part)


def evenly(
    y: Tensor,
    count: int = 10,
    fractions: tuple[float, float] = (0.1, 0.1),
    seed: int | np.random.Generator = 0,
) -> Masks:
    """Draw splits without regard to classes; nodes without a label are in no part.

    Args:
        y: (N,) int64, negative where unknown.
        count: S, how many independent splits.
        fractions: of train and validation, rounded down; test takes the rest.
        seed: of the draw, or a numpy generator to draw from.

    Shapes: three masks (N, S).

    Source: Liang et al., "Towards Quantifying Long-Range Interactions in Graph Machine Learning",
    2025 (https://arxiv.org/abs/2503.09008), who draw one.
    """
    rng, label = np.random.default_rng(seed), y.numpy()
    part = np.full((count, len(label)), -1, dtype=np.int8)
    known = np.flatnonzero(label >= 0)
    train, valid = (int(len(known) * fraction) for fraction in fractions)
    for row in part:
        order = rng.permutation(known)
        row[order] = 2
        row[order[:train]], row[order[train : train + valid]] = 0, 1
    return masks_of(part)


def few_labels(
    y: Tensor,
    count: int = 100,
    sizes: tuple[int, int, int] = (20, 500, 1000),
    seed: int | np.random.Generator = 0,
) -> Masks:
    """Draw splits of the public Planetoid splits' sizes.

    Args:
        y: (N,) int64, negative where unknown; such nodes are in no part.
        count: S, how many independent splits.
        sizes: nodes of each class in train, then nodes of any class in validation and in test.
        seed: of the draw, or a numpy generator to draw from.

    Shapes: three masks (N, S).

    Raises:
        ValueError: too few nodes, in a class or in all.
    """
    each, valid, test = sizes
    rng, label = np.random.default_rng(seed), y.numpy()
    part = np.full((count, len(label)), -1, dtype=np.int8)
    for row in part:
        row[_of_each_class(label, each, rng)] = 0
        rest = np.flatnonzero((label >= 0) & (row < 0))
        if len(rest) < valid + test:
            raise ValueError(
                f"{len(rest)} nodes are left of {len(label)}, but validation and test take {valid} "
                f"and {test}: take another split"
            )
        rest = rng.permutation(rest)
        row[rest[:valid]], row[rest[valid : valid + test]] = 1, 2
    return masks_of(part)


def few_per_class(
    y: Tensor,
    count: int = 100,
    sizes: tuple[int, int] = (20, 30),
    seed: int | np.random.Generator = 0,
) -> Masks:
    """Draw splits with equally many nodes of each class in train, and in validation.

    Args:
        y: (N,) int64, negative where unknown; such nodes are in no part.
        count: S, how many independent splits.
        sizes: nodes of each class in train and in validation; test takes all others.
        seed: of the draw, or a numpy generator to draw from.

    Shapes: three masks (N, S).

    Raises:
        ValueError: a class with too few nodes.

    Source: Shchur et al., "Pitfalls of Graph Neural Network Evaluation", 2018
    (https://arxiv.org/abs/1811.05868), who look at the largest component alone.
    """
    rng, label = np.random.default_rng(seed), y.numpy()
    part = np.full((count, len(label)), -1, dtype=np.int8)
    for row in part:
        row[label >= 0] = 2
        chosen = _of_each_class(label, sum(sizes), rng).reshape(-1, sum(sizes))
        row[chosen[:, : sizes[0]]], row[chosen[:, sizes[0] :]] = 0, 1
    return masks_of(part)


def _of_each_class(label: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """So many nodes of each class, class by class."""
    found = []
    for c in np.unique(label[label >= 0]):
        group = np.flatnonzero(label == c)
        if len(group) < size:
            raise ValueError(
                f"class {c} has {len(group)} nodes to draw from, but the split takes {size} of "
                "each: take another split"
            )
        found.append(rng.permutation(group)[:size])
    return np.concatenate(found)


def masks_of(part: np.ndarray) -> Masks:
    """From (S, N), 0 for train, 1 for validation, 2 for test."""
    parts = torch.from_numpy(part.T.copy())
    return Masks(parts == 0, parts == 1, parts == 2)


def unsplit(count: int) -> Masks:
    """One split of so many graphs that puts none of them anywhere."""
    nothing = torch.zeros(count, 1, dtype=torch.bool)
    return Masks(nothing, nothing, nothing)


def from_indices(train: Tensor, val: Tensor, test: Tensor, num_nodes: int) -> Masks:
    """Turn three lists of node ids into one split: masks of shape (N, 1)."""
    masks = []
    for ids in (train, val, test):
        mask = torch.zeros(num_nodes, 1, dtype=torch.bool)
        mask[ids.long()] = True
        masks.append(mask)
    return Masks(*masks)
