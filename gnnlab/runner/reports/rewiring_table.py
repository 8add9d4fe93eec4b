"""Rewiring table: a graph, or a set of them, before and after rewiring; with a picture."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gnnlab.core.writing import write_atomically
from gnnlab.runner.reports.tables import layout
from gnnlab.runner.settings.keys import toml_value

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets import Graphs
    from gnnlab.structure.transforms import GraphTransform

DENSE = 10_000
"""Nodes up to which what costs N^2 or more is computed."""
SOURCES = 256
"""Nodes from which hop distances are searched together."""
BINS = np.linspace(-2, 1, 7)


def parse_settings(texts: list[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` pairs, VALUE as TOML."""
    settings = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"--set {text!r} is not of the form KEY=VALUE")
        settings[key.strip()] = toml_value(value.strip())
    return settings


def compare(data: Data | Graphs, method: GraphTransform[Any], plot: Path | None = None) -> str:
    """Rewire a graph or a set and lay out what it was and what it is; draw the curvature if asked.

    For a set, numbers are means over its graphs and histograms hold the edges of all of them. A
    method that changes no edge gives one column: what it stored.

    Raises:
        ValueError: what the method refuses; ``plot`` with a method that changes no edge.
        ImportError: ``plot`` is given and matplotlib is not installed.
    """
    from gnnlab import datasets, rewiring

    edges = isinstance(method, rewiring.Rewiring)
    if plot is not None and not edges:
        raise ValueError(
            f"{method} changes no edge, so there is no curvature to draw: leave --plot {plot} out"
        )
    if plot is not None:
        _pyplot()  # before the work, not after it
    many = isinstance(data, datasets.Graphs)
    before = list(data) if many else [data]
    after = rewiring.apply(method, before, cache=many)
    if not edges:
        return layout(("", "stored"), list(_stored(after, method).items()))
    columns, curvatures = [], []
    for graphs in (before, after):
        curvatures.append(np.concatenate([_curvature(graph) for graph in graphs]))
        columns.append({**_measures(graphs), **_histogram(curvatures[-1])})
    rows = [(name, text, columns[1][name]) for name, text in columns[0].items()]
    rows += _added(before, after)
    if plot is not None:
        _draw(curvatures, f"{data.name}, {method}", plot)
    return layout(("", "before", "after"), rows)


def _measures(graphs: Sequence[Data]) -> dict[str, str]:
    """Numbers of the whole graph, or their means, written out."""
    return _means([_numbers(graph) for graph in graphs])


def _stored(graphs: Sequence[Data], method: GraphTransform[Any]) -> dict[str, str]:
    """What the graphs were given."""
    sizes = [{"nodes": int(graph.num_nodes or 0), "arcs": graph.num_edges} for graph in graphs]
    return _means([size | method.numbers(graph) for size, graph in zip(sizes, graphs, strict=True)])


def _means(numbers: Sequence[Mapping[str, float | None]]) -> dict[str, str]:
    """The numbers that all graphs have, written out."""
    names = [name for name in numbers[0] if all(name in own for own in numbers)]
    found = {name: _text([own[name] for own in numbers]) for name in names}
    return found if len(numbers) == 1 else {"graphs": f"{len(numbers):,}", **found}


def _text(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return f"more than {DENSE:,} nodes"
    if len(values) == 1 and isinstance(known[0], int):
        return f"{known[0]:,}"
    return f"{statistics.fmean(known):.6g}"


def _numbers(data: Data) -> dict[str, float | None]:
    """Numbers of one graph; None for what its size forbids."""
    from gnnlab import datasets
    from gnnlab.rewiring import spectral_gap, total_resistance
    from gnnlab.structure.graphs.components import components
    from gnnlab.structure.graphs.undirected_lists import undirected

    nodes, edge_index = int(data.num_nodes), data.edge_index
    graph, small = undirected(edge_index, nodes), nodes <= DENSE
    found: dict[str, float | None] = {
        "nodes": nodes,
        "edges": graph.num_edges,
        "components": len(components(graph.rowptr, graph.col)),
        "diameter": diameter(graph.rowptr, graph.col) if small else None,
        "spectral gap": spectral_gap(edge_index, nodes),
        "total resistance": total_resistance(edge_index, nodes, within_components=True)
        if small
        else None,
    }
    if "y" in data and data.y.shape == (nodes,) and nodes > 1 and not data.y.is_floating_point():
        found["edge homophily"] = datasets.edge_homophily(edge_index, data.y)
    return found


def diameter(rowptr: np.ndarray, col: np.ndarray) -> int:
    """Find the longest shortest path, within components. Cost: O(N E), 1 KB a node."""
    from gnnlab.structure.hops.bfs import hop_matrix

    nodes = len(rowptr) - 1
    starts = range(0, nodes, SOURCES)
    blocks = (np.arange(start, min(start + SOURCES, nodes)) for start in starts)
    return max((int(hop_matrix(rowptr, col, sources=block).max()) for block in blocks), default=0)


def _curvature(data: Data) -> np.ndarray:
    """Ollivier-Ricci curvature of every undirected edge."""
    from gnnlab.rewiring import ollivier_ricci

    nodes = int(data.num_nodes)
    low, high = data.edge_index[:, data.edge_index[0] < data.edge_index[1]]
    low, high = torch.unique(torch.stack([low, high]), dim=1)
    both = torch.stack([torch.cat([low, high]), torch.cat([high, low])])
    values: np.ndarray = ollivier_ricci(both, nodes)[: len(low)].numpy()
    return values


def _histogram(values: np.ndarray) -> dict[str, str]:
    mean = float(values.mean()) if len(values) else math.nan
    counts, _ = np.histogram(values, BINS)
    spans = zip(BINS[:-1], BINS[1:], counts, strict=True)
    found = {"curvature, mean": f"{mean:.4f}"}
    return found | {f"curvature {low:4.1f} to {high:4.1f}": f"{n:,}" for low, high, n in spans}


def _added(before: Sequence[Data], after: Sequence[Data]) -> list[tuple[str, str, str]]:
    """Count the edges of each new type."""
    from gnnlab.rewiring import count_edge_types

    old = max(count_edge_types(graph) for graph in before)
    kinds = torch.cat([graph.edge_type for graph in after])
    one = len(after) == 1
    new, counts = torch.unique(kinds[kinds >= old], return_counts=True)
    return [
        (f"edges of type {kind}", "0", _text([count // 2 if one else count / 2 / len(after)]))
        for kind, count in zip(new.tolist(), counts.tolist(), strict=True)
    ]


def _draw(curvatures: list[np.ndarray], title: str, path: Path) -> None:
    figure, ax = _pyplot().subplots()
    for values, label in zip(curvatures, ("before", "after"), strict=True):
        ax.hist(values, np.linspace(-2, 1, 31), histtype="step", label=label)
    ax.set(title=title, xlabel="Ollivier-Ricci curvature", ylabel="edges")
    ax.legend()
    kind = path.suffix.removeprefix(".") or "png"
    write_atomically(path, lambda file: figure.savefig(file, format=kind))


def _pyplot() -> Any:
    try:
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'gnnlab[plot]'") from error
    return pyplot
