"""Parts of the test nodes: those that calibrate, and those that coverage is measured on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import shown
from gnnlab.tasks.shared.checks import rows
from gnnlab.tasks.training.seed import checked_seed
from gnnlab.tasks.uncertainty.method import generator_of


def calibration_part(
    data: Any, labels: Tensor, calibration: Tensor | float | None, split: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return the calibration nodes and the judged ones, both (N,) bool.

    Raises:
        ValueError: a part that is empty, or nodes that the model has been fitted to.
    """
    test = _mask(data, "test_mask", split, labels) & (labels >= 0)
    if calibration is None:
        calibration = data.to_dict().get("calib_mask", 0.5)
    if isinstance(calibration, Tensor):
        known = _given(data, labels, calibration, split)
    else:
        known = _drawn(test, calibration, seed)
    judged = test & ~known
    if not bool(known.any()) or not bool(judged.any()):
        raise ValueError(
            f"{int(known.sum())} nodes calibrate and {int(judged.sum())} are left to judge of "
            f"{int(test.sum())} test nodes, but both are needed: give another calibration"
        )
    return known, judged


def _given(data: Any, labels: Tensor, calibration: Tensor, split: int) -> Tensor:
    columns = calibration.reshape(len(calibration), -1).cpu() if calibration.dim() else calibration
    if columns.dtype != torch.bool or columns.shape[:1] != labels.shape:
        raise ValueError(
            f"calibration is {calibration.dtype} of shape {described(calibration)}, but it is a "
            f"boolean mask of the {len(labels)} nodes, or a share of the test nodes: give one"
        )
    known: Tensor = columns[:, split if columns.shape[1] > 1 else 0]
    for name in ("train_mask", "val_mask"):
        both = known & _mask(data, name, split, labels)
        if bool(both.any()):
            raise ValueError(
                f"node {int(both.nonzero()[0])} calibrates and is in data.{name} too "
                f"({int(both.sum())} nodes are), but a model knows the nodes that it was fitted to "
                "better than new ones: calibrate on others"
            )
    if bool((labels[known] < 0).any()):
        raise ValueError(
            f"node {int((known & (labels < 0)).nonzero()[0])} calibrates, but its label is -1 "
            "(unknown): calibrate on labelled nodes"
        )
    return known


def _drawn(test: Tensor, share: Any, seed: int) -> Tensor:
    if isinstance(share, bool) or not isinstance(share, float) or not 0 < share < 1:
        raise ValueError(
            f"calibration is {shown(share)}, but it is a mask of nodes, or the share of the test "
            "nodes that calibrates, above 0 and below 1"
        )
    nodes = test.nonzero().flatten()
    generator = generator_of(checked_seed(seed))
    kept = nodes[torch.randperm(len(nodes), generator=generator)][: round(share * len(nodes))]
    known = torch.zeros_like(test)
    known[kept] = True
    return known


def _mask(data: Any, name: str, split: int, labels: Tensor) -> Tensor:
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[rows(data, name, split).cpu()] = True
    return mask
