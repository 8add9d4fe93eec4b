"""Many settings of one run: which is best on validation, and what that one scores on test."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.sentences import sentence

from .config import Config, configure
from .keys import check_keys
from .results import read_results
from .run import Pair, run

Values = dict[str, Any]
"""What a trial sets: values by dotted key."""


@dataclass(frozen=True)
class Range:
    """Numbers between two ends, both included; whole ones where both ends are.

    Args:
        low: the smallest.
        high: the largest.
        log: draw the logarithm evenly.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


Space = Mapping[str, tuple[Any, ...] | Range]
"""What is tried: values, or a range, by dotted key."""


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
        return statistics.fmean(row["valid"] for row in self.rows) if self.rows else math.nan

    def valid_of(self, split: int) -> float:
        """The mean over the seeds of one split."""
        found = [row["valid"] for row in self.rows if row["split"] == split]
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
        return configure(put(self.settings, self.overrides, values))

    def pairs(self, config: Config) -> list[Pair]:
        """The pairs of split and seed that choose."""
        splits = self.tune_splits or config.run.splits
        return [(split, seed) for split in splits for seed in config.run.seeds]


def put(
    settings: Mapping[str, Any], overrides: Sequence[str], values: Mapping[str, Any]
) -> dict[str, Any]:
    """A copy of the settings with overrides and values in their places."""
    from .config import change

    tables: dict[str, Any] = json.loads(json.dumps(settings))
    for override in overrides:
        change(tables, override)
    for key, value in values.items():
        *path, last = key.split(".")
        table = tables
        for name in path:
            table = table.setdefault(name, {})
        table[last] = value
    return tables


def read_space(table: Mapping[str, Any]) -> Space:
    """Check what is to be tried, as a file's ``[sweep]`` or ``--over`` says it.

    Args:
        table: by dotted key a list of values, or ``{low, high, log}``.

    Raises:
        ValueError: nothing to try, no values, a value twice, or ends that are no range.
    """
    if not table:
        raise ValueError(
            "there is nothing to vary: give --over training.lr=[0.01,0.001], or a file with a "
            "[sweep] table"
        )
    return {key: _axis(key, value) for key, value in _dotted(table)}


def _dotted(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots between them; in TOML, ``model.dropout`` without quotes makes a table."""
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and "low" not in value and "high" not in value:
            yield from _dotted(value, f"{name}.")
        else:
            yield name, value


def _axis(key: str, value: Any) -> tuple[Any, ...] | Range:
    if "." not in key:
        raise ValueError(f"{key} is varied, but a setting is SECTION.KEY, such as training.lr")
    if isinstance(value, Mapping):
        check_keys(f"sweep.{key}", value, ("low", "high", "log"))
        found = Range(
            value.get("low", math.nan), value.get("high", math.nan), value.get("log", False)
        )
        _check_range(key, found)
        return found
    if not isinstance(value, list) or not value:
        raise ValueError(
            f"{key} is varied over {value!r}: give a list of values, or "
            "{low = …, high = …, log = true}"
        )
    if len({json.dumps(v, sort_keys=True) for v in value}) < len(value):
        raise ValueError(f"{key} is varied over {value}, where a value stands twice")
    return tuple(value)


def _check_range(key: str, found: Range) -> None:
    ends = (found.low, found.high)
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if not numbers or not found.low < found.high < math.inf or found.low == -math.inf:
        raise ValueError(f"{key} is varied from {ends[0]!r} to {ends[1]!r}: give low < high")
    if found.log and found.low <= 0:
        raise ValueError(f"{key} is varied from {ends[0]!r} on, and log needs a low above 0")


def grid(space: Space) -> list[Values]:
    """Every combination of the values, those of the last key changing first.

    Raises:
        ValueError: a range, of which no grid is made.
    """
    for key, axis in space.items():
        if isinstance(axis, Range):
            raise ValueError(
                f"{key} is a range, {axis.low} to {axis.high}: say with --trials how many settings "
                "are drawn, or give a list of values"
            )
    axes = [axis for axis in space.values() if isinstance(axis, tuple)]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*axes)]


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
        jobs: processes that train at once.

    Raises:
        ValueError: the first setting does not fit, or nothing can be drawn.
    """
    first = {k: a[0] if isinstance(a, tuple) else a.low for k, a in sweep.space.items()}
    sweep.config(first)  # a mistyped key is told before anything is trained
    attempt = partial(_try, sweep, Path(out), jobs)
    if trials is None:
        yield from map(attempt, grid(sweep.space))
        return
    from .sweep_search import search

    yield from search(sweep, attempt, Path(out), trials, seed)


def _try(sweep: Sweep, out: Path, jobs: int, values: Values) -> Trial:
    """A setting that does not fit or breaks is told, and does not end the sweep."""
    try:
        config = sweep.config(values)
        pairs = sweep.pairs(config)
        folder = run(config, out, jobs=jobs, progress=True, pairs=pairs)
    except (ValueError, RuntimeError, MemoryError) as error:
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
    from gnnlab.tasks.metrics import sign

    score = score or (lambda trial: trial.valid)
    sound = [trial for trial in trials if not math.isnan(score(trial))]
    if not sound:
        why = next((f": {trial.broken}" for trial in trials if trial.broken), "")
        raise ValueError(f"none of {len(trials)} settings has a validation score{why}")
    direction = sign(sound[0].rows[0]["metric"])
    return max(sound, key=lambda trial: direction * score(trial))
