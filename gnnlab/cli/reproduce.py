"""The ``reproduce`` command: recipes are trained, the paper's number next to ours."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from gnnlab.cli.options import add_run_options, overrides
from gnnlab.cli.output import add_output_options, hushed, is_plain, print_rows
from gnnlab.core.errors import sentence
from gnnlab.core.writing import NotWritten

NAME = "reproduce"
HELP = "train recipes and set paper beside ours"
EXAMPLES = (
    "gnnlab reproduce platonov/minesweeper-gcn --splits 0-2",
    "gnnlab reproduce main/minesweeper- --json",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="PAPER/NAME, or PAPER/ for all of it; see gnnlab list recipes")
    add_run_options(parser)
    add_output_options(parser)


def command(arguments: argparse.Namespace) -> int:
    """One recipe, or all whose names begin so; one that breaks does not stop the others."""
    from gnnlab.runner import recipe_names

    found = recipe_names(arguments.name)
    # A name that no recipe begins with is told with those that are near it.
    names = found if found and arguments.name not in found else [arguments.name]
    if len(names) == 1:
        _reproduce(arguments, names[0])
        return 0
    broken = 0
    for name in names:
        try:
            _reproduce(arguments, name)
        except NotWritten:
            raise
        except Exception as error:
            broken += 1
            print(f"gnnlab: {name}: {sentence(error)}", file=sys.stderr)
    return int(broken > 0)


def _reproduce(arguments: argparse.Namespace, name: str) -> None:
    """Train a recipe and print what came of it."""
    from gnnlab.runner import recipe
    from gnnlab.runner.reports.reproduce import comparison, distance, reproduced

    with hushed(arguments):
        found = reproduced(
            recipe(name),
            overrides(arguments),
            out=arguments.out,
            jobs=arguments.jobs,
            progress=is_plain(arguments),
        )
    made, ours, config = found
    if is_plain(arguments):
        print(comparison(*found), flush=True)
    elif arguments.quiet:
        print(arguments.out / config.label(), flush=True)
    else:
        row: dict[str, Any] = {"recipe": name, "metric": ours.metric}
        row |= {"paper_mean": made.mean, "paper_std": made.std, "runs": ours.runs}
        row |= {"mean": ours.mean, "std": ours.std, "apart": distance(made, ours, config)}
        print_rows([{**row, "run": str(arguments.out / config.label())}])
