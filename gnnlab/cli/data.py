"""The ``data`` command: a dataset's card."""

from __future__ import annotations

import argparse

NAME = "data"
HELP = "a dataset's card"
EXAMPLES = (
    "gnnlab data karate",
    "gnnlab data cornell --split random:0",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name")
    parser.add_argument("--source")
    parser.add_argument("--split")


def command(arguments: argparse.Namespace) -> None:
    """Print the dataset's card."""
    from gnnlab import datasets

    print(datasets.card(arguments.name, source=arguments.source, split=arguments.split))
