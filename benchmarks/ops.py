"""How fast the primitives are beside PyG's, measured in the same run.

Prints the ratio of PyG's time to ours, for forward and backward together. Both sides take turns
on the same tensors, so a busy machine slows both; the median is shown with the range of the
rounds as its noise. Run: python benchmarks/ops.py [--rounds 9] [--only tolokers] [--page FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch_geometric.nn import GATConv, SimpleConv
from torch_geometric.nn.conv.gcn_conv import gcn_norm as pyg_gcn_norm
from torch_geometric.utils import softmax as pyg_softmax

from gnnlab import layers
from gnnlab.ops import Adjacency, dropout, edge_softmax, gcn_norm, propagate
from gnnlab.runner.environment import environment
from gnnlab.runner.report import layout

SOURCE, TARGET = 0, 1
GRAPHS: dict[str, tuple[int, int, float, int]] = {  # nodes, edges, skew of degrees, sorted by
    "cora-like": (2_708, 10_556, 1.5, SOURCE),
    "minesweeper-like": (10_000, 78_804, 1.0, SOURCE),
    "tolokers-like": (11_758, 1_038_000, 2.5, SOURCE),
    "tolokers-like by target": (11_758, 1_038_000, 2.5, TARGET),
    "uniform 100k/1M": (100_000, 1_000_000, 1.0, SOURCE),
    "power law 100k/1M": (100_000, 1_000_000, 2.5, SOURCE),
}
LARGE: dict[str, tuple[int, int, float, int]] = {  # propagate alone, with --large
    "uniform 1M/10M": (1_000_000, 10_000_000, 1.0, SOURCE),
    "power law 1M/10M": (1_000_000, 10_000_000, 2.5, SOURCE),
}
HEADS = 8
PAGE = """# Performance

Made by `python benchmarks/ops.py --page docs/performance.md`, {rounds} rounds, {threads} thread(s)
on {cores} cores of {processor}; {versions}.

PyG and gnnlab take turns on the same tensors; each time is the median of the rounds, each ratio the
median of the rounds' ratios with its range. benchmarks/README.md says what the graphs are and where
the difference comes from.

"""
Case = tuple[Callable[[], Tensor], Callable[[], Tensor], list[Tensor]]


def graph(nodes: int, edges: int, skew: float, end: int = SOURCE) -> Tensor:
    """Random edges sorted by one end (data sets sort by source); a skew above 1 makes hubs."""
    generator = torch.Generator().manual_seed(0)
    place = (torch.rand(2, edges, generator=generator) ** skew * nodes).long()
    edge_index = torch.randperm(nodes, generator=generator)[place]
    return edge_index[:, (edge_index[end] * nodes + edge_index[1 - end]).argsort()]


def cases(edge_index: Tensor, nodes: int, features: int) -> dict[str, Case]:
    """PyG, ours, and what to differentiate by; both compute the same thing."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(nodes, features, generator=generator).requires_grad_()
    weight = torch.rand(edge_index.shape[1], generator=generator).requires_grad_()
    score = torch.randn(edge_index.shape[1], HEADS, generator=generator).requires_grad_()
    target = edge_index[1]
    pairs: dict[str, Case] = {}
    for reduce in ("sum", "mean", "max"):
        conv = SimpleConv(aggr=reduce)
        pairs[f"propagate {reduce}"] = (
            lambda conv=conv: conv(x, edge_index),  # type: ignore[misc]
            lambda reduce=reduce: propagate(x, edge_index, reduce=reduce),  # type: ignore[misc]
            [x],
        )
    weighted = SimpleConv(aggr="sum")
    pairs["propagate sum, weights"] = (
        lambda: weighted(x, edge_index, weight),
        lambda: propagate(x, edge_index, weight),
        [x, weight],
    )
    pairs[f"edge_softmax, {HEADS} heads"] = (
        lambda: pyg_softmax(score, target, num_nodes=nodes),
        lambda: edge_softmax(score, edge_index),
        [score],
    )
    theirs = GATConv(features, features, heads=HEADS, add_self_loops=False)
    ours = layers.GATConv(features, features, heads=HEADS, add_self_loops=False)
    pairs[f"GATConv, {HEADS} heads"] = (
        lambda: theirs(x, edge_index),
        lambda: ours(x, edge_index),
        [x],
    )
    pairs["dropout of x"] = (
        lambda: torch.nn.functional.dropout(x, 0.5),
        lambda: dropout(x, 0.5),
        [x],
    )
    pairs["gcn_norm of weights"] = (
        lambda: pyg_gcn_norm(edge_index, weight, nodes, add_self_loops=False)[1],
        lambda: gcn_norm(Adjacency.of(edge_index, nodes), weight),
        [weight],
    )
    return pairs


def step(function: Callable[[], Tensor], leaves: list[Tensor]) -> float:
    """Seconds for one forward and backward pass."""
    start = time.perf_counter()
    out = function()
    middle = time.perf_counter()
    grad = torch.ones_like(out)
    again = time.perf_counter()
    torch.autograd.grad(out, leaves, grad)
    return time.perf_counter() - again + middle - start


def measure(pair: Case, rounds: int) -> tuple[list[float], list[float]]:
    """Times of PyG and ours, taking turns after two rounds of warming up."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 2):
        for side, function in enumerate(pair[:2]):
            seconds = step(function, pair[2])
            if number >= 2:
                times[side].append(seconds)
    return times


def row(name: str, case: str, features: int, times: tuple[list[float], list[float]]) -> dict:
    """One measurement as plain data."""
    ratios = [theirs / ours for theirs, ours in zip(*times, strict=True)]
    return {
        "graph": name,
        "case": case,
        "features": features,
        "pyg_ms": 1e3 * statistics.median(times[0]),
        "ours_ms": 1e3 * statistics.median(times[1]),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def page(rows: list[dict], rounds: int) -> str:
    """The measurements as Markdown."""
    place = environment()
    versions = ", ".join(f"{name} {number}" for name, number in place["versions"].items())
    columns = ("graph", "forward + backward", "F", "PyG ms", "ours ms", "ratio", "min - max")
    body = [
        (
            r["graph"],
            r["case"],
            f"{r['features']}",
            f"{r['pyg_ms']:.2f}",
            f"{r['ours_ms']:.2f}",
            f"{r['ratio']:.1f}",
            f"{r['ratio_min']:.1f} - {r['ratio_max']:.1f}",
        )
        for r in rows
    ]
    threads = torch.get_num_threads()
    head = PAGE.format(threads=threads, rounds=rounds, versions=versions, **place["machine"])
    return head + layout(columns, body) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds of each pair")
    parser.add_argument("--features", type=int, default=64, help="columns of x")
    parser.add_argument("--only", default="", help="graphs whose name contains this")
    parser.add_argument("--case", default="", help="cases whose name contains this")
    parser.add_argument("--large", action="store_true", help="graphs of ten million edges too")
    parser.add_argument("--threads", type=int, help="torch's number of threads")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    parser.add_argument("--page", type=Path, help="also write them as a page of Markdown")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    rows = []
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"{'forward + backward':44}{'PyG ms':>10}{'ours ms':>10}{'ratio':>8}   min - max")
    graphs = {**GRAPHS, **LARGE} if options.large else GRAPHS
    for name in (name for name in graphs if options.only in name):
        nodes, edges, skew, end = graphs[name]
        pairs = cases(graph(nodes, edges, skew, end), nodes, options.features)
        for case, pair in pairs.items():
            if options.case not in case or (name in LARGE and case != "propagate sum"):
                continue
            found = row(name, case, options.features, measure(pair, options.rounds))
            rows.append(found)
            print(
                f"{name + ', ' + case:44}{found['pyg_ms']:10.2f}{found['ours_ms']:10.2f}"
                f"{found['ratio']:8.1f}   {found['ratio_min']:.1f} - {found['ratio_max']:.1f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    if options.page:
        options.page.write_text(page(rows, options.rounds))


if __name__ == "__main__":
    main()
