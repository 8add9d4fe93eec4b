"""The ``study`` command: methods under one protocol, compared in pairs."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "study"
HELP = "methods under one protocol, in pairs; resumes"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="such as rewiring")
    parser.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as cora-gcn")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--jobs", type=int, default=1, help="cells that are worked on at once")
    parser.add_argument("--out", type=Path, default=Path("runs/study"))


def command(arguments: argparse.Namespace) -> None:
    """Train the cells that are left and print the table."""
    from gnnlab.runner.study.page import run_study, table
    from gnnlab.runner.study.plan import read_study, select_cells
    from gnnlab.runner.sweep.shown import typed

    study = read_study(arguments.name, arguments.settings)
    cells = select_cells(study, arguments.only)
    asked = {"--only": arguments.only, "--set": [[text] for text in arguments.settings]}
    command = typed("study", arguments.name, asked)
    outcomes = run_study(study, cells, arguments.out, jobs=arguments.jobs, command=command)
    print(f"\n{table(outcomes)}\n\n{arguments.out}/page.md")
