"""Trials of a sweep: settings that were tried, and the best of them on validation."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gnnlab.runner.runs.results import scored
from gnnlab.runner.runs.run import Pair
from gnnlab.runner.settings.config import Config, change, configure
from gnnlab.runner.settings.keys import place
from gnnlab.runner.sweep.space import Space, Values


@dataclass(frozen=True)
class Trial:
    """A setting that was tried.

    Args:
        rows: its lines of results on the pairs that choose.
        broken: why it has none, in a sentence.
    """

    values: Values
    config: Config | None = None
    rows: tuple[dict[str, Any], ...] = ()
    broken: str = ""

    @property
    def valid(self) -> float:
        """The mean validation score; nan where there is none."""
        scores = [scored(row, "valid") for row in self.rows]
        return statistics.fmean(scores) if scores else math.nan

    def valid_of(self, split: int) -> float:
        """The mean over the seeds of one split."""
        found = [scored(row, "valid") for row in self.rows if row["split"] == split]
        return statistics.fmean(found) if found else math.nan


@dataclass(frozen=True)
class Sweep:
    """Settings of a run, what is varied in them, and what the choice is made on.

    Args:
        settings: nested tables, as :func:`gnnlab.runner.configure` takes them.
        overrides: ``dotted.key=VALUE``, applied first.
        space: what is tried.
        tune_splits: splits whose validation scores choose; none for all of the run's.
    """

    settings: Mapping[str, Any]
    space: Space
    overrides: tuple[str, ...] = ()
    tune_splits: tuple[int, ...] = ()

    def config(self, values: Mapping[str, Any]) -> Config:
        """The settings with a trial's values.

        Raises:
            ValueError: as :func:`gnnlab.runner.configure`.
        """
        tables: dict[str, Any] = json.loads(json.dumps(self.settings))
        for override in self.overrides:
            change(tables, override)
        for key, value in values.items():
            place(tables, key, value, f"{key} is varied")
        return configure(tables)

    def pairs(self, config: Config) -> list[Pair]:
        """The pairs of split and seed that choose."""
        splits = self.tune_splits or config.run.splits
        return [(split, seed) for split in splits for seed in config.run.seeds]


def choose(trials: Sequence[Trial], score: Callable[[Trial], float] | None = None) -> Trial:
    """The trial with the best validation score; of equal ones the first.

    Args:
        score: the validation score; the mean over all rows by default.

    Raises:
        ValueError: no trial has one.
    """
    from gnnlab.tasks.metrics.by_name import sign

    score = score or (lambda trial: trial.valid)
    sound = [trial for trial in trials if not math.isnan(score(trial))]
    if not sound:
        why = next((f": {trial.broken}" for trial in trials if trial.broken), "")
        raise ValueError(f"none of {len(trials)} settings has a validation score{why}")
    direction = sign(sound[0].rows[0]["metric"])
    return max(sound, key=lambda trial: direction * score(trial))
