"""TU collection: text files that number the nodes of all graphs one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import check_room, one_hot
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.readers.raw import Open, RawGraphs, node_ids


def read(record: Record, open_file: Open) -> RawGraphs:
    """Read edges, graph and node numbers (from 1) and labels; labels become 0 ... C-1 in order.

    Edge labels, which MUTAG has, are left out.

    Source:
        Morris et al., "TUDataset: A collection of benchmark datasets for learning with graphs",
        2020 (https://arxiv.org/abs/2007.08663).
    """
    paths = {
        Path(file).stem.removeprefix(f"{record.name}_"): open_file(file) for file in record.files
    }
    labels = whole_numbers(paths["graph_labels"]).reshape(-1)
    sizes, edge_index = graphs_of(paths["graph_indicator"], paths["A"], len(labels))
    nodes = int(sizes.sum())
    kinds = one_hot_rows(paths["node_labels"], nodes) if "node_labels" in paths else None
    attributes = numbers(paths["node_attributes"], nodes) if "node_attributes" in paths else None
    y = torch.from_numpy(np.unique(labels, return_inverse=True)[1].reshape(-1))
    return RawGraphs(sizes, edge_index, y, kinds, attributes)


def graphs_of(indicator: Path, ends: Path, graphs: int) -> tuple[Tensor, Tensor]:
    """Read the size of every graph, and the edges of all.

    Args:
        indicator: the file with the graph of every node.
        ends: the file with the two ends of every edge.
        graphs: G.

    Shapes: (G,) int64, (2, E) int64 as stored
    """
    graph = whole_numbers(indicator).reshape(-1) - 1
    if not len(graph) or (np.diff(graph) < 0).any() or graph[0] < 0 or graph[-1] >= graphs:
        told = f"graph numbers do not rise from 1 to {graphs}"
        raise damaged(indicator, "the graph of every node", told)
    edge_index = node_ids(whole_numbers(ends), ends, len(graph), first=1)
    if (graph[edge_index[0].numpy()] != graph[edge_index[1].numpy()]).any():
        raise damaged(ends, "edges within graphs", "an edge joins two of them")
    return torch.from_numpy(np.bincount(graph, minlength=graphs)), edge_index


def whole_numbers(path: Path) -> np.ndarray:
    """A table of whole numbers, (rows, columns)."""
    return _numbers(path, np.int64)


def numbers(path: Path, rows: int) -> Tensor:
    """A table of numbers with so many rows, float32."""
    return _of_rows(torch.from_numpy(_numbers(path, np.float64)).float(), path, rows)


def one_hot_rows(path: Path, rows: int) -> Tensor:
    """Every column of a table with so many rows by the values that occur in it, side by side."""
    columns = whole_numbers(path)
    check_room(path, len(columns), sum(len(np.unique(column)) for column in columns.T))
    hot = np.concatenate([one_hot(column, path) for column in columns.T], axis=1)
    return _of_rows(torch.from_numpy(hot), path, rows)


def _of_rows(table: Tensor, path: Path, rows: int) -> Tensor:
    if len(table) != rows:
        what = path.stem.rpartition("_")[0].rpartition("_")[2]
        raise damaged(path, f"a row for every {what}", f"{len(table)} rows, {rows} {what}s")
    return table


def _numbers(path: Path, dtype: type) -> np.ndarray:
    try:
        return np.loadtxt(path, dtype=dtype, delimiter=",", ndmin=2)
    except ValueError as error:
        raise damaged(path, "a table of numbers", error) from None
