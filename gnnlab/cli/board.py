"""The ``main`` command: four models on a generated Minesweeper board."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "main"
HELP = "four models on a generated Minesweeper board"
EXAMPLES = (
    "gnnlab main",
    "gnnlab main --out runs/board",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--out", type=Path, default=Path("runs"))


def command(arguments: argparse.Namespace) -> None:
    """Train the four models and print their table."""
    from gnnlab.runner.demo import main_job

    main_job(arguments.out)
