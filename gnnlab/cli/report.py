"""The ``report`` command: tables, pages and files of finished runs."""

from __future__ import annotations

import argparse
import shlex
import warnings
from pathlib import Path
from typing import get_args

from gnnlab.core.writing import write_text
from gnnlab.runner.overview.table_files import Form, write_table

NAME = "report"
HELP = "tables, files and pages of finished runs"
EXAMPLES = (
    "gnnlab report runs",
    "gnnlab report runs --page results.md",
    "gnnlab report runs --csv runs.csv --html runs.html",
    "gnnlab report runs --latex table.tex --pivot model.name,training.lr data.name",
)
TABLES: tuple[Form, ...] = get_args(Form)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="of runs, a sweep, …")
    parser.add_argument("--format", choices=("csv", "latex", "markdown"), default="markdown")
    parser.add_argument("--page", type=Path, help="write a page of results instead")
    files = parser.add_argument_group("files", "written in place of the table; several may be")
    for form in TABLES:
        told = "mean, std, n, valid and every setting that differs"
        files.add_argument(f"--{form}", type=Path, metavar="FILE", help=told)
    files.add_argument("--latex", type=Path, metavar="FILE", help="a table as papers have it")
    files.add_argument("--html", type=Path, metavar="FILE", help="a page for the browser")
    files.add_argument(
        "--rows", action="store_true",
        help="a row for each split and seed in --csv, --json and --parquet",
    )  # fmt: skip
    files.add_argument(
        "--pivot", nargs=2, metavar=("ROWS", "COLUMNS"), default=("", "data.name"),
        help="settings that --latex lays out by; model.name data.name if not given",
    )  # fmt: skip


def command(arguments: argparse.Namespace) -> None:
    """Print a table of the folders' runs, or write the page or the files."""
    if any(getattr(arguments, form) for form in (*TABLES, "latex", "html")):
        _write_files(arguments)
        return
    from gnnlab.runner import read_results, summarise
    from gnnlab.runner.reports.results_page import page
    from gnnlab.runner.reports.tables import table
    from gnnlab.runner.sweep.page import reported
    from gnnlab.runner.sweep.shown import command_of, link_of, shown

    found = shown(arguments.folders)
    if found.left_out:
        warnings.warn(
            f"{found.left_out} runs are left out that a study tried and did not choose: their test "
            "scores would choose among them",
            stacklevel=2,
        )
    if arguments.page:
        place = arguments.page, arguments.folders
        write_text(arguments.page, page(found.with_chosen, command_of(*place), link_of(*place)))
        return
    runs = {folder.name: rows for folder in found.runs if (rows := read_results(folder))}
    if not runs and not found.sweeps:
        raise ValueError(
            f"no results.jsonl with a line in {', '.join(map(str, arguments.folders))}"
        )
    summaries = [summarise(rows) for rows in runs.values()]
    parts = [table(summaries, arguments.format, list(runs))] if runs else []
    print("\n\n".join([*parts, *(reported(swept, arguments.format) for swept in found.sweeps)]))


def _write_files(arguments: argparse.Namespace) -> None:
    """Write every file that is asked for, and name it."""
    from gnnlab.runner.overview.frame import frame_of, summary
    from gnnlab.runner.overview.latex import latex
    from gnnlab.runner.overview.overlap import known_share
    from gnnlab.runner.overview.pivot import pivot
    from gnnlab.runner.overview.read_runs import read_runs
    from gnnlab.runner.overview.web.browser_page import browser_page

    runs, written = read_runs(arguments.folders), []
    for form in TABLES:
        if path := getattr(arguments, form):
            frame = frame_of(runs)
            write_table(frame if arguments.rows else summary(frame), path, form)
            written.append(path)
    if path := arguments.latex:
        write_text(path, latex(pivot(runs, *arguments.pivot, share=known_share)))
        written.append(path)
    if path := arguments.html:
        words = ["gnnlab", "report", *map(str, arguments.folders), "--html", str(path)]
        write_text(path, browser_page(runs, shlex.join(words)))
        written.append(path)
    for path in written:
        print(path)
