"""What graph-level models compute before and while they train, beside what peers offer.

Each row's two sides take turns on the same graphs and are compared before they are timed; times
are for one graph (of lstm for a batch), the ratio is the median over rounds with its range.
Run: python benchmarks/graph.py [--only paths] [--rounds 5] [--sample 40] [--like]
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterable, Sequence

import graph_k_hop
import graph_lstm
import graph_paths
import torch
from rewiring_dense import Case, line

Options = argparse.Namespace
PARTS: dict[str, Callable[[Options], Iterable[Case]]] = {
    "paths": graph_paths.cases,
    "k-hop": graph_k_hop.cases,
    "lstm": graph_lstm.cases,
}
"""Rows by the name that --only takes."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=40, help="graphs that both sides do")
    parser.add_argument("--like", action="store_true", help="generated graphs, not the real sets")
    options = parser.parse_args(arguments)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"{'one graph, root or batch':44}{'peer ms':>12}{'ours ms':>12}{'ratio':>9}   min - max")
    for part in options.only:
        for case in PARTS[part](options):
            print(line(case, options.rounds), flush=True)


if __name__ == "__main__":
    main()
