"""The ``study`` command: methods under one protocol, compared in pairs."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from gnnlab.cli.output import add_output_options, hushed, show

if TYPE_CHECKING:
    from gnnlab.runner.study.cells import Outcome

NAME = "study"
HELP = "methods under one protocol, in pairs; resumes"
EXAMPLES = (
    "gnnlab study rewiring --only cora-gcn-fosr cora-gcn-none",
    "gnnlab study my_study/ --jobs 2 --json",
    "gnnlab study rewiring --rewiring torch_geometric.transforms:ToUndirected --only cora",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="such as rewiring, or a FOLDER with study.toml")
    parser.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as cora-gcn")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", dest="models",
        help="in the place of the study's: as listed, or package.module:Class",
    )  # fmt: skip
    parser.add_argument(
        "--rewiring", action="append", default=[], metavar="NAME", dest="methods",
        help="beside the baseline, in the place of the study's methods",
    )  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--jobs", type=int, default=1, help="cells that are worked on at once")
    parser.add_argument("--out", type=Path, default=Path("runs/study"))
    add_output_options(parser)


def command(arguments: argparse.Namespace) -> None:
    """Train the cells that are left and print the table."""
    from gnnlab.runner.study.page import run_study, table
    from gnnlab.runner.study.plan import read_study, select_cells
    from gnnlab.runner.sweep.shown import typed

    own = arguments.models, arguments.methods
    asked = {"--only": arguments.only, "--set": [[text] for text in arguments.settings]}
    asked |= {"--model": [[name] for name in own[0]], "--rewiring": [[name] for name in own[1]]}
    command = typed("study", arguments.name, asked)
    with hushed(arguments):
        study = read_study(arguments.name, arguments.settings, *own)
        cells = select_cells(study, arguments.only)
        outcomes = run_study(study, cells, arguments.out, jobs=arguments.jobs, command=command)
    text = f"\n{table(outcomes)}\n\n{arguments.out}/page.md"
    show(arguments, text, map(_row, outcomes), arguments.out)


def _row(outcome: Outcome) -> dict[str, Any]:
    """A cell for machines."""
    cell = outcome.cell
    return {
        "data": cell.data,
        "model": cell.model,
        "method": cell.method,
        "metric": outcome.metric,
        "valid": outcome.valid,
        "test": fmean(outcome.scores.values()),
        "runs": len(outcome.scores),
        "run": str(outcome.folder),
    }
