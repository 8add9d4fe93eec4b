"""The ``run`` command: train a recipe, or a model on a dataset."""

from __future__ import annotations

import argparse
from functools import partial

from gnnlab.cli.options import add_names, add_run_options, overrides, settings_of

NAME = "run"
HELP = "train a recipe, or a model on a dataset"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_names(parser)
    add_run_options(parser)
    parser.add_argument(
        "--confusion", action="store_true", help="keep what test rows of each class were taken for"
    )
    parser.add_argument("--track", default="", metavar="NAME", help="tensorboard, wandb, mlflow, …")


def command(arguments: argparse.Namespace) -> None:
    """Train what is left of a run and print its line."""
    from gnnlab.runner import configure, run, summarise, wanted_results
    from gnnlab.runner.reports.tables import table
    from gnnlab.runner.runs.confusion import keep_confusion

    config = configure(settings_of(arguments), overrides(arguments))
    folder = arguments.out / config.label()
    run(
        config,
        arguments.out,
        jobs=arguments.jobs,
        progress=True,
        name=arguments.recipe or "",
        track=arguments.track,
        inspect=partial(keep_confusion, folder) if arguments.confusion else None,
    )
    print(table([summarise(wanted_results(folder, config))]))
    print(f"\n{folder}/results.jsonl")
