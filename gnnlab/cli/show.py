"""The ``show`` command: a run, a recipe, a dataset or a model."""

from __future__ import annotations

import argparse

NAME = "show"
HELP = "a run, a recipe, a dataset or a model: settings, results, how to run it"
EXAMPLES = (
    "gnnlab show platonov/minesweeper-gcn",
    "gnnlab show runs/karate-gcn-123456789abc",
    "gnnlab show gatsep",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="a run's folder, or a name of gnnlab list")


def command(arguments: argparse.Namespace) -> None:
    """Print what the name is."""
    from gnnlab.runner.overview.show import show

    print(show(arguments.name))
