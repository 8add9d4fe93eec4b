"""Application of a rewiring to a data set of many graphs: cached, resumable, in parallel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from torch_geometric.data import Batch, Data

from gnnlab.core.arguments import check_count, shown
from gnnlab.core.processes import each
from gnnlab.rewiring.base.remains import warn_of_losses
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.rewiring.cache import Cache, Key
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.reading import read_graphs
from gnnlab.structure.transforms import GraphTransform, refuse_batch, shallow, shares

SAVE_EVERY = 5.0
"""Seconds after which what is finished goes to disk."""


def apply(
    method: GraphTransform[Any],
    dataset: Sequence[Data],
    *,
    workers: int = 1,
    cache: bool = True,
    progress: bool = True,
) -> list[Data]:
    """Rewire every graph of a dataset, each as ``method(graph)`` would.

    What was found is kept under ``$GNNLAB_HOME/rewired``, by the hash of the graph, the
    method, its settings and its version, so that no graph is rewired twice and an interrupted
    call goes on where it stopped. Random choices depend on the seed and on each graph's content,
    not on its place. ``num_edge_types`` is the dataset's, the same on every graph. One warning
    counts what is lost where a rewiring leaves graphs without edges, nodes alone or graphs split.

    Args:
        method: a rewiring, or a structure to be computed such as ``AddHops``.
        dataset: graphs, left as they are: a list, a PyG dataset, or a part of one.
        workers: processes; methods that are compiled and share out their work are fine with one.
        cache: keep and reuse results on disk.
        progress: draw a bar where it takes more than a second.

    Raises:
        ValueError: a ``Batch`` or a single graph, or what ``method`` refuses, with the number of
            the graph.
        RuntimeError: a worker failed.
    """
    _check(method, dataset, workers)
    for data in dataset:
        refuse_batch(data)
    copies = list(map(shallow, dataset))
    graphs = read_graphs(copies, method.undirected, type(method).__name__)
    shared = method.shared(copies)
    found = Cache(method, keep=cache)
    keys = list(map(found.key, graphs))
    missing = {key: graph for key, graph in zip(keys, graphs, strict=True) if key not in found}
    if missing:
        _fill(method, missing, found, workers, progress)
    results = [found[key] for key in keys]
    written = [
        method.write(data, graph, result, shared)
        for data, graph, result in zip(copies, graphs, results, strict=True)
    ]
    if isinstance(method, Rewiring):
        warn_of_losses(method, graphs, results)
    return written


def _check(method: Any, dataset: Any, workers: int) -> None:
    check_count("workers", workers)
    if not isinstance(method, GraphTransform):
        raise ValueError(f"method is {shown(method)}, but a rewiring is needed, such as GTR(10)")
    if isinstance(dataset, (Data, Batch)):
        kind = type(dataset).__name__
        raise ValueError(
            f"a {kind} was given, but apply maps over a sequence of graphs: call method(data) on "
            "one graph, and put [data] into a list to have it cached"
        )


def _fill(
    method: GraphTransform[Any],
    missing: dict[Key, Graph],
    found: Cache[Any],
    workers: int,
    progress: bool,
) -> None:
    """Rewire the graphs, and save what is finished now and then, and when stopped."""
    from tqdm import tqdm

    done = _results(method, missing, workers)
    saved = time.monotonic()
    name = type(method).__name__
    with tqdm(total=len(missing), desc=name, disable=not progress, delay=1.0, leave=False) as bar:
        try:
            for key, result in done:
                found[key] = result
                bar.update()
                if time.monotonic() - saved > SAVE_EVERY:
                    found.save()
                    saved = time.monotonic()
        finally:
            found.save()


def _results(
    method: GraphTransform[Any], missing: dict[Key, Graph], workers: int
) -> Iterator[tuple[Key, Any]]:
    """Keys and results, as they are finished."""
    if workers == 1:
        yield from zip(missing, method.results(list(missing.values())), strict=True)
        return
    keys = iter(missing)
    work = [
        _Share(method, list(islice(keys, len(part))), part) for part in shares(missing.values())
    ]
    for share in each(_finish, work, workers):
        yield from share


@dataclass(frozen=True, eq=False)
class _Share:
    """Graphs that are rewired together."""

    method: GraphTransform[Any]
    keys: list[Key]
    graphs: list[Graph]

    def __str__(self) -> str:
        return f"{self.method} on {len(self.graphs)} graphs"


def _finish(share: _Share) -> list[tuple[Key, Any]]:
    return list(zip(share.keys, share.method.results(share.graphs), strict=True))
