"""A generated Minesweeper board is as hard as the published one."""

from __future__ import annotations

import os
import statistics

import pytest

from gnnlab import datasets, layers, tasks

TRAINING = tasks.Training(lr=3e-3, epochs=120)


def score(data: object, split: int) -> float:
    encoder = layers.SAGE(7, 64, num_layers=5)
    task = tasks.NodeClassification()
    return tasks.fit(task, encoder, data, TRAINING, split=split, seed=split, keep_model=False).test


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("GNNLAB_MIRROR"), reason="needs the real minesweeper.npz")
def test_five_boards_score_as_five_splits_of_the_real_one() -> None:
    real = datasets.load("minesweeper")
    theirs = [score(real, split) for split in range(5)]
    ours = [score(datasets.minesweeper(seed=100 + board), board) for board in range(5)]
    error = (statistics.variance(theirs) / 5 + statistics.variance(ours) / 5) ** 0.5
    apart = statistics.fmean(ours) - statistics.fmean(theirs)
    print(f"generated {statistics.fmean(ours):.4f}, real {statistics.fmean(theirs):.4f}")
    print(f"apart {apart:+.4f}, combined standard error {error:.4f}")
    assert abs(apart) < 2 * error
