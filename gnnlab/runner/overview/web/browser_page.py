"""Browser page of results: table, charts and settings in one file that asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gnnlab.runner.overview.read_runs import NAMES, ReadRun, differing
from gnnlab.runner.overview.web.page_data import Plain, page_runs
from gnnlab.runner.reports.tables import NO_SCORE, written

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGE = "gnnlab.runner.overview.web"
SCRIPTS = ("drawing.js", "curves.js", "scores.js", "confusion.js", "table.js", "page.js")


def browser_page(runs: Sequence[ReadRun], command: str = "", title: str = "Results") -> str:
    """Return the page of some runs as HTML: one file with its style, scripts and data.

    It holds a table to sort and filter, box plots over the runs, learning curves, cost against
    quality, papers' scores against ours, confusion matrices, and the settings with their
    differences. It follows the browser's light or dark colours, and its policy lets nothing be
    loaded from elsewhere.

    Args:
        command: what was typed to make it.
    """
    shown = page_runs(runs)
    names = [name for name in differing(runs) if name not in NAMES]
    data = {"runs": shown, "settings": names}
    rewired = len({run["rewiring"] for run in shown}) > 1
    return _environment().get_template("page.html.j2").render(
        title=title,
        command=command,
        runs=shown,
        choices={key: _values(shown, key) for key in ("data", "model", "metric")},
        rewired=rewired,
        papers=any(run["paper"] for run in shown),
        curves=any(run["curves"] for run in shown),
        confused=any(run["confusion"] for run in shown),
        hidden=sum(not run["chosen"] for run in shown),
        data=_embedded(data),
        style=_asset("page.css"),
        scripts=[_asset(name) for name in SCRIPTS],
    )  # fmt: skip


def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"score": _score, "paper": _published, "number": _number}
    return made


def _asset(name: str) -> str:
    return files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _embedded(data: Plain) -> str:
    """JSON that may stand in a script: no text of a run can end it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _values(runs: Sequence[Plain], key: str) -> list[str]:
    return sorted({str(run[key]) for run in runs})


def _score(run: Plain, part: str = "mean") -> str:
    """A score in the units it is shown in, test scores with their spread."""
    value = run[part]
    if value is None:
        return NO_SCORE
    digits = _digits(run["metric"])
    spread = run["std"] if part == "mean" else None
    return f"{value:.{digits}f}" + ("" if spread is None else f" ± {spread:.{digits}f}")


def _published(run: Plain) -> str:
    paper, digits = run["paper"], _digits(run["metric"])
    spread = "" if paper["std"] is None else f" ± {paper['std']:.{digits}f}"
    return f"{paper['mean']:.{digits}f}{spread}"


def _digits(metric: str) -> int:
    """As many as :func:`gnnlab.runner.reports.tables.written` prints."""
    return len(written(metric, 0.0, 0.0, 1).partition(".")[2])


def _number(value: Any) -> str:
    """A whole number with commas, or one of three digits."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
