"""Many settings of one run: which is best on validation, and what that one scores on test."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.contracts.data import check_device
from gnnlab.core.errors import sentence
from gnnlab.core.processes import check_jobs
from gnnlab.core.writing import NotWritten
from gnnlab.runner.runs.results import read_results, scored
from gnnlab.runner.runs.run import Pair, run
from gnnlab.runner.settings.config import Config, change, configure
from gnnlab.runner.settings.keys import place
from gnnlab.runner.sweep.space import Space, Values, grid


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
        return (
            statistics.fmean(scored(row, "valid") for row in self.rows) if self.rows else math.nan
        )

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


def run_sweep(
    sweep: Sweep, out: str | Path, *, trials: int | None = None, seed: int = 0, jobs: int = 1
) -> Iterator[Trial]:
    """Train one setting after the other on the pairs that choose, and yield each.

    Every setting's run lies in a folder named by its hash, as those of :func:`run` do: the same
    call again trains only what is not there yet.

    Args:
        out: where run folders lie.
        trials: how many settings are drawn, by optuna; every combination without.
        seed: of the draws.
        jobs: processes that train the pairs of a setting at once.

    Raises:
        ValueError: the first setting does not fit, or nothing can be drawn.
    """
    first = {k: a[0] if isinstance(a, tuple) else a.low for k, a in sweep.space.items()}
    # What is wrong with all settings is told before anything is trained.
    check_jobs(jobs)
    check_device(sweep.config(first).run.device)
    attempt = partial(_try, sweep, Path(out), jobs)
    if trials is None:
        yield from map(attempt, grid(sweep.space))
        return
    from gnnlab.runner.sweep.search import search

    yield from search(sweep, attempt, Path(out), trials, seed)


def _try(sweep: Sweep, out: Path, jobs: int, values: Values) -> Trial:
    """A setting that does not fit or breaks is told, and does not end the sweep."""
    try:
        config = sweep.config(values)
        pairs = sweep.pairs(config)
        folder = run(config, out, jobs=jobs, progress=True, pairs=pairs)
    except NotWritten:
        raise
    except Exception as error:
        return Trial(values, broken=sentence(error))
    rows = [row for row in read_results(folder) if (row["split"], row["seed"]) in pairs]
    return Trial(values, config, tuple(rows))


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
