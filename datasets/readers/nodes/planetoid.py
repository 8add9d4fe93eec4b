"""Planetoid's legacy pickles, opened by an unpickler that builds arrays and lists only."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import zeros
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.sparse_rows import coordinates
from gnnlab.datasets.files.unpickling import ARRAYS, Allowed, unpickle
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids
from gnnlab.datasets.values.masks import Masks, from_indices

VALIDATION = 500  # nodes after the training nodes, in file order


def read(record: Record, open_file: Open) -> RawGraph:
    """Put the eight files of one set together, with the public split.

    ``allx`` holds the nodes before the test block, ``tx`` the test nodes in the shuffled order of
    ``test.index``. Test ids that no row has (15 isolated nodes of citeseer) get zero features and
    label 0, as in every loader we know. Self-loops and repeats of the graph are dropped.

    A record with the option ``topology`` reads neither ``x``, ``tx`` nor ``allx``: no features.

    Source:
        https://github.com/kimiyoung/planetoid; Yang et al., ICML 2016.
    """
    paths = {file.rpartition(".")[2]: open_file(file) for file in record.files}
    parts = {key: _unpickle(path) for key, path in paths.items() if key != "index"}
    test = _test_ids(paths["index"])
    labelled, before = len(parts["y"]), len(parts["ally"])
    num_nodes = max(before, int(test.max()) + 1)
    y = _stack(parts["ally"], parts["ty"], test, num_nodes, paths["ally"]).argmax(axis=1)
    x = np.zeros((num_nodes, 0), dtype=np.float32)
    if not record.options.get("topology"):
        before_test, of_test = (parts[key].dense(paths[key]) for key in ("allx", "tx"))
        x = _stack(before_test, of_test, test, num_nodes, paths["allx"])
    masks = _public(labelled, test, num_nodes)
    edges = _edges(parts["graph"], num_nodes, paths["graph"])
    return RawGraph(torch.from_numpy(x).float(), edges, torch.from_numpy(y).long(), masks)


class _Csr:
    """Stands in for scipy's csr_matrix: takes its pickled attributes and runs none of its code."""

    def dense(self, path: Path) -> np.ndarray:
        state = vars(self)
        shape = state["_shape"] if "_shape" in state else state["shape"]
        places = coordinates(state["indptr"], state["indices"], shape)
        matrix = zeros(path, *shape)
        np.add.at(matrix, places, state["data"])
        return matrix


# All that the files name; Python 2 called the builtins and scipy's module otherwise.
ALLOWED: Allowed = {
    **ARRAYS,
    ("__builtin__", "list"): list,
    ("builtins", "list"): list,
    ("collections", "defaultdict"): defaultdict,
    ("scipy.sparse.csr", "csr_matrix"): _Csr,
    ("scipy.sparse._csr", "csr_matrix"): _Csr,
}


def _unpickle(path: Path) -> Any:
    with parsing("a Planetoid file", [path]):
        return unpickle(io.BytesIO(path.read_bytes()), ALLOWED, "Planetoid", encoding="latin1")


def _test_ids(path: Path) -> np.ndarray:
    try:
        ids = np.array(path.read_text(encoding="ascii").split(), dtype=np.int64)
    except ValueError as error:
        raise damaged(path, "a list of node ids", error) from None
    if not len(ids) or ids.min() < 0:
        raise damaged(path, "a list of node ids", "it is empty" if not len(ids) else "one is < 0")
    return ids


def _stack(
    first: np.ndarray, test: np.ndarray, ids: np.ndarray, num_nodes: int, path: Path
) -> np.ndarray:
    """Put rows of the test block at their ids, below the others; rows of no id stay zero."""
    matrix = zeros(path, num_nodes, first.shape[1])
    matrix[: len(first)] = first
    matrix[ids] = test
    return matrix


def _public(labelled: int, test: np.ndarray, num_nodes: int) -> Masks:
    train, val = torch.arange(labelled), torch.arange(labelled, labelled + VALIDATION)
    return from_indices(train, val[val < int(test.min())], torch.from_numpy(test), num_nodes)


def _edges(graph: dict[int, list[int]], num_nodes: int, path: Path) -> torch.Tensor:
    pairs = {(min(u, v), max(u, v)) for u, friends in graph.items() for v in friends if u != v}
    edges = torch.tensor(sorted(pairs), dtype=torch.int64).reshape(-1, 2)
    return node_ids(edges.numpy(), path, num_nodes)
