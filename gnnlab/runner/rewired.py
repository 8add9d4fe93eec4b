"""A graph before and after rewiring, as a table and as a picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .keys import toml_value
from .report import layout

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.rewiring import Rewiring

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


def compare(data: Data, method: Rewiring, plot: Path | None = None) -> str:
    """Rewire a graph and lay out what it was and what it is; draw the curvature if asked.

    Raises:
        ValueError: what the method refuses.
        ImportError: ``plot`` is given and matplotlib is not installed.
    """
    if plot is not None:
        _pyplot()  # before the work, not after it
    after = method(data)
    curvatures = [_curvature(graph) for graph in (data, after)]
    columns = [
        {**_measures(graph), **_histogram(values)}
        for graph, values in zip((data, after), curvatures, strict=True)
    ]
    rows = [(name, text, columns[1][name]) for name, text in columns[0].items()]
    rows += _added(data, after)
    if plot is not None:
        _draw(curvatures, f"{data.name}, {method}", plot)
    return layout(("", "before", "after"), rows)


def _measures(data: Data) -> dict[str, str]:
    """Numbers of the whole graph, written out."""
    from gnnlab import datasets
    from gnnlab.rewiring import spectral_gap, total_resistance
    from gnnlab.structure.csr import undirected
    from gnnlab.structure.resistance import components

    nodes, edge_index = int(data.num_nodes), data.edge_index
    graph = undirected(edge_index, nodes)
    found = {
        "nodes": f"{nodes:,}",
        "edges": f"{graph.num_edges:,}",
        "components": f"{len(components(graph.rowptr, graph.col)):,}",
        "diameter": f"more than {DENSE:,} nodes",
        "spectral gap": f"{spectral_gap(edge_index, nodes):.6g}",
        "total resistance": f"more than {DENSE:,} nodes",
    }
    if nodes <= DENSE:
        total = total_resistance(edge_index, nodes, within_components=True)
        found["diameter"] = f"{diameter(graph.rowptr, graph.col):,}"
        found["total resistance"] = f"{total:.6g}"
    if "y" in data and data.y.dim() == 1 and not data.y.is_floating_point():
        found["edge homophily"] = f"{datasets.edge_homophily(edge_index, data.y):.4f}"
    return found


def diameter(rowptr: np.ndarray, col: np.ndarray) -> int:
    """Find the longest shortest path, within components. Cost: O(N E), 1 KB a node."""
    from gnnlab.structure.hops import hop_matrix

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


def _added(before: Data, after: Data) -> list[tuple[str, str, str]]:
    """Count the edges of each new type."""
    from gnnlab.rewiring import count_edge_types

    old = count_edge_types(before)
    kinds, counts = after.edge_type[after.edge_type >= old].unique(return_counts=True)
    return [
        (f"edges of type {kind}", "0", f"{count // 2:,}")
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
    ]


def _draw(curvatures: list[np.ndarray], title: str, path: Path) -> None:
    figure, ax = _pyplot().subplots()
    for values, label in zip(curvatures, ("before", "after"), strict=True):
        ax.hist(values, np.linspace(-2, 1, 31), histtype="step", label=label)
    ax.set(title=title, xlabel="Ollivier-Ricci curvature", ylabel="edges")
    ax.legend()
    figure.savefig(path)


def _pyplot() -> Any:
    try:
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'gnnlab[plot]'") from error
    return pyplot
