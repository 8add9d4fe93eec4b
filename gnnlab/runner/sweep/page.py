"""Page of a sweep: validation scores of all settings, the test score of the chosen one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.tables import layout, scores, written
from gnnlab.runner.runs.results import read_results, scored, summarise
from gnnlab.runner.runs.run import run, wanted_results
from gnnlab.runner.sweep.record import Record, Swept
from gnnlab.runner.sweep.trials import Sweep, Trial, choose


def outcome(
    sweep: Sweep,
    trials: Sequence[Trial],
    out: str | Path,
    *,
    jobs: int = 1,
    progress: bool = True,
) -> str:
    """Train the chosen setting on whatever of its pairs did not choose, and tell its test score.

    Raises:
        ValueError: no setting has a validation score.
    """
    best = choose(trials)
    assert best.config is not None
    folder = run(best.config, out, jobs=jobs, progress=progress)
    splits = best.config.run.splits
    rows = wanted_results(folder, best.config)
    text = chosen(trials, rows, splits, sweep.tune_splits or splits)
    return f"{text}\n\n{folder}/results.jsonl"


def chosen(
    trials: Sequence[Trial],
    rows: Sequence[dict[str, Any]],
    splits: Sequence[int],
    tune: Sequence[int],
) -> str:
    """Tell the test score of the setting that validation chose; those of others are not shown.

    Where every split took part in the choice, a second one is told, made for each split by its own
    validation scores: on random splits of one graph, what one split validates on others test on.

    Args:
        rows: all lines of the chosen one.
        splits: all of the run's, and ``tune`` those that chose.
    """
    lines = [f"chosen on validation: {told(choose(trials))}", f"test      {_test(rows)}"]
    if len(set(splits)) > 1 and set(splits) <= set(tune):
        own = _test(chosen_by_split(trials, splits))
        lines.append(f"by split  {own}, each split's own choice")
    return "\n".join(lines)


def reported(swept: Swept, style: str = "markdown") -> str:
    """A sweep's page: validation alone for what was tried, and test for what was chosen."""
    if style == "csv":
        return _numbers(swept)
    text = table(swept.trials, style)
    folder, record = swept.chosen, swept.record
    if folder is None:
        return f"{text}\n\nnot finished: the same gnnlab sweep goes on, and chooses at its end"
    rows = _rows(folder, record)
    return f"{text}\n\n{chosen(swept.trials, rows, record.splits, record.tune_splits)}\n\n{folder}"


def _rows(folder: Path, record: Record) -> list[dict[str, Any]]:
    found = read_results(folder)
    return [r for r in found if r["split"] in record.splits and r["seed"] in record.seeds]


def _numbers(swept: Swept) -> str:
    """A row a setting, every number in a cell of its own; a test score for the chosen one alone."""
    trials, best = swept.trials, swept.best
    keys = list(trials[0].values) if trials else []
    columns = (
        *keys, "metric", "unit", "valid_mean", "valid_std", "n", "seconds", "parameters", "chosen",
        "test_mean", "test_std", "test_n", "run",
    )  # fmt: skip
    rows = []
    for trial in trials:
        folder = swept.run_of(trial)
        test = ("", "", "", "")
        if trial is best:
            s = summarise(_rows(swept.folder / folder, swept.record))
            test = scores(s.metric, s.mean, s.std, s.runs)
        own = [str(trial.values[key]) for key in keys]
        state = str(trial is best).lower()
        rows.append([*own, *_validation(trial), state, *test[1:], folder])
    return layout(columns, rows, "csv")


def _validation(trial: Trial) -> tuple[str, ...]:
    if not trial.rows:
        return "", "", "", "", "0", "", ""
    found, valid = summarise(trial.rows), [scored(row, "valid") for row in trial.rows]
    spread = statistics.stdev(valid) if len(valid) > 1 else 0.0
    unit, mean, std, runs = scores(found.metric, found.valid, spread, len(valid))
    return found.metric, unit, mean, std, runs, repr(found.seconds), str(found.parameters)


def chosen_by_split(trials: Sequence[Trial], splits: Sequence[int]) -> list[dict[str, Any]]:
    """For each split the lines of the setting that its own validation scores choose."""
    return [
        row
        for split in dict.fromkeys(splits)
        for row in choose(trials, partial(_score, split)).rows
        if row["split"] == split
    ]


def _score(split: int, trial: Trial) -> float:
    return trial.valid_of(split)


def table(trials: Sequence[Trial], style: str = "markdown") -> str:
    """A row a setting, the best on validation first, those without a score last."""
    from gnnlab.tasks.metrics.by_name import sign

    keys = list(trials[0].values)
    sound = [trial for trial in trials if not math.isnan(trial.valid)]
    sound.sort(key=lambda trial: -sign(trial.rows[0]["metric"]) * trial.valid)
    broken = [trial for trial in trials if math.isnan(trial.valid)]
    rows = [
        [*(_word(trial.values[key]) for key in keys), *_columns(trial)]
        for trial in [*sound, *broken]
    ]
    return layout((*keys, "valid", "runs", "seconds", "parameters"), rows, style)


def told(trial: Trial) -> str:
    """The values of a trial, in words."""
    return ", ".join(f"{key} = {_word(value)}" for key, value in trial.values.items())


def line(trial: Trial) -> str:
    """A trial as it is finished: its values, and its validation score or why it has none."""
    if trial.broken:
        return f"{told(trial)}: broken: {trial.broken}"
    return f"{told(trial)}: valid {_columns(trial)[0]}"


def _columns(trial: Trial) -> tuple[str, ...]:
    if not trial.rows:
        return "-", "0", "-", "-"
    found = summarise(trial.rows)
    valid = written(found.metric, found.valid, 0.0, 1)
    return valid, str(found.runs), f"{found.seconds:.1f}", f"{found.parameters:,}"


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _test(rows: Sequence[dict[str, Any]]) -> str:
    scores = [scored(row, "test") for row in rows]
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    metric = rows[0]["metric"]
    score = written(metric, statistics.fmean(scores), spread, len(scores))
    return f"{score} {metric}, {len(scores)} run{'s' * (len(scores) > 1)}"
