"""Plotting with matplotlib, which is an extra: new axes in the look that all plots share."""

from __future__ import annotations

from typing import Any


def new_axes(count: int = 1, height: float = 3.2) -> tuple[Any, ...]:
    """Return axes side by side in a new figure, without lines above and to the right.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install 'gnnlab[plot]'") from error
    size = (1.35 * height * count, height)
    _, axes = pyplot.subplots(1, count, figsize=size, squeeze=False, layout="constrained")
    for ax in axes[0]:
        ax.spines[["top", "right"]].set_visible(False)
    return tuple(axes[0])
