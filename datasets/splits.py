"""Train, validation and test masks: drawn with a seed, or built of what a file stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Masks:
    """S splits of N nodes, as three boolean tensors of shape (N, S)."""

    train: Tensor
    val: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        shared = (self.train & self.val) | (self.train & self.test) | (self.val & self.test)
        if bool(shared.any()):
            node, split = shared.nonzero()[0].tolist()
            raise ValueError(
                f"split {split} puts node {node} in two parts at once; train, validation and test "
                "must be disjoint"
            )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Nodes in train, validation and test of the first split."""
        parts = (self.train, self.val, self.test)
        return tuple(int(part[:, 0].sum()) for part in parts)  # type: ignore[return-value]


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
    parts = torch.from_numpy(part.T.copy())
    return Masks(parts == 0, parts == 1, parts == 2)


def from_indices(train: Tensor, val: Tensor, test: Tensor, num_nodes: int) -> Masks:
    """Turn three lists of node ids into one split: masks of shape (N, 1)."""
    masks = []
    for ids in (train, val, test):
        mask = torch.zeros(num_nodes, 1, dtype=torch.bool)
        mask[ids.long()] = True
        masks.append(mask)
    return Masks(*masks)
