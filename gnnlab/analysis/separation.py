"""Class separation: the share of the states' variance that lies between classes."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.analysis.checks import check_rows
from gnnlab.core.settings import checked


@checked
def class_separation(h: Tensor, y: Tensor) -> float:
    r"""Give the share of the states' variance that lies between classes.

    .. math:: \frac{\sum_c n_c \|\mu_c - \mu\|^2}{\sum_i \|h_i - \mu\|^2}

    1 where every class is a point of its own, 0 where all classes have one mean. It depends on
    neither the scale nor the place of the states.

    Args:
        h: states.
        y: classes, negative where unknown; those rows do not count.

    Shapes:
        h (N, F), y (N,) int64

    Returns:
        A fraction; nan where all rows are equal (to rounding) or no class is known.

    Raises:
        ValueError: ``h`` is no table of floating-point rows, or ``y`` has another length.

    Source:
        the correlation ratio; as a measure of what depth does to heterophilous graphs: Bodnar, Di
        Giovanni, Chamberlain, Lio and Bronstein, "Neural sheaf diffusion", NeurIPS 2022, section 3
        (https://arxiv.org/abs/2202.04579), which speaks of linear separation.
    """
    check_rows("h", h)
    if y.shape != h.shape[:1] or y.is_floating_point():
        raise ValueError(
            f"y is {y.dtype} of shape {tuple(y.shape)}, but there are {len(h)} states: give a "
            "class, (N,) int64, for each"
        )
    h, y = h.detach()[y >= 0].double(), y[y >= 0]
    if not len(h):
        return float("nan")
    h = h - h.mean(0)
    total = float(h.square().sum())
    y = torch.unique(y, return_inverse=True)[1]  # labels may be any numbers
    counts = torch.bincount(y).to(h)
    sums = h.new_zeros(len(counts), h.shape[1]).index_add_(0, y, h)
    between = float((sums.square().sum(1) / counts.clamp(min=1)).sum())
    # Rounding of the mean leaves dust where all rows are equal.
    dust = len(h) * h.shape[1] * (torch.finfo(h.dtype).eps * float(h.abs().max() + 1)) ** 2
    return between / total if total > dust else float("nan")
