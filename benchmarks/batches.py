"""How long mini-batches of graphs take beside PyG's loader, and what that is of an epoch.

An epoch is all training batches (forward, loss, backward, AdamW) and one evaluation. Both sides
take turns in every round on the same graphs in the same order; the losses must be the same bits.
Run: python benchmarks/batches.py [MUTAG PROTEINS] [--rounds 9] [--epochs 4]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from unittest import mock

from torch_geometric.data import Batch, Data

from gnnlab import datasets, layers, tasks
from gnnlab.tasks.shared import many_graphs as many
from gnnlab.tasks.shared.collate import Collate

MODELS = ("GCN", "GIN")


class PyG(Collate):
    """PyG's own way with every key."""

    def __init__(self, graphs: Sequence[Data]) -> None:
        self.graphs = graphs

    def __call__(self, numbers: Sequence[int]) -> Batch:
        batch: Batch = Batch.from_data_list([self.graphs[number] for number in numbers])
        return batch


SIDES = {"PyG": PyG, "ours": Collate}


def joined(data: datasets.Graphs, rounds: int) -> dict[str, list[float]]:
    """Seconds to join 64 graphs, by side."""
    sides = {name: side(list(data)) for name, side in SIDES.items()}
    found: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(20 * rounds):
        numbers = [(7 * turn + 31 * place) % len(data) for place in range(64)]
        for name, side in sides.items():
            start = time.perf_counter()
            side(numbers)
            found[name].append(time.perf_counter() - start)
    return found


def epoch(data: datasets.Graphs, name: str, side: type[Collate], epochs: int) -> tasks.Result:
    """Train a model of three layers of width 64 and return what it came to."""
    encoder = layers.find(name)(data.num_features, 64, 3)
    training = tasks.Training(lr=1e-3, epochs=epochs)
    with mock.patch.object(many, "Collate", side):
        return tasks.fit(tasks.GraphPrediction(), encoder, data, training, keep_model=False)


def trained(data: datasets.Graphs, name: str, rounds: int, epochs: int) -> dict[str, list[float]]:
    """Seconds of an epoch, by side."""
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    for turn in range(rounds + 1):
        order = list(SIDES)[:: 1 if turn % 2 else -1]
        results = {side: epoch(data, name, SIDES[side], epochs) for side in order}
        if dict(results["ours"].curve) != dict(results["PyG"].curve):
            raise ValueError(f"{name} on {data.name} trains otherwise than with PyG's batches")
        if turn:  # the first warms up
            for side, result in results.items():
                found[side].append(result.seconds / epochs)
    return found


def line(title: str, times: dict[str, list[float]]) -> str:
    """Medians in milliseconds and the median of the ratios within a round."""
    ours, theirs = times["ours"], times["PyG"]
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    middle = {side: 1e3 * statistics.median(values) for side, values in times.items()}
    return f"{title:28} PyG {middle['PyG']:8.3f} ms  ours {middle['ours']:8.3f} ms  {ratio:5.2f}x"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["MUTAG", "PROTEINS"])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args(argv)
    for name in arguments.names:
        data = datasets.load(name)
        if not isinstance(data, datasets.Graphs):
            raise ValueError(f"{name} is one graph, and batches are made of many")
        print(line(f"{name}, a batch of 64", joined(data, arguments.rounds)))
        for model in MODELS:
            times = trained(data, model, arguments.rounds, arguments.epochs)
            print(line(f"{name}, {model}, an epoch", times))


if __name__ == "__main__":
    main()
