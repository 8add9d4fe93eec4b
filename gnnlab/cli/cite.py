"""The ``cite`` command: BibTeX of a recipe's paper and data."""

from __future__ import annotations

import argparse

NAME = "cite"
HELP = "BibTeX of what a recipe uses"
EXAMPLES = (
    "gnnlab cite platonov/tolokers-gat",
    "gnnlab cite main/minesweeper-gcn-small > references.bib",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("recipe")


def command(arguments: argparse.Namespace) -> None:
    """Print the BibTeX of a recipe's papers."""
    from gnnlab.runner import recipe
    from gnnlab.runner.reports.cite import cite

    print(cite(recipe(arguments.recipe)))
