"""Tables of results, as Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from gnnlab.runner.runs.results import Summary

NO_SCORE = "-"
"""Stands where nothing is scored."""
COLUMNS = ("data", "model", "rewiring", "metric", "test", "runs", "seconds", "parameters")


def percent(mean: float, std: float, runs: int = 2) -> str:
    """Write a score in percent, with its spread if there is more than one run."""
    return f"{100 * mean:.2f}" + (f" ± {100 * std:.2f}" if runs > 1 else "")


def written(metric: str, mean: float, std: float, runs: int = 2) -> str:
    """Write a fraction in percent and what has units of its own in them, with its spread."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    if math.isnan(mean):
        return NO_SCORE
    if is_fraction(metric):
        return percent(mean, std, runs)
    return f"{mean:.4f}" + (f" ± {std:.4f}" if runs > 1 else "")


def signed(metric: str, difference: float) -> str:
    """Write a difference: of fractions in percentage points, else in the metric's own units."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    return f"{100 * difference:+.2f}" if is_fraction(metric) else f"{difference:+.4f}"


def own_units(metrics: Iterable[str]) -> list[str]:
    """A line on those metrics that are no fractions, for a page that speaks of percent."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    own = sorted({metric for metric in metrics if not is_fraction(metric)})
    return [f"In units of their own: {', '.join(own)}.\n"] if own else []


def table(
    summaries: Sequence[Summary], style: str = "markdown", folders: Sequence[str] = ()
) -> str:
    """Lay out one row a setting: its score, mean and std (ddof 1) over its runs.

    Fractions are in percent, errors in their own units. In CSV every number has a cell of its own,
    at full precision.

    Args:
        style: ``markdown``, ``csv`` or ``latex``.
        folders: names of the runs' folders, as a last column.
    """
    if style == "csv":
        return numbers(summaries, folders)
    rows = [
        (
            s.data, s.model, s.rewiring, s.metric, written(s.metric, s.mean, s.std, s.runs),
            str(s.runs), f"{s.seconds:.1f}", f"{s.parameters:,}",
        )
        for s in summaries
    ]  # fmt: skip
    if not folders:
        return layout(COLUMNS, rows, style)
    named = [(*row, folder) for row, folder in zip(rows, folders, strict=True)]
    return layout((*COLUMNS, "run"), named, style)


NUMBERS = (
    "data", "model", "rewiring", "metric", "unit", "mean", "std", "n", "valid", "seconds",
    "parameters", "peak_memory_bytes", "splits", "seeds",
)  # fmt: skip
"""Columns of a table that is read by programs; ``n`` runs, a ``std`` where there are two."""


def numbers(summaries: Sequence[Summary], folders: Sequence[str] = ()) -> str:
    """Lay out one row a setting as CSV, for programs."""
    rows = [
        (
            s.data, s.model, s.rewiring, s.metric, *scores(s.metric, s.mean, s.std, s.runs),
            scores(s.metric, s.valid, 0.0, s.runs)[1], repr(s.seconds), str(s.parameters),
            str(s.peak_memory_bytes), _listed(s.splits), _listed(s.seeds),
        )
        for s in summaries
    ]  # fmt: skip
    if not folders:
        return layout(NUMBERS, rows, "csv")
    named = [(*row, folder) for row, folder in zip(rows, folders, strict=True)]
    return layout((*NUMBERS, "run"), named, "csv")


def scores(metric: str, mean: float, std: float, runs: int) -> tuple[str, str, str, str]:
    """Unit, mean, std and number of runs, a cell each; of one run there is no std."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    if math.isnan(mean):
        return "", "", "", str(runs)
    unit, times = ("percent", 100) if is_fraction(metric) else ("", 1)
    return unit, repr(times * mean), repr(times * std) if runs > 1 else "", str(runs)


def _listed(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


def layout(columns: Sequence[str], rows: Sequence[Sequence[str]], style: str = "markdown") -> str:
    """Write rows of text under columns.

    Raises:
        ValueError: an unknown style.
    """
    if style == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        return text.getvalue().removesuffix("\n")
    if style == "latex":
        body = [" & ".join(cell.replace("_", r"\_") for cell in row) + r" \\" for row in rows]
        head = " & ".join(column.replace("_", r"\_") for column in columns) + r" \\ \midrule"
        lines = [rf"\begin{{tabular}}{{{'l' * len(columns)}}} \toprule", head, *body]
        return "\n".join([*lines, r"\bottomrule \end{tabular}"]).replace("±", r"$\pm$")
    if style != "markdown":
        raise ValueError(f"unknown format {style!r}; there are markdown, csv and latex")
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in [columns, ["-" * w for w in widths], *rows]
    ]
    return "\n".join(lines)
