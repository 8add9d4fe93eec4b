"""The ``reproduce`` command: recipes are trained, the paper's number next to ours."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from gnnlab.cli.options import add_run_options, overrides
from gnnlab.core.errors import sentence
from gnnlab.core.writing import NotWritten

NAME = "reproduce"
HELP = "train recipes and set paper beside ours"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="PAPER/NAME, or PAPER/ for all of it; see gnnlab list recipes")
    add_run_options(parser)


def command(arguments: argparse.Namespace) -> int:
    """One recipe, or all whose names begin so; one that breaks does not stop the others."""
    from gnnlab.runner import recipe, recipe_names
    from gnnlab.runner.reports.reproduce import reproduce

    again = partial(
        reproduce, overrides=overrides(arguments), out=arguments.out, jobs=arguments.jobs
    )
    found = recipe_names(arguments.name)
    # A name that no recipe begins with is told with those that are near it.
    names = found if found and arguments.name not in found else [arguments.name]
    if len(names) == 1:
        print(again(recipe(names[0])))
        return 0
    broken = 0
    for name in names:
        try:
            text = again(recipe(name))
        except NotWritten:
            raise
        except Exception as error:
            broken += 1
            print(f"gnnlab: {name}: {sentence(error)}", file=sys.stderr)
        else:
            print(text, flush=True)
    return int(broken > 0)
