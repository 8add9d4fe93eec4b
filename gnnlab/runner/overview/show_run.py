"""Showing of a run: its settings, its results by split and seed, and how to run it again."""

from __future__ import annotations

import shlex
from pathlib import Path

from gnnlab.runner.overview.read_runs import ReadRun, read_runs
from gnnlab.runner.reports.reproduce import comparison
from gnnlab.runner.reports.results_page import Shown, machines_of
from gnnlab.runner.reports.tables import layout, written
from gnnlab.runner.runs.results import summarise
from gnnlab.runner.runs.run_toml import FILE, read_about, settings_of, to_toml

COLUMNS = ("split", "seed", "valid", "test", "epoch", "seconds")


def show_run(folder: Path) -> str:
    """Lay out one run. Of a setting that was tried and not chosen no test score is told."""
    about = read_about(folder)
    name = about.get("recipe", {}).get("name", "")
    lines = [f"run {folder}", *([f"recipe {name}"] if name else []), ""]
    lines += [to_toml(settings_of(about)).rstrip(), ""]
    try:
        (run,) = read_runs(folder)
    except ValueError:
        lines += ["no result yet", "", *_again(folder, None)]
        return "\n".join(lines)
    lines += [_table(run), "", *_outcome(run, bool(name)), "", "ran on"]
    lines += [f"  {machine}" for machine in machines_of(folder)]
    return "\n".join([*lines, "", *_again(folder, run)])


def _table(run: ReadRun) -> str:
    def score(row: dict[str, object], part: str) -> str:
        value = row[part]
        return written(run.metric, value, 0.0, 1) if isinstance(value, float) else "-"

    rows = [
        (
            str(row["split"]), str(row["seed"]), score(row, "valid"), score(row, "test"),
            str(row["epoch"]), f"{row['seconds']:.1f}",
        )
        for row in run.rows
    ]  # fmt: skip
    return layout(COLUMNS, rows)


def _outcome(run: ReadRun, by_recipe: bool) -> list[str]:
    """Mean and spread, beside the paper's where there is one."""
    if not run.chosen:
        return ["tried and not chosen: its test scores are not shown, since they would choose"]
    if by_recipe:
        try:
            shown = Shown(run.folder)
        except ValueError:  # of an earlier version
            shown = None
        if shown is not None and shown.recipe is not None:
            return [comparison(shown.recipe, shown.summary, shown.config)]
    found = summarise(run.rows)
    score = written(found.metric, found.mean, found.std, found.runs)
    return [
        f"test {score} {found.metric}, {found.runs} run{'s' * (found.runs > 1)}, "
        f"{found.parameters:,} parameters, {found.seconds:.1f} s a run"
    ]


def _again(folder: Path, run: ReadRun | None) -> list[str]:
    """The command that trains the same; what is there already is not trained again."""
    words = ["gnnlab", "run", str(folder / FILE), "--out", str(folder.parent)]
    for key in ("split", "seed") if run else ():
        numbers = sorted({row[key] for row in run.rows}) if run else []
        words += ["--set", f"run.{key}s=[{','.join(map(str, numbers))}]"]
    return ["run it again, or go on where it stopped", f"  {shlex.join(words)}"]
