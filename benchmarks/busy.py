"""What an epoch takes on a quiet machine, and beside one and two processes that keep it busy.

Two-layer networks of eight heads or 64 channels on small graphs, trained by ``tasks.fit`` as it
stands, by it on all threads, and in PyG on all threads and on one. An epoch is a step and an
evaluation. All sides of a row are measured in one run, in turns; the figure is the median.
Run: python benchmarks/busy.py [--data cornell cora] [--rounds 3] [--epochs 8] [--page FILE]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import GATConv, GCNConv

from gnnlab import datasets, layers, tasks
from gnnlab.tasks.training import sparse_reading, threads

SPIN = "while True: pass"
HEADS, WIDTH = 8, 64
TITLE = """# Small graphs on a busy machine

Two-layer networks (8 heads, or 64 channels), an epoch being a step and an evaluation. "fit" is
`tasks.fit` as it stands: it reads bags of words by their entries and takes one thread where a
step is too small for two. Beside it: the same with dense features on all threads, and the same
layers in PyG.
"""


class Peer(nn.Module):
    """Two layers of PyG's."""

    def __init__(self, kind: str, columns: int, classes: int) -> None:
        super().__init__()
        gat = kind == "GAT"
        self.first = GATConv(columns, WIDTH // HEADS, HEADS) if gat else GCNConv(columns, WIDTH)
        self.second = GATConv(WIDTH, classes) if gat else GCNConv(WIDTH, classes)

    def forward(self, data: Data) -> Tensor:
        out: Tensor = self.second(F.elu(self.first(data.x, data.edge_index)), data.edge_index)
        return out


def peer_epochs(kind: str, data: Data, epochs: int) -> list[float]:
    """Seconds of each epoch in PyG."""
    model = Peer(kind, data.num_features, int(data.y.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    train, times = data.train_mask.reshape(data.num_nodes, -1)[:, 0], []
    for _ in range(epochs):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(data)[train], data.y[train]).backward()
        optimizer.step()
        with torch.no_grad():
            float(model(data).argmax(1).eq(data.y).float().mean())
        times.append(time.perf_counter() - start)
    return times


def our_epochs(kind: str, data: Data, epochs: int) -> list[float]:
    """Seconds of each epoch of ``fit``."""
    out = int(data.y.max()) + 1
    settings = {"heads": HEADS} if kind == "GAT" else {"block": "plain"}
    encoder = layers.find(kind)(data.num_features, WIDTH, 2, out_channels=out, **settings)
    ends: list[float] = []
    tasks.fit(
        tasks.NodeClassification(metric="accuracy"),
        encoder,
        data,
        tasks.Training(lr=1e-3, epochs=epochs + 1),
        progress=lambda epoch, row: ends.append(time.perf_counter()),
        keep_model=False,
    )
    return [after - before for before, after in zip(ends, ends[1:], strict=False)]


def as_before(kind: str, data: Data, epochs: int) -> list[float]:
    """``fit`` with dense features on all threads."""
    with mock.patch.object(threads, "WORK", 1e-9), mock.patch.object(sparse_reading, "DENSITY", 0):
        return our_epochs(kind, data, epochs)


def on_one_thread(kind: str, data: Data, epochs: int) -> list[float]:
    """PyG with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return peer_epochs(kind, data, epochs)
    finally:
        torch.set_num_threads(before)


SIDES: dict[str, Callable[[str, Data, int], list[float]]] = {
    "fit": our_epochs,
    "fit, dense, all threads": as_before,
    "PyG": peer_epochs,
    "PyG, one thread": on_one_thread,
}


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep the machine busy with processes that do nothing but compute."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def main(arguments: list[str] | None = None) -> None:
    """Print a table, and write it as a page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", nargs="+", default=["cornell", "cora"])
    parser.add_argument("--models", nargs="+", default=["GAT", "GCN"])
    parser.add_argument("--busy", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    told = f"{torch.get_num_threads()} threads, {os.cpu_count()} cores, {platform.machine()}"
    lines = [
        f"torch {torch.__version__}, {told}; milliseconds an epoch, by `benchmarks/busy.py`.\n",
        f"| data | model | busy processes | {' | '.join(SIDES)} |",
        f"|{' --- |' * (len(SIDES) + 3)}",
    ]
    for name in options.data:
        data = datasets.load(name)
        for model in options.models:
            for count in options.busy:
                with busy(count):
                    row = measure(model, data, options.rounds, options.epochs)
                lines.append(f"| {name} | {model} | {count} | {' | '.join(row)} |")
                print(lines[-1], flush=True)
    if options.page:
        options.page.write_text("\n".join([TITLE, *lines, ""]), encoding="utf-8")


def measure(model: str, data: Data, rounds: int, epochs: int) -> list[str]:
    """Median milliseconds of every side."""
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side, run in SIDES.items():
            found[side] += run(model, data, epochs)[2:]
    return [f"{1e3 * statistics.median(times):.1f}" for times in found.values()]


if __name__ == "__main__":
    main()
