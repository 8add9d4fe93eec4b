"""The ``run`` command: train a recipe, or a model on a dataset."""

from __future__ import annotations

import argparse
from functools import partial

from gnnlab.cli.options import add_names, add_run_options, overrides, settings_of
from gnnlab.cli.output import add_output_options, hushed, is_plain, show

NAME = "run"
HELP = "train a recipe, or a model on a dataset"
EXAMPLES = (
    "gnnlab run --data karate --model gcn --seeds 3",
    "gnnlab run platonov/minesweeper-gcn --splits all --jobs 2",
    "gnnlab run --data my_module:my_graph --model torch_geometric.nn:GAT --set model.num_layers=2",
    "gnnlab run runs/karate-gcn-123456789abc/run.toml --device cuda --quiet",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_names(parser)
    add_run_options(parser)
    parser.add_argument(
        "--confusion", action="store_true", help="keep what test rows of each class were taken for"
    )
    parser.add_argument("--track", default="", metavar="NAME", help="tensorboard, wandb, mlflow, …")
    parser.add_argument(
        "--save", action="store_true", help="keep each model, for gnnlab predict and gnnlab.load"
    )
    add_output_options(parser)


def command(arguments: argparse.Namespace) -> None:
    """Train what is left of a run and print its line."""
    from gnnlab.runner import configure, run, summarise, wanted_results
    from gnnlab.runner.calls import read_settings
    from gnnlab.runner.reports.tables import table
    from gnnlab.runner.runs.confusion import keep_confusion

    name = read_settings(arguments.recipe)[1] if arguments.recipe else ""
    with hushed(arguments):
        config = configure(settings_of(arguments), overrides(arguments))
        folder = arguments.out / config.label()
        run(
            config,
            arguments.out,
            jobs=arguments.jobs,
            progress=is_plain(arguments),
            name=name,
            track=arguments.track,
            save=arguments.save,
            inspect=partial(keep_confusion, folder) if arguments.confusion else None,
        )
    rows = wanted_results(folder, config)
    text = f"{table([summarise(rows)])}\n\n{folder}/results.jsonl"
    if arguments.save:
        text += f"\n{folder}/models"
    show(arguments, text, ({**row, "run": str(folder)} for row in rows), folder)
