"""npz archives of gnn-benchmark: adjacency and attributes as CSR, dense labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import zeros
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.npz import load_npz
from gnnlab.datasets.files.sparse_rows import coordinates
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids

PARTS = ("data", "indices", "indptr", "shape")


def read(record: Record, open_file: Open) -> RawGraph:
    """Read one archive; values of the adjacency (multiplicities) are dropped.

    The option ``attributes = false`` says that the archive has none: x is (N, 0). Arrays beside
    the needed ones are never opened, so public archives that also pickle names are safe to read.
    Labels are renumbered from 0 (two sets start at 1).

    Source:
        https://github.com/shchur/gnn-benchmark (data/npz).
    """
    path = open_file(record.files[0])
    labels = load_npz(path, ("labels",))["labels"]
    adjacency = load_npz(path, tuple(f"adj_{part}" for part in PARTS))
    rows, columns = _coordinates(adjacency, "adj", path)
    edge_index = node_ids(np.stack([rows, columns], axis=1), path, len(labels))
    x = np.zeros((len(labels), 0), dtype=np.float32)
    if record.options.get("attributes", True):
        attributes = load_npz(path, tuple(f"attr_{part}" for part in PARTS))
        rows, columns = _coordinates(attributes, "attr", path)
        x = zeros(path, *attributes["attr_shape"])
        x[rows, columns] = attributes["attr_data"]
    y = np.unique(labels, return_inverse=True)[1].reshape(-1)
    return RawGraph(torch.from_numpy(x), edge_index, torch.from_numpy(y).long())


def _coordinates(
    arrays: dict[str, np.ndarray], name: str, path: Path
) -> tuple[np.ndarray, np.ndarray]:
    pointer, columns = arrays[f"{name}_indptr"], arrays[f"{name}_indices"]
    rows, width = arrays[f"{name}_shape"]
    try:
        return coordinates(pointer, columns, (rows, width))
    except ValueError as error:
        told = f"{name}_indptr and {name}_indices do not fit: {error}"
        raise damaged(path, "a CSR archive", told) from None
