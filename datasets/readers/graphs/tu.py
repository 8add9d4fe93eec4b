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
    graph = _whole_numbers(paths["graph_indicator"]).reshape(-1) - 1
    labels = _whole_numbers(paths["graph_labels"]).reshape(-1)
    nodes, ends = len(graph), _whole_numbers(paths["A"])
    if not len(graph) or (np.diff(graph) < 0).any() or graph[0] < 0 or graph[-1] >= len(labels):
        told = f"graph numbers do not rise from 1 to {len(labels)}"
        raise damaged(paths["graph_indicator"], "the graph of every node", told)
    edge_index = node_ids(ends, paths["A"], nodes, first=1)
    if (graph[edge_index[0].numpy()] != graph[edge_index[1].numpy()]).any():
        raise damaged(paths["A"], "edges within graphs", "an edge joins two of them")
    kinds = _one_hot(paths["node_labels"]) if "node_labels" in paths else None
    attributes = None
    if "node_attributes" in paths:
        attributes = torch.from_numpy(_numbers(paths["node_attributes"], np.float64)).float()
    for name, rows in (("node_labels", kinds), ("node_attributes", attributes)):
        if rows is not None and len(rows) != nodes:
            raise damaged(paths[name], "a row for every node", f"{len(rows)} rows, {nodes} nodes")
    y = torch.from_numpy(np.unique(labels, return_inverse=True)[1].reshape(-1))
    sizes = torch.from_numpy(np.bincount(graph, minlength=len(labels)))
    return RawGraphs(sizes, edge_index, y, kinds, attributes)


def _whole_numbers(path: Path) -> np.ndarray:
    return _numbers(path, np.int64)


def _numbers(path: Path, dtype: type) -> np.ndarray:
    try:
        return np.loadtxt(path, dtype=dtype, delimiter=",", ndmin=2)
    except ValueError as error:
        raise damaged(path, "a table of numbers", error) from None


def _one_hot(path: Path) -> Tensor:
    """Every column by the values that occur in it, side by side."""
    columns = _whole_numbers(path)
    check_room(path, len(columns), sum(len(np.unique(column)) for column in columns.T))
    return torch.from_numpy(np.concatenate([one_hot(column, path) for column in columns.T], axis=1))
