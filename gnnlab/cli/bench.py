"""The ``bench`` command: encoders x datasets x settings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.cli.options import add_run_options, overrides
from gnnlab.cli.output import add_output_options, hushed, show

if TYPE_CHECKING:
    from gnnlab.runner.bench.cells import Outcome

NAME = "bench"
HELP = "encoders x sets x settings; resumes"
EXAMPLES = (
    "gnnlab bench graph --models gin gcn --data mutag --settings clean --seeds 2",
    'gnnlab bench graph --models "torch_geometric.nn:GIN num_layers=3" --data mutag --list',
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name", help="such as graph")
    for axis, example in (("models", "path-nn kind=all"), ("data", "mutag"), ("settings", "edges")):
        option: dict[str, Any] = {"nargs": "+", "default": [], "metavar": "NAME"}
        option["help"] = f"those of the bench, or others, such as {example!r}"
        parser.add_argument(f"--{axis}", dest=f"bench_{axis}", **option)
    parser.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as mutag-gin")
    parser.add_argument("--list", action="store_true", help="name the cells and stop")
    add_run_options(parser)
    add_output_options(parser)
    parser.set_defaults(out=Path("runs/bench"))


def command(arguments: argparse.Namespace) -> int:
    """Train the cells that are left and print the table."""
    from gnnlab.runner.bench.page import run_bench, table
    from gnnlab.runner.bench.plan import choose, read_bench, select_cells
    from gnnlab.runner.sweep.shown import typed

    axes = arguments.bench_models, arguments.bench_data, arguments.bench_settings
    with hushed(arguments):
        bench = choose(read_bench(arguments.name), *axes, changes=overrides(arguments))
    cells = select_cells(bench, bench.cells(), arguments.only)
    if arguments.list:
        print("\n".join(cell.name for cell in cells))
        return 0
    asked = {f"--{axis}": getattr(arguments, f"bench_{axis}") for axis in ("models", "data")}
    asked |= {"--settings": arguments.bench_settings, "--only": arguments.only}
    changes = [[text] for text in overrides(arguments)]
    command = typed("bench", arguments.name, {**asked, "--set": changes})
    with hushed(arguments):
        found = run_bench(bench, cells, arguments.out, jobs=arguments.jobs, command=command)
    rows = [_row(one) for one in found.outcomes]
    show(arguments, f"\n{table(found)}\n\n{arguments.out}/page.md", rows, arguments.out)
    return int(bool(found.broken))


def _row(outcome: Outcome) -> dict[str, Any]:
    """A cell for machines."""
    cell, summary = outcome.cell, outcome.summary
    row: dict[str, Any] = {"data": cell.data, "model": cell.model, "setting": cell.setting}
    if summary is not None:
        row |= {"metric": summary.metric, "test": summary.mean, "std": summary.std}
        row |= {"runs": summary.runs, "parameters": summary.parameters}
    return {
        **row,
        "run": str(outcome.folder),
        **({"error": outcome.error} if outcome.error else {}),
    }
