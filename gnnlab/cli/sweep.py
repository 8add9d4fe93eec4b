"""The ``sweep`` command: a search over settings, chosen on validation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.cli.options import Tables, add_names, add_run_options, numbers, overrides, settings_of
from gnnlab.cli.output import add_output_options, hushed, is_plain, print_rows
from gnnlab.core.arguments import shown

if TYPE_CHECKING:
    from gnnlab.runner.sweep.trials import Trial

NAME = "sweep"
HELP = "many settings, chosen on validation; resumes"
EXAMPLES = (
    "gnnlab sweep --data karate --model gcn --over training.lr=[0.01,0.001] --seeds 3",
    "gnnlab sweep platonov/minesweeper-gat-sep --over training.lr={low=1e-4,high=0.1,log=true} "
    "--trials 20 --tune-splits 0-2",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_names(parser)
    add_run_options(parser)
    parser.add_argument(
        "--over", action="append", default=[], metavar="KEY=VALUES",
        help="such as training.lr=[0.01,0.001], or {low=1e-4,high=0.1,log=true} with --trials",
    )  # fmt: skip
    parser.add_argument("--file", type=Path, help="settings in TOML, with a [sweep] table")
    parser.add_argument("--trials", type=int, help="settings to draw; all combinations without")
    parser.add_argument("--search-seed", type=int, metavar="N", help="of those draws; 0")
    parser.add_argument("--tune-splits", type=numbers, help="that choose; all if not given")
    add_output_options(parser)
    parser.set_defaults(out=Path("runs/sweep"))


def command(arguments: argparse.Namespace) -> int:
    """Try every setting that is left and print the chosen one."""
    with hushed(arguments):
        trials = _swept(arguments)
    if arguments.json:
        print_rows(_rows(trials, arguments.out))
    elif arguments.quiet:
        print(arguments.out)
    return int(any(trial.broken for trial in trials))


def _swept(arguments: argparse.Namespace) -> list[Trial]:
    """Try, choose and tell."""
    from gnnlab.runner.sweep.grid import run_sweep
    from gnnlab.runner.sweep.page import line, outcome, table
    from gnnlab.runner.sweep.record import write_record
    from gnnlab.runner.sweep.space import read_space
    from gnnlab.runner.sweep.trials import Sweep

    if arguments.search_seed is not None and arguments.trials is None:
        raise ValueError("--search-seed is for the draws of --trials, and a grid has none")
    settings, axes = _sweep_file(arguments)
    space = read_space({**axes, **_axes(arguments.over)})
    tune = tuple(arguments.tune_splits or ())
    sweep = Sweep(settings_of(arguments, settings), space, tuple(overrides(arguments)), tune)
    seed, options = arguments.search_seed or 0, {"jobs": arguments.jobs}
    options["progress"] = is_plain(arguments)
    place = arguments.out, arguments.trials, seed
    trials = []
    for trial in run_sweep(sweep, arguments.out, trials=arguments.trials, seed=seed, **options):
        print(line(trial), flush=True)
        trials.append(trial)
        write_record(sweep, trials, *place, finished=False)
    print(f"\n{table(trials)}\n", flush=True)
    print(outcome(sweep, trials, arguments.out, **options))
    write_record(sweep, trials, *place, finished=True)
    return trials


def _rows(trials: Sequence[Trial], out: Path) -> list[dict[str, Any]]:
    """A row a setting with its validation score, and the chosen one's with its test score."""
    from gnnlab.runner import summarise, wanted_results
    from gnnlab.runner.sweep.trials import choose

    best = choose(trials)
    rows = []
    for trial in trials:
        metric = trial.rows[0]["metric"] if trial.rows else None
        row: dict[str, Any] = {"setting": trial.values, "metric": metric, "valid": trial.valid}
        row |= {"broken": trial.broken} if trial.broken else {}
        if trial is best and best.config is not None:
            folder = out / best.config.label()
            test = summarise(wanted_results(folder, best.config))
            row |= {"chosen": True, "test": test.mean, "std": test.std, "run": str(folder)}
        rows.append(row)
    return rows


def _sweep_file(arguments: argparse.Namespace) -> tuple[Tables, Tables]:
    """The settings of --file, and what its [sweep] says."""
    from gnnlab.runner.calls import read_settings
    from gnnlab.runner.settings.keys import toml_file

    if arguments.file is None:
        if not str(arguments.recipe).endswith(".toml"):
            return {}, {}
        own, _ = read_settings(arguments.recipe)
        return own, own.pop("sweep", {})
    if arguments.recipe:
        raise ValueError(
            f"{arguments.recipe} and {arguments.file} both hold settings: give one, and what is "
            "varied in a recipe with --over"
        )
    settings: Tables = toml_file(arguments.file, "mend it or name another file")
    for name, section in settings.items():
        if not isinstance(section, dict):
            raise ValueError(
                f"{arguments.file}: {name} is {shown(section)}, but it must be a table"
            )
    return settings, settings.pop("sweep", {})


def _axes(given: Sequence[str]) -> Tables:
    """What --over says, by dotted key."""
    from gnnlab.runner.settings.keys import assignment

    found: Tables = {}
    for text in given:
        key, values = assignment(text, "--over", "[VALUE, VALUE]")
        if key in found:
            raise ValueError(f"--over {key} is given twice: give all values at once")
        found[key] = values
    return found
