"""Pivot of runs: methods by datasets, the best of each dataset and what cannot be told from it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gnnlab.runner.overview.read_runs import ReadRun, differing
from gnnlab.runner.reports.paired_test import difference
from gnnlab.runner.reports.tables import written
from gnnlab.runner.runs.results import scored
from gnnlab.runner.runs.run import Pair

LEVEL = 0.05
"""Of p: at or above it a method cannot be told from the best."""
ROWS, COLUMNS = "model.name", "data.name"
Share = Callable[[ReadRun], float | None]
"""How many test rows a run has for each training row; None where that is not known."""


@dataclass(frozen=True)
class Cell:
    """What stands where a row and a column meet.

    Args:
        run: of several settings, the one best on validation.
        among: how many settings there were.
        rank: 1 for the best of the column, 2 for the second; what is printed alike ranks alike.
        p: of the paired test against the best; nan for the best itself, and where there is none.
    """

    run: ReadRun
    among: int = 1
    rank: int = 0
    p: float = math.nan

    @cached_property
    def scores(self) -> dict[Pair, float]:
        return {(row["split"], row["seed"]): scored(row, "test") for row in self.run.rows}

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores.values())

    @property
    def std(self) -> float:
        """With ddof 1; 0 for a single run."""
        values = list(self.scores.values())
        return statistics.stdev(values) if len(values) > 1 else 0.0

    @property
    def text(self) -> str:
        """The score as reports write it."""
        return written(self.run.metric, self.mean, self.std, len(self.scores))

    @property
    def as_good_as_best(self) -> bool:
        """Whether the paired test finds no difference to the best."""
        return self.p >= LEVEL


@dataclass(frozen=True)
class Pivot:
    """A table of cells by the names of row and column.

    Args:
        untested: columns in which no test can be made, since nobody knows how the splits overlap.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    untested: tuple[str, ...] = ()

    def metric(self, column: str) -> str:
        """What a column is scored by."""
        found = {cell.run.metric for (_, own), cell in self.cells.items() if own == column}
        return " / ".join(sorted(found))


def pivot(
    runs: Sequence[ReadRun], rows: str = "", columns: str = COLUMNS, *, share: Share
) -> Pivot:
    """Lay runs out by two settings, or by several with commas between them.

    Runs that a sweep or a study did not choose, and those without a test score, are left out.

    Args:
        rows: dotted names; the model's alone, and the rewiring's where that differs.
        share: for the paired test, see :func:`gnnlab.runner.reports.paired_test.corrected_t_test`.

    Raises:
        ValueError: no run is left, no run has such a setting, or one column has two metrics.
    """
    from gnnlab.tasks.metrics.by_name import sign

    runs = [run for run in runs if run.chosen and all(row["test"] is not None for row in run.rows)]
    if not runs:
        raise ValueError("none of the runs has a test score that may be shown: finish them first")
    by_rows = _names(rows or _usual_rows(runs), runs)
    by_columns = _names(columns, runs)
    groups: dict[tuple[str, str], list[ReadRun]] = {}
    for run in runs:
        groups.setdefault((_label(run, by_rows), _label(run, by_columns)), []).append(run)
    _check_metrics(groups)
    cells = {place: _chosen(found, sign(found[0].metric)) for place, found in groups.items()}
    row_names, column_names = (tuple(dict.fromkeys(p[axis] for p in groups)) for axis in (0, 1))
    untested = []
    for column in column_names:
        own = {place: cell for place, cell in cells.items() if place[1] == column}
        ranked, tested = _ranked(own, share)
        cells |= ranked
        untested += [] if tested else [column]
    return Pivot(row_names, column_names, cells, tuple(untested))


def _usual_rows(runs: Sequence[ReadRun]) -> str:
    return f"{ROWS},rewiring.name" if "rewiring.name" in differing(runs) else ROWS


def _names(text: str, runs: Sequence[ReadRun]) -> list[str]:
    """Dotted names with commas between them, each of which some run has."""
    names = [name.strip() for name in text.split(",")]
    known = dict.fromkeys(name for run in runs for name in run.settings)
    for name in names:
        if name not in known:
            differ = [name for name in differing(runs) if name not in names]
            hint = f"; these differ: {', '.join(differ[:8])}" if differ else ""
            raise ValueError(f"no run has a setting {name!r}{hint}")
    return names


def _label(run: ReadRun, names: Sequence[str]) -> str:
    values = (run.settings.get(name) for name in names)
    return ", ".join("-" if value is None else str(value) for value in values)


def _check_metrics(groups: Mapping[tuple[str, str], Sequence[ReadRun]]) -> None:
    by_column: dict[str, set[str]] = {}
    for (_, column), runs in groups.items():
        by_column.setdefault(column, set()).update(run.metric for run in runs)
    for column, metrics in by_column.items():
        if len(metrics) > 1:
            raise ValueError(
                f"the runs on {column} are scored by {' and by '.join(sorted(metrics))}, which do "
                "not compare: let columns be data.name,task.metric, or report them one by one"
            )


def _chosen(runs: Sequence[ReadRun], direction: int) -> Cell:
    """The run best on validation, never on test; the first where nothing is scored there."""

    def valid(run: ReadRun) -> float:
        score = statistics.fmean(scored(row, "valid") for row in run.rows)
        return -math.inf if math.isnan(score) else direction * score

    return Cell(max(runs, key=valid), len(runs))


def _ranked(
    cells: Mapping[tuple[str, str], Cell], share: Share
) -> tuple[dict[tuple[str, str], Cell], bool]:
    """Rank a column's cells and test them against its best; whether the test could be made."""
    from dataclasses import replace

    from gnnlab.tasks.metrics.by_name import sign

    direction = sign(next(iter(cells.values())).run.metric)
    order = sorted(cells.values(), key=lambda cell: -direction * cell.mean)
    shown = list(dict.fromkeys(_printed(cell) for cell in order))
    best, known = order[0], True
    part = _share_of(best, share)
    found = {}
    for place, cell in cells.items():
        p = math.nan
        if cell is not best and len(cell.scores) > 1 and cell.scores.keys() == best.scores.keys():
            known = part is not None
            p = math.nan if part is None else difference(cell.scores, best.scores, part).p
        found[place] = replace(cell, rank=1 + shown.index(_printed(cell)), p=p)
    return found, known


def _printed(cell: Cell) -> str:
    """The mean as it is printed."""
    return written(cell.run.metric, cell.mean, 0.0, 1)


def _share_of(cell: Cell, share: Share) -> float | None:
    """Runs on one split differ by their seeds alone: the ordinary paired test is theirs."""
    return 0.0 if len({split for split, _ in cell.scores}) == 1 else share(cell.run)
