"""Folds for cross-validation: every graph is tested once, and some of the others validate."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gnnlab.core.arguments import check_count, check_share
from gnnlab.core.settings import checked
from gnnlab.datasets.values.masks import Masks, masks_of

FOLDS, HELD_OUT = 10, 0.1


@checked
def folds(
    y: Tensor,
    count: int = FOLDS,
    held_out: float = HELD_OUT,
    seed: int | np.random.Generator = 0,
) -> Masks:
    """Cut the set into stratified folds, each the test part of one split.

    Of what a fold leaves, a stratified part is held out for validation: no model is chosen on the
    graphs it is judged by, as it is where folds have a training and a test part alone.

    Args:
        y: (G,) int64 of classes; zeros where there are none.
        count: S, how many folds.
        held_out: share of the other folds that is validation, at least one of every class that has
            two there.
        seed: of the draw, or a numpy generator to draw from.

    Shapes: three masks (G, S).

    Raises:
        ValueError: fewer than 2 folds, or fewer graphs than folds.

    Source:
        Errica, Podda, Bacciu and Micheli, "A Fair Comparison of Graph Neural Networks for Graph
        Classification", ICLR 2020 (https://arxiv.org/abs/1912.09893): ten folds, 90/10 within.
    """
    check_count("count", count, 2)
    check_share("held_out", held_out)
    if not isinstance(seed, np.random.Generator):
        check_count("seed", seed, 0)
    if len(y) < count:
        raise ValueError(f"{len(y)} graphs cannot fill {count} folds: ask for fewer")
    rng, label = np.random.default_rng(seed), y.numpy()
    # Class by class, each in an order of its own, and dealt out in turn: sizes differ by one.
    dealt = np.concatenate([rng.permutation(np.flatnonzero(label == c)) for c in np.unique(label)])
    fold = np.empty(len(label), dtype=np.int64)
    fold[dealt] = np.arange(len(label)) % count
    part = np.zeros((count, len(label)), dtype=np.int8)
    for number, row in enumerate(part):
        row[fold == number] = 2
        row[hold_out(label, np.flatnonzero(row == 0), held_out, rng)] = 1
    return masks_of(part)


def hold_out(
    label: np.ndarray, rest: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Choose a share of each class among the graphs ``rest``, at least one where it has two."""
    chosen = []
    for c in np.unique(label[rest]):
        group = rng.permutation(rest[label[rest] == c])
        size = max(int(np.rint(share * len(group))), int(share > 0 and len(group) > 1))
        chosen.append(group[:size])
    return np.concatenate(chosen)
