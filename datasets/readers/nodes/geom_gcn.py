"""Geom-GCN's text files: one of edges, one of features and labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import zeros
from gnnlab.datasets.files.damage import Damaged, damaged
from gnnlab.datasets.files.numbers import places
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids


def read(record: Record, open_file: Open) -> RawGraph:
    """Read ``out1_graph_edges.txt`` and ``out1_node_feature_label.txt``.

    Features are comma-separated values, or, with the option ``sparse``, the positions of the ones
    among as many columns as the option ``columns`` says (film).

    Source:
        https://github.com/graphdml-uiuc-jlu/geom-gcn (new_data/).
    """
    edge_file, node_file = (open_file(file) for file in record.files)
    ids, features, labels = _nodes(node_file)
    num_nodes = len(ids)
    y = torch.empty(num_nodes, dtype=torch.int64)
    y[ids] = labels
    columns = record.options["columns"]
    x = zeros(node_file, num_nodes, columns)
    for node, text in zip(ids.tolist(), features, strict=True):
        try:
            values = np.array(text.split(","), dtype=np.float32)
            if record.options.get("sparse"):
                x[node, places(values, columns, node_file, "features")] = 1
            else:
                x[node] = values
        except Damaged:
            raise
        except ValueError as error:
            raise damaged(node_file, "Geom-GCN features", error) from None
    return RawGraph(torch.from_numpy(x), _edges(edge_file, num_nodes), y)


def _nodes(path: Path) -> tuple[torch.Tensor, list[str], torch.Tensor]:
    """Read the columns node id, features, label; ids are a permutation of 0..N-1."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
        ids, features, labels = zip(*(line.split("\t") for line in lines), strict=True)
        order = torch.tensor([int(node) for node in ids])
        label = torch.tensor([int(value) for value in labels])
    except ValueError as error:
        raise damaged(path, "Geom-GCN nodes", error) from None
    if not torch.equal(order.sort().values, torch.arange(len(order))):
        raise damaged(path, "Geom-GCN nodes", f"its ids are not 0 to {len(order) - 1}, each once")
    return order, list(features), label


def _edges(path: Path, num_nodes: int) -> torch.Tensor:
    try:
        rows = np.loadtxt(path, dtype=np.int64, skiprows=1, ndmin=2)
    except ValueError as error:
        raise damaged(path, "Geom-GCN edges", error) from None
    return node_ids(rows, path, num_nodes)
