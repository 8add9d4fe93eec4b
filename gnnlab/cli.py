"""Train, reproduce and report from the command line."""

from __future__ import annotations

import argparse
import atexit
import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from gnnlab._version import __version__
from gnnlab.sentences import sentence


def entry() -> NoReturn:
    """Run the command of this process and leave quickly.

    Python would first collect all objects of torch and its like, a second or more for nothing.
    """
    status = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 2 for what the user can mend, 130 on Ctrl-C;
    1 where some cells of a bench broke.

    ``GNNLAB_DEBUG=1`` shows the traceback of an error instead of its sentence alone.
    """
    arguments = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without "±" gets "?" and no error
            stream.reconfigure(errors="replace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # catch_warnings puts the old one back
            return int(arguments.command(arguments) or 0)
    except KeyboardInterrupt:
        print("stopped; the same command resumes", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if os.environ.get("GNNLAB_DEBUG"):
            raise
        print(f"gnnlab: {sentence(error)}", file=sys.stderr)
        return 2


def _show_warning(message: Warning | str, *place: object, **more: object) -> None:
    print(f"gnnlab: warning: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gnnlab", description=__doc__)
    parser.add_argument("--version", action="version", version=f"gnnlab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", _run, "train a recipe, or a model on a dataset")
    run.add_argument("recipe", nargs="?", help="such as platonov/minesweeper-gcn")
    for name in ("task", "data", "model", "rewiring"):
        run.add_argument(f"--{name}", metavar="NAME")
    run.add_argument("--budget", type=int, metavar="N", help="as wide as N parameters allow")
    _add_run_options(run)
    again = _command(commands, "reproduce", _reproduce, "train recipes and set paper beside ours")
    again.add_argument("name", nargs="?", default="platonov/", help="PAPER or PAPER/NAME")
    _add_run_options(again)
    report = _command(commands, "report", _report, "a table of finished runs")
    report.add_argument("folders", nargs="+", type=Path)
    report.add_argument("--format", choices=("csv", "latex", "markdown"), default="markdown")
    report.add_argument("--page", type=Path, help="write a page of results instead")
    listing = _command(commands, "list", _list, "models, datasets, rewirings or recipes")
    listing.add_argument("what", nargs="?", choices=("models", "datasets", "rewirings", "recipes"))
    data = _command(commands, "data", _data, "a dataset's card")
    data.add_argument("name")
    data.add_argument("--source")
    data.add_argument("--split")
    rewire = _command(commands, "rewire", _rewire, "a dataset before and after rewiring")
    rewire.add_argument("name")
    rewire.add_argument("--method", required=True, metavar="NAME", help="such as fosr")
    rewire.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    rewire.add_argument("--source")
    rewire.add_argument(
        "--undirected", action="store_true", help="add the reverse of every edge first"
    )
    rewire.add_argument("--plot", type=Path, metavar="FILE", help="draw the curvature")
    study = _command(commands, "study", _study, "methods under one protocol, in pairs; resumes")
    study.add_argument("name", help="such as rewiring")
    study.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as cora-gcn")
    study.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    study.add_argument("--jobs", type=int, default=1, help="cells that are worked on at once")
    study.add_argument("--out", type=Path, default=Path("runs/study"))
    bench = _command(commands, "bench", _bench, "encoders x sets x settings; resumes")
    bench.add_argument("name", nargs="?", default="graph", help="such as graph")
    for axis, example in (("models", "path-nn kind=all"), ("data", "mutag"), ("settings", "edges")):
        option: dict[str, Any] = {"nargs": "+", "default": [], "metavar": "NAME"}
        option["help"] = f"those of the bench, or others, such as {example!r}"
        bench.add_argument(f"--{axis}", dest=f"bench_{axis}", **option)
    bench.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as mutag-gin")
    bench.add_argument("--list", action="store_true", help="name the cells and stop")
    _add_run_options(bench)
    bench.set_defaults(out=Path("runs/bench"))
    cite = _command(commands, "cite", _cite, "BibTeX of what a recipe uses")
    cite.add_argument("recipe")
    first = _command(commands, "main", _main, "four models on a generated Minesweeper board")
    first.add_argument("--out", type=Path, default=Path("runs"))
    return parser


def _command(
    commands: Any, name: str, function: Callable[[argparse.Namespace], int | None], text: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(command=function)
    return command


def _add_run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    command.add_argument("--splits", type=_numbers, help="such as 0,1,2")
    command.add_argument("--seeds", type=_numbers, help="such as 0,1,2")
    command.add_argument("--device", help="cpu or cuda")
    command.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    command.add_argument("--out", type=Path, default=Path("runs"))


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 0,1,2")
    return [int(part) for part in parts]


def _overrides(arguments: argparse.Namespace) -> list[str]:
    given = {key: getattr(arguments, key) for key in ("splits", "seeds")}
    added = [f"run.{key}={values}" for key, values in given.items() if values is not None]
    added += [f'run.device="{arguments.device}"'] if arguments.device else []
    return [*arguments.settings, *added]


def _run(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import configure, recipe, run, summarise, wanted_results
    from gnnlab.runner.report import table

    settings: dict[str, dict[str, Any]] = {}
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
    config = configure(settings, _overrides(arguments))
    folder = run(
        config, arguments.out, jobs=arguments.jobs, progress=True, name=arguments.recipe or ""
    )
    print(table([summarise(wanted_results(folder, config))]))
    print(f"\n{folder}/results.jsonl")


def _reproduce(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import recipe, recipe_names
    from gnnlab.runner.reproduce import reproduce

    exact = arguments.name in recipe_names()
    names = [arguments.name] if exact else recipe_names(arguments.name)
    for name in names or [recipe(arguments.name).name]:
        text = reproduce(
            recipe(name), _overrides(arguments), out=arguments.out, jobs=arguments.jobs
        )
        print(text)


def _report(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import read_results, run_folders, summarise
    from gnnlab.runner.page import page
    from gnnlab.runner.report import table

    folders = [run for folder in arguments.folders for run in run_folders(folder)]
    if arguments.page:
        arguments.page.write_text(page(folders), encoding="utf-8")
        return
    found = {folder.name: rows for folder in folders if (rows := read_results(folder))}
    if not found:
        raise ValueError(
            f"no results.jsonl with a line in {', '.join(map(str, arguments.folders))}"
        )
    summaries = [summarise(rows) for rows in found.values()]
    print(table(summaries, arguments.format, list(found)))


def _list(arguments: argparse.Namespace) -> None:
    for what in [arguments.what] if arguments.what else list(_listings()):
        if not arguments.what:
            print(f"{what}:")
        print("\n".join("  " + name for name in _listings()[what]()))


def _listings() -> dict[str, Callable[[], list[str]]]:
    from gnnlab import datasets, layers, rewiring
    from gnnlab.runner import recipe_names

    return {
        "models": lambda: sorted(layers.encoders(), key=str.lower),
        "datasets": datasets.names,
        "rewirings": lambda: ["none", *sorted(rewiring.rewirings(), key=str.lower)],
        "recipes": recipe_names,
    }


def _data(arguments: argparse.Namespace) -> None:
    from gnnlab import datasets

    print(datasets.card(arguments.name, source=arguments.source, split=arguments.split))


def _rewire(arguments: argparse.Namespace) -> None:
    from gnnlab import datasets
    from gnnlab.runner.rewired import compare, parse_settings
    from gnnlab.runner.rewirings import make_rewiring

    method = make_rewiring(arguments.method, parse_settings(arguments.settings))
    data = datasets.load(arguments.name, source=arguments.source)
    if arguments.undirected:
        from torch_geometric.transforms import ToUndirected

        data = ToUndirected()(data) if not isinstance(data, datasets.Graphs) else data
    print(f"{data.name}, {method}\n")
    print(compare(data, method, arguments.plot))


def _study(arguments: argparse.Namespace) -> None:
    from gnnlab.runner.study import read_study, select_cells
    from gnnlab.runner.study_page import run_study, table

    study = read_study(arguments.name, arguments.settings)
    cells = select_cells(study, arguments.only)
    outcomes = run_study(study, cells, arguments.out, jobs=arguments.jobs)
    print(f"\n{table(outcomes)}\n\n{arguments.out}/page.md")


def _bench(arguments: argparse.Namespace) -> int:
    from gnnlab.runner.bench import choose, read_bench, select_cells
    from gnnlab.runner.bench_page import run_bench, table

    axes = arguments.bench_models, arguments.bench_data, arguments.bench_settings
    bench = choose(read_bench(arguments.name), *axes, changes=_overrides(arguments))
    cells = select_cells(bench, bench.cells(), arguments.only)
    if arguments.list:
        print("\n".join(cell.name for cell in cells))
        return 0
    found = run_bench(bench, cells, arguments.out, jobs=arguments.jobs)
    print(f"\n{table(found)}\n\n{arguments.out}/page.md")
    return int(bool(found.broken))


def _cite(arguments: argparse.Namespace) -> None:
    from gnnlab.runner import recipe
    from gnnlab.runner.cite import cite

    print(cite(recipe(arguments.recipe)))


def _main(arguments: argparse.Namespace) -> None:
    from gnnlab.runner.main_job import main_job

    main_job(arguments.out)


if __name__ == "__main__":
    entry()
