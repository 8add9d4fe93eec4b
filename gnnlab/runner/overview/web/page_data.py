"""Data of the results page: what its table and its charts show, as plain values."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gnnlab.runner.overview.read_runs import ReadRun
from gnnlab.runner.reports.results_page import Shown, spans
from gnnlab.runner.runs.confusion import read_confusion
from gnnlab.runner.runs.curves import CurveLine, read_curves, thinned

Plain = dict[str, Any]
NUMBERS = 300_000
"""Of curves, that a page holds at most; it opens within a second with as many."""
FEWEST, MOST = 12, 150
"""Points that are shown of a curve."""
HASH = re.compile(r"-[0-9a-f]{12}$")
"""Of settings, at the end of a folder's name."""
PAIRS = 10
"""Curves that are shown of a run at most."""
SERIES = ("loss", "valid_loss", "valid", "test")


def page_runs(runs: Sequence[ReadRun]) -> list[Plain]:
    """What the page knows of each run, in the order of data, then of names."""
    curves = [list(read_curves(run.folder).values())[:PAIRS] for run in runs]
    total = len(SERIES) * sum(map(len, curves))
    points = min(MOST, max(FEWEST, NUMBERS // max(1, total)))
    known = zip(runs, titles(runs), curves, strict=True)
    found = [_run(run, title, own, points) for run, title, own in known]
    return sorted(found, key=lambda run: (run["data"], run["title"]))


def titles(runs: Sequence[ReadRun]) -> list[str]:
    """The shortest that tells each run from the others: its recipe or its name without the hash,
    its whole name, or its folder."""
    found = [(run.recipe or HASH.sub("", run.name), run.name, str(run.folder)) for run in runs]
    counts = [Counter(column) for column in zip(*found, strict=True)]
    return [
        next(
            (name for name, count in zip(names, counts, strict=True) if count[name] == 1), names[-1]
        )
        for names in found
    ]


def _run(run: ReadRun, title: str, curves: Iterable[CurveLine], points: int) -> Plain:
    times = unit_of(run.metric)
    tests, valids = ([_times(row[part], times) for row in run.rows] for part in ("test", "valid"))
    scores = [score for score in tests if score is not None]
    names = {key: run.settings.get(f"{key}.name") for key in ("task", "data", "model", "rewiring")}
    return {
        "run": run.name,
        "title": title,
        "folder": str(run.folder),
        **names,
        "metric": run.metric,
        "lower": _lower(run.metric),
        "chosen": run.chosen,
        "mean": _mean(scores),
        "std": statistics.stdev(scores) if len(scores) > 1 else None,
        "valid": _mean([score for score in valids if score is not None]),
        "n": len(run.rows),
        "splits": spans(sorted({row["split"] for row in run.rows})),
        "seeds": spans(sorted({row["seed"] for row in run.rows})),
        "scores": scores,
        "seconds": _mean([row["seconds"] for row in run.rows]),
        "parameters": max(row["parameters"] for row in run.rows),
        "memory": max(row["peak_memory_bytes"] for row in run.rows),
        "epoch": _mean([row["epoch"] for row in run.rows]),
        "settings": dict(run.settings),
        "paper": _paper(run),
        "confusion": _confusion(run) if run.chosen else None,
        "curves": [_curve(curve, times, points, run.chosen) for curve in curves],
    }


def unit_of(metric: str) -> float:
    """100 for a fraction, which is shown in percent, else 1."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    return 100.0 if is_fraction(metric) else 1.0


def _lower(metric: str) -> bool:
    from gnnlab.tasks.metrics.by_name import sign

    return sign(metric) < 0


def _paper(run: ReadRun) -> Plain | None:
    """The published score of a run's recipe, and how far ours lies from it."""
    if not run.recipe or not run.chosen:
        return None
    try:
        shown = Shown(run.folder)
    except ValueError:  # a recipe or a setting that this version has no more
        return None
    made = shown.recipe
    if made is None or made.mean is None:
        return None
    paper = made.paper
    about = {"title": paper.title, "venue": paper.venue, "link": paper.link}
    differs = [*shown.deviations]
    return {"mean": made.mean, "std": made.std, "apart": shown.apart, "differs": differs, **about}


def _confusion(run: ReadRun) -> list[list[int]] | None:
    """Counts of all splits and seeds together; None where none were kept."""
    found = [one.counts for one in read_confusion(run.folder).values()]
    if len({len(counts) for counts in found}) != 1:
        return None
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*found, strict=True)]


def _curve(curve: CurveLine, times: float, points: int, chosen: bool) -> Plain:
    kept = curve.epoch.index(curve.kept) if curve.kept in curve.epoch else 0
    taken = thinned(len(curve.epoch), kept, points)
    found: Plain = {"split": curve.split, "seed": curve.seed, "kept": curve.kept}
    found["epoch"] = [curve.epoch[point] for point in taken]
    for name in SERIES:
        values, factor = getattr(curve, name), times if name in ("valid", "test") else 1.0
        hidden = not values or (name == "test" and not chosen)
        found[name] = [] if hidden else [_short(values[point], factor) for point in taken]
    return found


def _short(value: float | None, times: float) -> float | None:
    return None if value is None else float(f"{value * times:.4g}")


def _times(value: float | None, times: float) -> float | None:
    return None if value is None or not math.isfinite(value) else value * times


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def numbers_in(run: Mapping[str, Any]) -> int:
    """How many numbers of curves the page holds of a run."""
    return sum(len(curve[name]) for curve in run["curves"] for name in SERIES)
