"""The ``report`` command: a table or a page of finished runs."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from gnnlab.core.writing import write_text

NAME = "report"
HELP = "a table of finished runs"
EXAMPLES = (
    "gnnlab report runs",
    "gnnlab report runs --format latex",
    "gnnlab report runs --page results.md",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--format", choices=("csv", "latex", "markdown"), default="markdown")
    parser.add_argument("--page", type=Path, help="write a page of results instead")


def command(arguments: argparse.Namespace) -> None:
    """Print a table of the folders' runs, or write the page."""
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
