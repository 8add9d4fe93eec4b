"""Train what a config names, split by split, and keep every result on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .config import Config
from .environment import environment
from .results import append_result, read_results

if TYPE_CHECKING:
    from torch import nn
    from torch_geometric.data import Data

Pair = tuple[int, int]


def run(
    config: Config,
    out: str | Path = "runs",
    *,
    jobs: int = 1,
    progress: bool = False,
    name: str = "",
) -> Path:
    """Train every (split, seed) that has no result yet, and return the run's folder.

    The folder is named by the settings' hash, so the same call resumes and repeats nothing. It
    holds ``results.jsonl``, one line a pair, and ``run.toml``: settings, versions, machine, git
    state.

    Args:
        config: what to run.
        out: where run folders lie.
        jobs: processes that train at once, each with its share of the cores.
        progress: draw a bar for each training.
        name: of the recipe, kept in ``run.toml``.

    Raises:
        ValueError: settings that do not fit the data; fewer than one job.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}, but at least one process must train")
    folder = Path(out) / config.label()
    folder.mkdir(parents=True, exist_ok=True)
    _describe(config, folder, name)
    done = {(row["split"], row["seed"]) for row in read_results(folder)}
    pairs = [(s, r) for s in config.run.splits for r in config.run.seeds if (s, r) not in done]
    for row in _train_all(config, pairs, min(jobs, len(pairs)), progress):
        append_result(folder, row)
    return folder


def _train_all(
    config: Config, pairs: list[Pair], jobs: int, progress: bool
) -> Iterator[dict[str, Any]]:
    if jobs <= 1:
        data = load_data(config) if pairs else None
        yield from (train(config, pair, data, progress) for pair in pairs)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    # Not fork: a forked child inherits locks of threads that it does not have.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _use_threads, (threads,)) as pool:
        yield from (f.result() for f in as_completed(pool.submit(train, config, p) for p in pairs))


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def train(
    config: Config, pair: Pair, data: Data | None = None, progress: bool = False
) -> dict[str, Any]:
    """Train one (split, seed) and return its line of results."""
    from gnnlab import tasks

    data = load_data(config) if data is None else data
    split, seed = pair
    training = tasks.Training(**config.training)
    with _Bar(f"{config.model['name']} split {split}", training.epochs, progress) as advance:
        result = tasks.fit(
            tasks.NodeClassification(metric=config.task.metric),
            make_encoder(config, data),
            data,
            training,
            split=split,
            seed=seed,
            device=config.run.device,
            progress=advance,
            keep_model=False,
        )
    return {
        "task": config.task.name,
        "data": config.data["name"],
        "model": config.model["name"],
        "rewiring": config.rewiring.get("name", "none"),
        "split": split,
        "seed": seed,
        "metric": result.metric,
        "valid": result.valid,
        "test": result.test,
        "epoch": result.epoch,
        "seconds": round(result.seconds, 3),
        "parameters": result.parameters,
        "peak_memory_bytes": result.peak_memory_bytes,
    }


def load_data(config: Config) -> Data:
    """Load the config's graph."""
    from gnnlab import datasets

    settings = dict(config.data)
    return datasets.load(settings.pop("name"), **settings)


def make_encoder(config: Config, data: Data) -> Callable[[], nn.Module]:
    """Return a function that builds the config's encoder for this graph."""
    import inspect

    from gnnlab import layers

    settings = dict(config.model)
    cls: Callable[..., nn.Module] = layers.find(settings.pop("name"))
    if "num_nodes" in inspect.signature(cls).parameters:
        settings["num_nodes"] = data.num_nodes
    settings.setdefault("hidden_channels", 64)
    return lambda: cls(data.num_features, **settings)


class _Bar:
    """A progress bar that is silent where nobody looks."""

    def __init__(self, title: str, total: int, show: bool) -> None:
        from tqdm.auto import tqdm

        # None leaves it to tqdm to be silent where the output is no terminal.
        self.bar = tqdm(total=total, desc=title, unit="step", disable=None if show else True)

    def __enter__(self) -> Callable[[int, dict[str, float]], None]:
        def advance(epoch: int, row: dict[str, float]) -> None:
            self.bar.set_postfix(valid=f"{100 * row['valid']:.2f}", refresh=False)
            self.bar.update(epoch - self.bar.n)

        return advance

    def __exit__(self, *error: object) -> None:
        self.bar.close()


def _describe(config: Config, folder: Path, name: str) -> None:
    """Write ``run.toml``; what an earlier call wrote about where it ran stays."""
    path = folder / "run.toml"
    if path.is_file():
        return
    settings = msgspec.to_builtins(config)
    settings.pop("run")
    tables = {"recipe": {"name": name}, **settings, **environment(config.run.device)}
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(to_toml(tables))
    os.replace(partial, path)


def to_toml(tables: dict[str, dict[str, Any]]) -> str:
    """Write tables of plain values as TOML, which reads JSON's strings, numbers and lists."""
    lines = []
    for title, table in tables.items():
        lines += [f"[{title}]", *_lines(table), ""]
    return "\n".join(lines)


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{json.dumps(key)} = {_value(value)}" for key, value in table.items() if value != {}]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(_lines(value)) + "}"
    return json.dumps(value, ensure_ascii=False)
