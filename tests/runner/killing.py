"""Commands that are killed at random moments and resumed until they are done."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

PRELOADED = (
    "gnnlab.cli", "gnnlab.runner.runs.run", "gnnlab.runner.runs.data",
    "gnnlab.datasets", "gnnlab.tasks",
    "gnnlab.layers", "gnnlab.rewiring", "networkx", "optuna",
)  # fmt: skip
"""Imported once, by a process of which those that are killed are forks: most of their short lives
would be imports otherwise, and few kills would meet them at work."""
TINY = ["--set", "training.epochs=3", "--set", "model.hidden_channels=4"]
BOARD = ["--data", "csbm", "--set", "data.nodes=60", "--model", "gcn", *TINY]
PAIRS = ["--splits", "0,1,2", "--seeds", "0,1"]
SCORES = ("split", "seed", "valid", "test", "epoch", "epochs", "parameters", "metric")
DRAWN = "training.lr={low=0.001,high=0.1,log=true}"
GRAPHS = ["--data", "csl", "--models", "gin", "--settings", "edges=0.1", "--splits", "0,1"]
STUDY = ["study", "rewiring", "--only", "cornell-gcn-none", "--set", "training.epochs=1"]
COMMANDS: dict[str, list[str]] = {
    "run": ["run", *BOARD, *PAIRS],
    "run side by side": ["run", *BOARD, *PAIRS, "--jobs", "2"],
    "rewired run": ["run", *BOARD, *PAIRS, "--rewiring", "fosr", "--set", "rewiring.num_edges=8"],
    "grid": ["sweep", *BOARD, "--splits", "0,1", "--over", "training.lr=[0.1,0.01,0.001]"],
    "draws": ["sweep", *BOARD, "--splits", "0,1", "--over", DRAWN, "--trials", "12"],
    "draws side by side": [
        "sweep", *BOARD, "--splits", "0,1", "--over", DRAWN, "--trials", "3", "--jobs", "2",
    ],
    "bench": ["bench", "graph", *GRAPHS, *TINY[:2]],
    "study": STUDY,
    "apply": [],
    "apply side by side": [],
}  # fmt: skip
"""What is killed, by name; ``apply`` is a function here."""


@dataclass
class Count:
    """What was seen while killing.

    Args:
        kills: that met a command at work.
        faults: what should not be, in words.
    """

    kills: int = 0
    faults: list[str] = field(default_factory=list)


def start(name: str, out: Path, home: Path) -> BaseProcess:
    """Begin a command in a session of its own."""
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    process = context.Process(target=work, args=(name, out, home))
    process.start()
    return process


def work(name: str, out: Path, home: Path) -> None:
    """What a process does that is killed; the output goes to a file beside ``out``."""
    os.setsid()
    os.environ["GNNLAB_HOME"] = str(home)
    told = open(out.with_suffix(".log"), "a", encoding="utf-8")  # noqa: SIM115
    for number in (1, 2):
        os.dup2(told.fileno(), number)
    try:
        if name.startswith("apply"):
            apply(out, 2 if "side" in name else 1)
            status = 0
        else:
            from gnnlab.cli import main

            status = main([*COMMANDS[name], "--out", str(out)])
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def apply(out: Path, workers: int) -> None:
    """Rewire a set of graphs, each saved as soon as it is found."""
    import networkx as nx
    import torch
    from torch_geometric.data import Data
    from torch_geometric.utils import from_networkx

    from gnnlab import rewiring
    from gnnlab.rewiring import application as many

    many.SAVE_EVERY = 0.0
    graphs = []
    for seed in range(40):
        edges = from_networkx(nx.gnp_random_graph(30, 0.15, seed=seed)).edge_index
        graphs.append(Data(x=torch.ones(30, 1), edge_index=edges))
    found = rewiring.apply(rewiring.GTR(6), graphs, workers=workers, progress=False)
    out.mkdir(parents=True, exist_ok=True)
    (out / "edges.txt").write_text(repr([graph.edge_index.tolist() for graph in found]))


def finish(name: str, out: Path, home: Path) -> float:
    """Run a command to its end, and return the seconds that it took."""
    begun = time.monotonic()
    process = start(name, out, home)
    process.join()
    if process.exitcode != 0:
        told = out.with_suffix(".log").read_text()
        raise AssertionError(f"{name} ended with {process.exitcode}: {told}")
    return time.monotonic() - begun


def kill(name: str, out: Path, home: Path, moment: float, count: Count) -> None:
    """Kill a command some seconds after its start, and look at what it leaves."""
    process = start(name, out, home)
    number = process.pid
    assert number is not None
    process.join(moment)
    if process.exitcode is None:
        os.kill(number, signal.SIGKILL)
        count.kills += 1
    process.join()
    deadline = time.monotonic() + 30
    while (left := members(number)) and time.monotonic() < deadline:
        time.sleep(0.01)
    if left:
        count.faults.append(f"{name}: processes {left} outlived their parent")
        os.killpg(number, signal.SIGKILL)
    count.faults += [f"{name}: {fault}" for fault in torn(out)]


def members(session: int) -> list[int]:
    """Processes of a session that are there and not waiting to be buried."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[3]) == session and words[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


def torn(out: Path) -> list[str]:
    """Lines that are not whole or stand twice, the end of a line at work left out."""
    faults = []
    for path in out.rglob("results.jsonl"):
        pairs = []
        for line in path.read_bytes().split(b"\n")[:-1]:
            try:
                row = json.loads(line)
                pairs.append((row["split"], row["seed"]))
            except ValueError:
                faults.append(f"torn line in {path}: {line[-40:]!r}")
        if len(set(pairs)) < len(pairs):
            faults.append(f"doubled line in {path}")
    return faults


def numbers(out: Path) -> dict[str, object]:
    """All that a command came to, without times and sizes of memory."""
    found: dict[str, object] = {}
    for path in sorted(out.rglob("results.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        kept = [[row.get(key) for key in SCORES] for row in lines]
        found[path.parent.name] = sorted(kept, key=repr)
    for path in out.glob("edges.txt"):
        found[path.name] = path.read_text()
    return found


def litter(out: Path, home: Path) -> list[str]:
    """Locks and parts that nobody needs any more."""
    places = [*out.rglob("*"), *home.rglob("*")]
    return [str(p) for p in places if p.suffix in (".lock", ".part") and p.is_file()]


def kill_and_resume(name: str, kills: int, place: Path, seed: int, count: Count) -> None:
    """Kill a command so often, resume it, and hold it against one that nobody killed."""
    draw, before = random.Random(seed), count.kills
    whole = place / "whole"
    finish(name, whole, place / "whole-home")
    # Again, now that kernels are compiled and the first process has imported what it forks.
    seconds = finish(name, place / "again", place / "again-home")
    expected, number = numbers(whole), 0
    if numbers(place / "again") != expected:
        count.faults.append(f"{name}: not the same numbers twice")
    while count.kills - before < kills:
        number += 1
        out, home = place / f"out-{number}", place / f"home-{number}"
        for _ in range(min(draw.randint(1, 5), kills - count.kills + before)):
            kill(name, out, home, draw.uniform(0.02, 1.0) * seconds, count)
        finish(name, out, home)
        count.faults += [f"{name}: {fault}" for fault in torn(out)]
        if numbers(out) != expected:
            count.faults.append(f"{name}: other numbers in {out} than in {whole}")
        count.faults += [f"{name}: {path} is left" for path in litter(out, home)]
