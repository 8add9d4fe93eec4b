"""How long a training epoch takes beside the same model in PyG, measured in the same run.

An epoch is one step on the full graph: forward, loss, backward, AdamW. The sides of a model take
turns, so a busy machine slows all; ratios are to the first side. "floor" is our model with every
aggregation replaced by the identity: what its matrix products, norms and dropout cost.
Run: python benchmarks/epochs.py [--only cora] [--rounds 9] [--memory] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import peer_models
import torch
import torch.nn.functional as F
from graphs import MEDIUM, SMALL, Graph, build
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import datasets, layers, tasks
from gnnlab.tasks.training.optimizer import make_optimizer
from gnnlab.tasks.training.peak_memory import PeakMemory

Model = Callable[[Data], nn.Module]
Step = Callable[[], None]


class Side(NamedTuple):
    """One way to train a model."""

    model: Model
    sparse: bool = False
    floor: bool = False
    torch_dropout: bool = False


def cora() -> Data:
    """The real graph where it is at hand, else a random one of its size and density."""
    try:
        data = datasets.load("cora")
        return Data(x=data.x, edge_index=data.edge_index, y=data.y, train=data.train_mask[:, 0])
    except OSError:
        data = random_graph(SMALL["cora-like"], columns=1_433, classes=7)
        data.x = (torch.rand(data.x.shape, generator=torch.Generator().manual_seed(2)) < 0.0127) / 1
        data.train = torch.arange(data.num_nodes) < 140
        return data


def random_graph(graph: Graph, columns: int = 10, classes: int = 2) -> Data:
    """A graph as benchmarks/ops.py draws it, with random features and labels."""
    generator = torch.Generator().manual_seed(3)
    return Data(
        x=torch.randn(graph.nodes, columns, generator=generator),
        edge_index=build(graph),
        y=torch.randint(classes, (graph.nodes,), generator=generator),
        train=torch.arange(graph.nodes) % 2 == 0,
    )


def classes(data: Data) -> int:
    return int(data.y.max()) + 1


def kipf(hidden: int) -> dict[str, Side]:
    """Two layers with dropout on features and hidden states."""

    def theirs(data: Data, cached: bool) -> nn.Module:
        return peer_models.Kipf(data.num_features, hidden, classes(data), cached)

    def ours(data: Data) -> nn.Module:
        out = classes(data)
        return layers.GCN(
            data.num_features, hidden, 2, block="plain", out_channels=out, dropout=0.5
        )

    return {
        "PyG": Side(partial(theirs, cached=False)),
        "PyG cached": Side(partial(theirs, cached=True)),
        "ours, dense x": Side(ours),
        "ours, sparse x": Side(ours, sparse=True),
    }


def platonov(name: str, blocks: list[Callable[..., nn.Module]], **settings: Any) -> dict[str, Side]:
    """Five layers of width 512 with dropout 0.2."""

    def theirs(data: Data) -> nn.Module:
        return peer_models.Residual(blocks, data.num_features, 512, 5, classes(data), 0.2)

    def ours(data: Data) -> nn.Module:
        out = classes(data)
        encoder = layers.find(name)
        return encoder(data.num_features, 512, 5, out_channels=out, dropout=0.2, **settings)

    return {
        "PyG": Side(theirs),
        "ours": Side(ours),
        "floor": Side(ours, floor=True),
        "ours, torch dropout": Side(ours, torch_dropout=True),
        "floor, torch dropout": Side(ours, floor=True, torch_dropout=True),
    }


def random_named(name: str) -> Callable[[], Data]:
    return lambda: random_graph({**SMALL, **MEDIUM}[name])


WIDE: dict[str, Callable[[], dict[str, Side]]] = {
    "Platonov GCN": partial(platonov, "GCN", [peer_models.GCN]),
    "Platonov SAGE": partial(platonov, "SAGE", [peer_models.SAGE]),
    "Platonov GAT-sep": partial(platonov, "GATSep", [peer_models.GATSep], heads=8),
    "Platonov GT": partial(platonov, "GT", [peer_models.GT, peer_models.Plain], heads=8),
}
Table = dict[str, tuple[Callable[[], Data], Callable[[], dict[str, Side]]]]
TABLE: Table = {
    "cora, GCN 64": (cora, partial(kipf, 64)),
    "cora, GCN 16": (cora, partial(kipf, 16)),
    **{
        f"{place}, {model}": (random_named(place), sides)
        for place in ("minesweeper-like", "tolokers-like")
        for model, sides in WIDE.items()
    },
}


@contextmanager
def changed(side: Side) -> Iterator[None]:
    """Without aggregations, or with torch's dropout, where a side is to run so."""
    with ExitStack() as stack:

        def put(place: str, function: Callable[..., Tensor]) -> None:
            stack.enter_context(mock.patch(f"gnnlab.layers.{place}", function))

        if side.floor:
            put("convolutional.gcn.smooth", lambda x, adj, weight: x)
            put("convolutional.sage.propagate", lambda x, adj, weight, reduce: x)
            for place in ("attention.gat.attend", "attention.gt.attend"):
                put(place, _attend_nothing)
        if side.torch_dropout:
            put("parts.dropout.dropout", F.dropout)
        yield


def _attend_nothing(value: Tensor, graph: object, weight: Tensor | None, **ends: Tensor) -> Tensor:
    """Keeps the maps of both ends in the gradient."""
    for end in ends.values():
        value = value + (end if end.dim() == 3 else end.unsqueeze(-1))
    return value


def training(side: Side, data: Data) -> tuple[nn.Module, Step]:
    """A side's model, and one epoch of it, ready to be called."""
    torch.manual_seed(0)
    if side.sparse:
        data = datasets.ToSparseFeatures()(data)
    model, rows = side.model(data).train(), data.train.nonzero().flatten()
    labels = data.y[rows]
    settings = tasks.Training(lr=1e-2, weight_decay=5e-4)
    optimizer = make_optimizer(model, settings)

    def step() -> None:
        with changed(side):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(data).index_select(0, rows), labels).backward()
            optimizer.step()

    return model, step


def measure(steps: dict[str, Step], rounds: int, warm: int = 2) -> dict[str, list[float]]:
    """Seconds of each side, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + warm):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if number >= warm:
                times[name].append(time.perf_counter() - start)
    return times


def peak_bytes(script: str, model: str, side: str) -> int:
    """How far memory rises above model and data in two steps, in a process of its own."""
    words = [sys.executable, script, "--peak", model, side]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def print_peak(table: Table, model: str, side: str) -> None:
    load, sides = table[model]
    _, step = training(sides()[side], load())
    memory = PeakMemory(torch.device("cpu"))
    for _ in range(2):
        step()
    print(memory.bytes())


def profiled(step: Step, rounds: int) -> str:
    """Where a side's time goes, by operator."""
    with torch.profiler.profile() as profile:
        for _ in range(rounds):
            step()
    return profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=25)


def row(model: str, side: str, times: dict[str, list[float]], peak: int | None) -> dict[str, Any]:
    """One side as plain data; the ratio is the first side's time to this one's, round by round."""
    first = next(iter(times.values()))
    ratios = [a / b for a, b in zip(first, times[side], strict=True)]
    return {
        "model": model,
        "side": side,
        "ms": 1e3 * statistics.median(times[side]),
        "ms_min": 1e3 * min(times[side]),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "peak_bytes": peak,
    }


def line(found: dict[str, Any]) -> str:
    """One measurement as it is printed."""
    peak = "" if found["peak_bytes"] is None else f"{found['peak_bytes'] / 1e6:10.0f}"
    spread = f"{found['ratio_min']:.2f} - {found['ratio_max']:.2f}"
    times = f"{found['ms']:10.2f}{found['ms_min']:10.2f}{found['ratio']:8.2f}"
    return f"{found['model']:32}{found['side']:22}{times}   {spread}{peak}"


def arguments(title: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds")
    parser.add_argument("--only", default="", help="models whose name contains this")
    parser.add_argument("--sides", default="", help="sides, separated by semicolons; all if empty")
    parser.add_argument("--memory", action="store_true", help="peak memory too, side by side")
    parser.add_argument("--profile", metavar="SIDE", help="print where this side's time goes")
    parser.add_argument("--threads", type=int, help="torch's number of threads")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    parser.add_argument("--peak", nargs=2, metavar=("MODEL", "SIDE"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main(table: Table = TABLE, script: str = __file__, title: str = "") -> None:
    """Time the models of a table as the command line asks."""
    options = arguments(title or __doc__.splitlines()[0])
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.peak:
        return print_peak(table, *options.peak)
    wanted = [name for name in options.sides.split(";") if name]
    rows = []
    print(f"{'an epoch':32}{'':22}{'ms':>10}{'least':>10}{'ratio':>8}   min - max   peak MB")
    for model in (name for name in table if options.only in name):
        load, sides = table[model]
        data = load()
        steps = {
            name: training(side, data)[1]
            for name, side in sides().items()
            if not wanted or name in wanted
        }
        if options.profile:
            steps[options.profile]()
            print(profiled(steps[options.profile], options.rounds))
            continue
        times = measure(steps, options.rounds)
        for name in steps:
            peak = peak_bytes(script, model, name) if options.memory else None
            found = row(model, name, times, peak)
            rows.append(found)
            print(line(found), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
