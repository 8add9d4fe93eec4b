"""Overlap of a run's splits, for the corrected paired test."""

from __future__ import annotations

from gnnlab.runner.overview.read_runs import ReadRun
from gnnlab.runner.runs.curves import read_curves
from gnnlab.runner.runs.run_toml import read_about, settings_of
from gnnlab.runner.settings.config import configure
from gnnlab.runner.study.cells import held_out_share


def known_share(run: ReadRun) -> float | None:
    """How many test rows there are for each training row in a run's first split.

    The run's curves say so. For one that kept none its data are loaded; None where they are not at
    hand, or have no masks, as links do.
    """
    for curve in read_curves(run.folder).values():
        return curve.share
    try:
        return held_out_share(configure(settings_of(read_about(run.folder))))
    except (ValueError, OSError, AttributeError, ZeroDivisionError):
        return None
