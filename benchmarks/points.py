"""Points of a study: each is trained with every learning rate that is tried, and reports the best.

Every training is a run like any other: what is finished is not repeated.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.core.names import select
from gnnlab.core.processes import each
from gnnlab.runner import Config, configure, run
from gnnlab.runner.runs.run import Pair, wanted_results

Row = dict[str, Any]
Look = Callable[[Mapping[str, Any], Pair, Any, Any], Row]
"""What is noted of a trained model: of the settings, (split, seed), the result and the data."""


@dataclass(frozen=True)
class Point:
    """One place on one curve.

    Args:
        part: of the study.
        data: name of the set.
        curve: name of the curve.
        at: where on it.
        settings: as ``configure`` takes them, one for each learning rate that is tried.
        look: what a trained model is looked at with; None where nothing is noted.
    """

    part: str
    data: str
    curve: str
    at: int
    settings: tuple[Row, ...]
    look: Row | None = None

    @property
    def name(self) -> str:
        place = [self.data] if self.part == "roads" else []
        return "-".join([self.part, *place, self.curve, str(self.at)]).lower()


@dataclass(frozen=True)
class Looking:
    """Note down of every model, right after its training, what a function finds.

    Args:
        function: finds it, as plain values.
        settings: what the function is called with; of another value, notes do not count.
        file: in the run's folder, where the notes are.
    """

    function: Look
    settings: Row
    file: str

    def note(self, folder: Path, pair: Pair, result: Any, data: Any) -> None:
        found = self.function(self.settings, pair, result, data)
        line = {"split": pair[0], "seed": pair[1], "settings": self.settings, **found}
        with open(folder / self.file, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def notes(self, folder: Path, config: Config) -> list[Row]:
        """What was noted of every run, in their order.

        Raises:
            ValueError: a model of the run was not looked at so.
        """
        lines = (folder / self.file).read_text(encoding="utf-8").splitlines()
        found = {
            (line["split"], line["seed"]): line
            for line in map(json.loads, lines)
            if line["settings"] == self.settings
        }
        pairs = [(split, seed) for split in config.run.splits for seed in config.run.seeds]
        if missing := [pair for pair in pairs if pair not in found]:
            raise ValueError(
                f"{folder / self.file} has no line for split and seed {missing[0]} with "
                f"{self.settings}: delete the folder and run again"
            )
        return [found[pair] for pair in pairs]


@dataclass(frozen=True)
class Trained:
    """The runs of one of a point's settings."""

    config: Config
    folder: Path
    rows: list[Row]

    @property
    def valid(self) -> float:
        """Mean validation score, larger for the better."""
        from gnnlab.tasks.metrics.by_name import sign

        return sign(self.rows[0]["metric"]) * statistics.fmean(column(self.rows, "valid"))


def trained(
    point: Point,
    settings: Mapping[str, Any],
    out: Path,
    overrides: Sequence[str],
    study: str,
    looking: Looking | None = None,
    pairs: Sequence[Pair] | None = None,
) -> Trained:
    """Train what is missing, and read all lines back, or those of some pairs of split and seed."""
    config = configure(settings, overrides)
    inspect = None if looking is None else partial(looking.note, out / config.label())
    name = f"{study}/{point.name}"
    folder = run(config, out, name=name, pairs=pairs, inspect=inspect)
    rows = wanted_results(folder, config)
    kept = [row for row in rows if pairs is None or (row["split"], row["seed"]) in pairs]
    return Trained(config, folder, kept)


def summary(point: Point, found: Trained) -> Row:
    """What came out at a point: fractions or the metric's own units, std with ddof 1."""
    tests = column(found.rows, "test")
    return {
        "part": point.part,
        "data": point.data,
        "curve": point.curve,
        "at": point.at,
        "mean": statistics.fmean(tests),
        "std": spread(tests),
        "lowest": min(tests),
        "runs": len(tests),
        "valid": statistics.fmean(column(found.rows, "valid")),
        "lr": found.config.training["lr"],
        "parameters": found.rows[0]["parameters"],
        "seconds": statistics.fmean(column(found.rows, "seconds")),
        "folder": found.folder.name,
    }


def column(rows: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [row[key] for row in rows]


def spread(values: Sequence[float]) -> float:
    """Standard deviation with ddof 1; 0 of one value."""
    return statistics.stdev(values) if len(values) > 1 else 0.0


def chosen(points: Sequence[Point], only: Sequence[str]) -> list[Point]:
    """The points whose names hold every word of one of the given ones; all for none.

    Raises:
        SystemExit: a name that fits no point.
    """
    try:
        return select(points, only, "point")
    except ValueError as error:
        raise SystemExit(str(error)) from None


def arguments_of(told: str | None, study: Path) -> argparse.ArgumentParser:
    """The arguments that all studies of points have."""
    parser = argparse.ArgumentParser(description=(told or "").split("\n")[0])
    parser.add_argument("--study", type=Path, default=study)
    parser.add_argument("--only", nargs="+", default=[], help="words of points' names")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--jobs", type=int, default=1, help="points that are worked on at once")
    parser.add_argument("--json", type=Path, help="also write the points to this file")
    parser.add_argument("--page", type=Path, help="also write a page of Markdown to this file")
    parser.add_argument("--list", action="store_true", help="name the points and stop")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return parser


def read_study(path: Path) -> Row:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def work_through(
    points: Sequence[Point],
    options: argparse.Namespace,
    measured: Callable[[Point], Row],
    told: Callable[[Row], str],
    write_page: Callable[[Sequence[Row], argparse.Namespace], None],
) -> None:
    """Measure the points, one after the other or side by side, and write down what is known."""
    points = chosen(points, options.only)
    if options.list:
        print("\n".join(point.name for point in points))
        return
    found = each(measured, points, options.jobs)
    order = {(p.part, p.data, p.curve, p.at): number for number, p in enumerate(points)}
    rows: list[Row] = []
    for number, row in enumerate(found, start=1):
        rows = sorted([*rows, row], key=lambda r: order[r["part"], r["data"], r["curve"], r["at"]])
        print(f"[{number}/{len(points)}] {told(row)}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        if options.page:
            write_page(rows, options)
