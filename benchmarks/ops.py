"""How fast the primitives are beside their peers, measured in the same run.

All sides take turns on the same tensors, so that a busy machine slows them all; medians are shown
with the range of the rounds as their noise. Run: python benchmarks/ops.py [--quick] [--large]
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compare
import graphs
import torch
from inputs import Inputs, names
from machine import Floor, limits
from measure import Plan, measure
from page import page
from peers import AT_TEN_MILLION, OURS, Sides, available

from gnnlab.runner.runs.environment import environment

LARGE_CASES = ("propagate sum",)
QUICK = Plan(rounds=3, least=1, budget=0.3)


def chosen(options: argparse.Namespace) -> dict[str, graphs.Graph]:
    """The graphs asked for."""
    if options.tiny:
        return graphs.TINY
    found = {**graphs.SMALL, **graphs.MEDIUM, **(graphs.LARGE if options.large else {})}
    return {
        name: graph
        for name, graph in found.items()
        if options.only in name and graph.edges <= options.edges
    }


def rows(
    options: argparse.Namespace, plan: Plan, peers: dict[str, Sides]
) -> Iterator[dict[str, Any]]:
    """Every measurement, as plain data."""
    for name, graph in chosen(options).items():
        large = name in graphs.LARGE
        who = {peer: peers[peer] for peer in peers if not large or peer in AT_TEN_MILLION}
        edge_index = graphs.build(graph)
        inputs = Inputs(edge_index, graph.nodes, options.features, only_propagate=large)
        by_peer = {peer: sides(inputs) for peer, sides in who.items()}
        floor = Floor(graph.nodes, graph.edges, options.features)
        for case in names(options.features):
            if options.case not in case or (large and case not in LARGE_CASES):
                continue
            sides = {peer: found[case] for peer, found in by_peer.items() if case in found}
            gathers = "propagate" in case and "block" not in case and "max" not in case
            found = measure(case, sides, floor if gathers else None, plan)
            size = {"nodes": graph.nodes, "edges": graph.edges, "features": options.features}
            yield {"graph": name, "case": case, **size, "sides": found}


def line(row: dict[str, Any]) -> str:
    """One row for the terminal."""
    ours = row["sides"][OURS]
    head = f"{row['graph']}, {row['case']}"
    peers = (
        f"{peer} {side['both_ratio'][0]:.1f}" for peer, side in row["sides"].items() if peer != OURS
    )
    share = f"  {ours['forward_share'][0]:.0%} of floor" if "forward_share" in ours else ""
    return f"{head:48}{ours['forward_ms']:9.2f}{ours['both_ms']:9.2f}{share:16} " + ", ".join(peers)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds of each case")
    parser.add_argument("--features", type=int, default=64, help="columns of x, and of a head")
    parser.add_argument("--only", default="", help="graphs whose name contains this")
    parser.add_argument("--edges", type=int, default=10**9, help="graphs of at most so many edges")
    parser.add_argument("--case", default="", help="cases whose name contains this")
    parser.add_argument("--large", action="store_true", help="graphs of ten million edges too")
    parser.add_argument("--quick", action="store_true", help="three rounds, slow peers once")
    parser.add_argument("--tiny", action="store_true", help="one tiny graph: does it run at all?")
    parser.add_argument("--compiled", action="store_true", help="torch.compile's formula too")
    parser.add_argument("--threads", type=int, help="torch's number of threads")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    parser.add_argument("--page", type=Path, help="also write them as a page of Markdown")
    parser.add_argument("--parity", type=Path, help="parity.py's file, for a section of the page")
    parser.add_argument("--compare", type=Path, help="a file of --json to set this run beside")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
    if options.threads:
        torch.set_num_threads(options.threads)
    plan = QUICK if options.quick else Plan(rounds=options.rounds)
    peers, missing = available(options.compiled)
    for name, reason in missing.items():
        print(f"without {name}: {reason}")
    found: dict[str, Any] = {"threads": torch.get_num_threads(), "rounds": plan.rounds}
    found["missing"] = sorted(missing)
    found |= environment(packages=("torch-scatter", "torch-sparse", "dgl"))
    found["limits"] = limits(options.features, plan.rounds, full=not options.tiny)
    print(f"{'':48}{'forward':>9}{'both ms':>9}{'':16} forward + backward of each peer, over ours")
    found["rows"] = []
    for row in rows(options, plan, peers):
        found["rows"].append(row)
        print(line(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.page:
        parity = json.loads(options.parity.read_text()) if options.parity else None
        options.page.write_text(page(found, parity))
    if options.compare:
        print(compare.table(json.loads(options.compare.read_text()), found))


if __name__ == "__main__":
    main()
