"""Fits that are killed at random moments and go on from their checkpoints until they are done."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PRELOADED = (
    "gnnlab.tasks", "gnnlab.tasks.fitting", "gnnlab.layers", "gnnlab.tasks.link.prediction",
    "torch_geometric.data", "gnnlab.datasets.values.graphs", "gnnlab.layers.convolutional.gcn",
    "gnnlab.tasks.graph.prediction", "gnnlab.tasks.shared.unread", "safetensors.torch",
)  # fmt: skip
"""Imported once, by a process of which those that are killed are forks."""


def graphs() -> Any:
    """Small random graphs with a number each."""
    import torch
    from torch_geometric.data import Data

    from gnnlab.datasets import Graphs, Masks

    found = []
    for seed in range(24):
        g = torch.Generator().manual_seed(seed)
        edges = torch.randint(6, (2, 14), generator=g)
        x = torch.randn(6, 3, generator=g)
        found.append(Data(x=x, edge_index=edges, y=x.sum()[None] * 30 + 100))
    part = torch.arange(24) % 3
    return Graphs(tuple(found), Masks(part == 0, part == 1, part == 2), 1, "drawn")


def trained(folder: Path | None, epochs: int = 15, **settings: Any) -> Any:
    """A fit with all that draws, follows or remembers: dropout, batches, a plateau, a patience."""
    import torch

    from gnnlab import layers, tasks

    torch.set_num_threads(1)
    training = tasks.Training(
        epochs=epochs, lr=0.02, schedule="plateau", warmup=3, plateau_patience=2,
        patience=14, grad_clip=1.0, weight_decay=0.01, select="metric",
    )  # fmt: skip
    task = tasks.GraphPrediction(standardise=True, batch_size=3)
    encoder = layers.GCN(3, 8, 2, dropout=0.3)
    given = {"checkpoint": folder, "every": 1, **settings}
    return tasks.fit(task, encoder, graphs(), training, seed=3, **given)


def told(result: Any) -> dict[str, Any]:
    """The bits of a result: weights, curve and scores."""
    digest = hashlib.sha256()
    for name, value in sorted(result.model.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    curve = {key: [repr(one) for one in values] for key, values in dict(result.curve).items()}
    scores = [repr(one) for one in (result.valid, result.test, result.epoch)]
    return {"weights": digest.hexdigest(), "curve": curve, "scores": scores}


def work(folder: Path, out: Path, epochs: int) -> None:
    """What a process does that is killed."""
    found = told(trained(folder, epochs))
    part = out.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.replace(out)
    os._exit(0)


def start(folder: Path, out: Path, epochs: int) -> BaseProcess:
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    process = context.Process(target=work, args=(folder, out, epochs))
    process.start()
    return process


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("checkpoint-*")}


def until_new(folder: Path, process: BaseProcess) -> float:
    """Wait until a process has written a checkpoint, and return the seconds that it took."""
    begun, before = time.monotonic(), names(folder)
    while process.is_alive() and not names(folder) - before:
        time.sleep(0.002)
    return time.monotonic() - begun


def kill_and_resume(place: Path, kills: int, epochs: int, seed: int) -> int:
    """Kill a fit so often, each time at a random moment, and hold it against one nobody killed.

    Every fourth moment lies anywhere from the start, the others after the first checkpoint that the
    process writes. A fit that comes to its end before its moment is begun anew.

    Returns:
        how many kills met a fit that had a checkpoint to go on from.
    """
    draw, met, number = random.Random(seed), 0, 0
    whole = place / "whole.json"
    process = start(place / "never", whole, epochs)
    until_new(place / "never", process)
    begun = time.monotonic()
    process.join()
    seconds, expected = time.monotonic() - begun, json.loads(whole.read_text())
    for kill in range(kills):
        folder, out = place / f"killed-{number}", place / f"out-{number}.json"
        process = start(folder, out, epochs)
        if kill % 4:
            until_new(folder, process)
        process.join(draw.uniform(0, seconds / 2))
        if process.exitcode is None:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            met += bool(names(folder))
        if out.exists() or kill == kills - 1:
            finish(folder, out, epochs, expected)
            number += 1
    return met


def finish(folder: Path, out: Path, epochs: int, expected: dict[str, Any]) -> None:
    """Let a fit come to its end, and hold it against one that nobody killed."""
    start(folder, out, epochs).join()
    assert json.loads(out.read_text()) == expected
    assert not list(folder.glob(".*.part"))
