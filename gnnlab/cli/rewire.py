"""The ``rewire`` command: a dataset before and after rewiring."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "rewire"
HELP = "a dataset before and after rewiring"
EXAMPLES = (
    "gnnlab rewire karate --method fosr --set num_edges=5",
    "gnnlab rewire karate --method borf --set batches=1 --undirected",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("name")
    parser.add_argument("--method", required=True, metavar="NAME", help="such as fosr")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--source")
    parser.add_argument(
        "--undirected", action="store_true", help="add the reverse of every edge first"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curvature")


def command(arguments: argparse.Namespace) -> None:
    """Print what a rewiring changes in a dataset."""
    from gnnlab import datasets
    from gnnlab.runner.reports.rewiring_table import compare, parse_settings
    from gnnlab.runner.settings.rewirings import make_rewiring
    from gnnlab.runner.settings.transforms import OwnTransform

    method = make_rewiring(arguments.method, parse_settings(arguments.settings))
    if isinstance(method, OwnTransform):
        raise ValueError(
            f"{arguments.method} is no gnnlab.rewiring.Rewiring, whose changes alone are compared: "
            "train with it, gnnlab run --rewiring"
        )
    data = datasets.load(arguments.name, source=arguments.source)
    if arguments.undirected:
        from torch_geometric.transforms import ToUndirected

        data = ToUndirected()(data) if not isinstance(data, datasets.Graphs) else data
    print(f"{data.name}, {method}\n")
    print(compare(data, method, arguments.plot))
