"""Result plot: loss and score by epoch, with the epoch that was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gnnlab.core.plotting import new_axes
from gnnlab.tasks.metrics.by_name import is_fraction
from gnnlab.tasks.training.curve import Curve

PANELS = {"loss": ("loss", "valid_loss"), "score": ("valid", "test")}
NAMES = {"loss": "training", "valid_loss": "validation", "valid": "validation", "test": "test"}


def plot_result(
    curve: Curve, kept: int, metric: str, axes: Sequence[Any] | None = None
) -> tuple[Any, ...]:
    """Draw a curve into axes of the loss and, where there is one, of the score.

    Args:
        kept: the epoch, which a line marks.
        axes: as many as there are panels; new ones if None.

    Raises:
        ValueError: no curve, or another number of axes.
        ImportError: matplotlib is not installed.
    """
    if not len(curve):
        raise ValueError("the result has no curve to plot: its task trains nothing")
    panels = {name: lines for name, lines in PANELS.items() if set(lines) & set(curve.keys())}
    own = new_axes(len(panels)) if axes is None else tuple(axes)
    if len(own) != len(panels):
        raise ValueError(
            f"{len(own)} axes are given, but the curve has {len(panels)} panels "
            f"({', '.join(panels)}): give as many, or none"
        )
    for ax, (panel, lines) in zip(own, panels.items(), strict=True):
        _draw(ax, curve, [name for name in lines if name in curve.keys()], kept, metric)
        ax.set_ylabel("loss" if panel == "loss" else _unit(metric))
    return own


def _draw(ax: Any, curve: Curve, lines: Sequence[str], kept: int, metric: str) -> None:
    at = curve.epoch.index(kept)
    for name in lines:
        times = 100 if "loss" not in name and is_fraction(metric) else 1
        values = [times * value for value in curve[name]]
        (line,) = ax.plot(curve.epoch, values, label=NAMES[name])
        ax.plot([kept], [values[at]], "o", color=line.get_color(), markeredgecolor="black")
    ax.axvline(kept, color="gray", linestyle=":", label=f"kept: {kept}")
    ax.set_xlabel("epoch")
    ax.legend(frameon=False)


def _unit(metric: str) -> str:
    return f"{metric} (%)" if is_fraction(metric) else metric
