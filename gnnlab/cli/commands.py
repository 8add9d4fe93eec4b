"""What each command does, from its arguments."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gnnlab.core.arguments import shown
from gnnlab.core.errors import sentence
from gnnlab.core.registry import Family
from gnnlab.core.writing import NotWritten, write_text

Tables = dict[str, Any]
"""Settings by section, as TOML has them."""


def _overrides(arguments: argparse.Namespace) -> list[str]:
    given = {key: getattr(arguments, key) for key in ("splits", "seeds")}
    added = [f"run.{key}={values}" for key, values in given.items() if values is not None]
    added += [f'run.device="{arguments.device}"'] if arguments.device else []
    return [*arguments.settings, *added]


def run_command(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import configure, run, summarise, wanted_results
    from gnnlab.runner.reports.tables import table

    config = configure(_settings(arguments), _overrides(arguments))
    folder = run(
        config, arguments.out, jobs=arguments.jobs, progress=True, name=arguments.recipe or ""
    )
    print(table([summarise(wanted_results(folder, config))]))
    print(f"\n{folder}/results.jsonl")


def _settings(arguments: argparse.Namespace, table: Mapping[str, Any] | None = None) -> Tables:
    """A recipe's settings, or a file's, or none, with what options name in their places."""
    from gnnlab.runner import recipe

    settings: Tables = dict(table or {})
    if arguments.recipe:
        settings = dict(recipe(arguments.recipe).settings)
    for name in ("task", "data", "model"):
        if getattr(arguments, name):
            settings[name] = {**settings.get(name, {}), "name": getattr(arguments, name)}
    if arguments.rewiring:  # a recipe's settings are those of its own rewiring
        settings["rewiring"] = {"name": arguments.rewiring}
    if arguments.budget is not None:  # in the place of a recipe's width
        model = {k: v for k, v in settings.get("model", {}).items() if k != "hidden_channels"}
        settings["model"] = {**model, "budget": arguments.budget}
    return settings


def sweep_command(arguments: argparse.Namespace) -> int:
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
    sweep = Sweep(_settings(arguments, settings), space, tuple(_overrides(arguments)), tune)
    seed, options = arguments.search_seed or 0, {"jobs": arguments.jobs}
    place = arguments.out, arguments.trials, seed
    trials = []
    for trial in run_sweep(sweep, arguments.out, trials=arguments.trials, seed=seed, **options):
        print(line(trial), flush=True)
        trials.append(trial)
        write_record(sweep, trials, *place, finished=False)
    print(f"\n{table(trials)}\n", flush=True)
    print(outcome(sweep, trials, arguments.out, **options))
    write_record(sweep, trials, *place, finished=True)
    return int(any(trial.broken for trial in trials))


def _sweep_file(arguments: argparse.Namespace) -> tuple[Tables, Tables]:
    """The settings of --file, and what its [sweep] says."""
    from gnnlab.runner.settings.keys import toml_file

    if arguments.file is None:
        return {}, {}
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


def reproduce_command(arguments: argparse.Namespace) -> int:
    """One recipe, or all whose names begin so; one that breaks does not stop the others."""
    from gnnlab.runner import recipe, recipe_names
    from gnnlab.runner.reports.reproduce import reproduce

    again = partial(
        reproduce, overrides=_overrides(arguments), out=arguments.out, jobs=arguments.jobs
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


def report_command(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import read_results, summarise
    from gnnlab.runner.reports.results_page import page
    from gnnlab.runner.reports.tables import table
    from gnnlab.runner.sweep.page import reported
    from gnnlab.runner.sweep.shown import command_of, link_of, shown

    found = shown(arguments.folders)
    if found.left_out:
        warnings.warn(
            f"{found.left_out} runs are left out that a study tried and did not choose: their test "
            "scores would choose among them",
            stacklevel=2,
        )
    if arguments.page:
        place = arguments.page, arguments.folders
        write_text(arguments.page, page(found.with_chosen, command_of(*place), link_of(*place)))
        return
    runs = {folder.name: rows for folder in found.runs if (rows := read_results(folder))}
    if not runs and not found.sweeps:
        raise ValueError(
            f"no results.jsonl with a line in {', '.join(map(str, arguments.folders))}"
        )
    summaries = [summarise(rows) for rows in runs.values()]
    parts = [table(summaries, arguments.format, list(runs))] if runs else []
    print("\n\n".join([*parts, *(reported(swept, arguments.format) for swept in found.sweeps)]))


def list_command(arguments: argparse.Namespace) -> None:
    for what in [arguments.what] if arguments.what else list(_listings()):
        if not arguments.what:
            print(f"{what}:")
        print("\n".join(_listings()[what]()))


def _listings() -> dict[str, Callable[[], list[str]]]:
    """Lines of each listing; methods stand by the sub-package that holds them."""
    from gnnlab import datasets, layers, rewiring
    from gnnlab.runner import recipe_names
    from gnnlab.structure.transforms.listing import encodings
    from gnnlab.tasks.clustering.method import clusterings
    from gnnlab.tasks.embedding.method import embeddings
    from gnnlab.tasks.link.heads.by_name import heads
    from gnnlab.tasks.selfsupervised.objective import objectives
    from gnnlab.tasks.shared.listed import listed_tasks

    families: list[Family[Any]] = [clusterings, embeddings, encodings, heads, objectives]
    return {
        "models": lambda: _by_group(layers.encoders.groups()),
        "datasets": lambda: [f"  {name}" for name in datasets.names()],
        "rewirings": lambda: ["  none", *_by_group(rewiring.rewirings.groups())],
        "tasks": lambda: _by_group(listed_tasks.groups()),
        "methods": lambda: _by_group({family.kind: family.names() for family in families}),
        "recipes": lambda: [f"  {name}" for name in recipe_names()],
    }


def _by_group(groups: Mapping[str, Sequence[str]]) -> list[str]:
    lines = ([f"  {group}", *(f"    {name}" for name in names)] for group, names in groups.items())
    return [line for part in lines for line in part]


def data_command(arguments: argparse.Namespace) -> None:
    from gnnlab import datasets

    print(datasets.card(arguments.name, source=arguments.source, split=arguments.split))


def rewire_command(arguments: argparse.Namespace) -> None:
    from gnnlab import datasets
    from gnnlab.runner.reports.rewiring_table import compare, parse_settings
    from gnnlab.runner.settings.rewirings import make_rewiring

    method = make_rewiring(arguments.method, parse_settings(arguments.settings))
    data = datasets.load(arguments.name, source=arguments.source)
    if arguments.undirected:
        from torch_geometric.transforms import ToUndirected

        data = ToUndirected()(data) if not isinstance(data, datasets.Graphs) else data
    print(f"{data.name}, {method}\n")
    print(compare(data, method, arguments.plot))


def study_command(arguments: argparse.Namespace) -> None:
    from gnnlab.runner.study.page import run_study, table
    from gnnlab.runner.study.plan import read_study, select_cells
    from gnnlab.runner.sweep.shown import typed

    study = read_study(arguments.name, arguments.settings)
    cells = select_cells(study, arguments.only)
    asked = {"--only": arguments.only, "--set": [[text] for text in arguments.settings]}
    command = typed("study", arguments.name, asked)
    outcomes = run_study(study, cells, arguments.out, jobs=arguments.jobs, command=command)
    print(f"\n{table(outcomes)}\n\n{arguments.out}/page.md")


def bench_command(arguments: argparse.Namespace) -> int:
    from gnnlab.runner.bench.page import run_bench, table
    from gnnlab.runner.bench.plan import choose, read_bench, select_cells
    from gnnlab.runner.sweep.shown import typed

    axes = arguments.bench_models, arguments.bench_data, arguments.bench_settings
    bench = choose(read_bench(arguments.name), *axes, changes=_overrides(arguments))
    cells = select_cells(bench, bench.cells(), arguments.only)
    if arguments.list:
        print("\n".join(cell.name for cell in cells))
        return 0
    asked = {f"--{axis}": getattr(arguments, f"bench_{axis}") for axis in ("models", "data")}
    asked |= {"--settings": arguments.bench_settings, "--only": arguments.only}
    changes = [[text] for text in _overrides(arguments)]
    command = typed("bench", arguments.name, {**asked, "--set": changes})
    found = run_bench(bench, cells, arguments.out, jobs=arguments.jobs, command=command)
    print(f"\n{table(found)}\n\n{arguments.out}/page.md")
    return int(bool(found.broken))


def cite_command(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import recipe
    from gnnlab.runner.reports.cite import cite

    print(cite(recipe(arguments.recipe)))


def main_command(arguments: argparse.Namespace) -> None:
    from gnnlab.runner.demo import main_job

    main_job(arguments.out)
