"""GNN-FiLM's JSON lines: each a molecule with typed bonds, features of atoms and targets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import lines
from gnnlab.datasets.files.damage import Damaged, damaged, parsing
from gnnlab.datasets.files.numbers import whole
from gnnlab.datasets.readers.raw import Open, RawGraphs


def read(record: Record, open_file: Open) -> RawGraphs:
    """Read bonds ``[source, type, target]``, types from 1, features of atoms and targets.

    Types become 0 ... T-1.

    Source:
        Brockschmidt, "GNN-FiLM: Graph Neural Networks with Feature-wise Linear Modulation", ICML
        2020 (https://arxiv.org/abs/1906.12192), which prepared QM9 so.
    """
    path = open_file(record.files[0])
    bonds, atoms, targets = [], [], []
    for number, row in enumerate(_rows(path), start=1):
        try:
            x = np.array(row["node_features"], dtype=np.float32)
            graph = whole(np.array(row["graph"]).reshape(-1, 3), path, "bonds")
            y = np.array(row["targets"], dtype=np.float32).reshape(-1)
            _check(x, graph)
        except Damaged:
            raise
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise damaged(path, "molecules in JSON lines", f"line {number}: {error}") from None
        atoms.append(x)
        bonds.append(graph)
        targets.append(y)
    if len({(x.shape[1], len(y)) for x, y in zip(atoms, targets, strict=True)}) != 1:
        told = "molecules differ in their numbers of features or targets"
        raise damaged(path, "molecules in JSON lines", told)
    sizes = [len(x) for x in atoms]
    for graph, start in zip(bonds, accumulate(sizes[:-1], initial=0), strict=True):
        graph[:, [0, 2]] += start
    table = np.concatenate(bonds)
    return RawGraphs(
        sizes=torch.tensor(sizes),
        edge_index=_tensor(table[:, [0, 2]].T),
        y=torch.from_numpy(np.stack(targets)),
        attributes=torch.from_numpy(np.concatenate(atoms)),
        edge_type=_tensor(table[:, 1] - 1),
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    kind = "compressed JSON lines"
    with parsing(kind, [path]), gzip.open(path, "rb") as file:
        yield from map(json.loads, lines(file, path, kind))


def _check(x: np.ndarray, graph: np.ndarray) -> None:
    """Refuse a molecule whose bonds do not fit its atoms."""
    if x.ndim != 2 or not len(x):
        raise ValueError(f"node_features of shape {x.shape}, expected (atoms, features)")
    ends = graph[:, [0, 2]]
    if graph.size and not (ends.min() >= 0 and ends.max() < len(x)):
        raise ValueError(f"a bond names an atom other than 0 to {len(x) - 1}")
    if graph.size and graph[:, 1].min() < 1:
        raise ValueError(f"a bond of type {graph[:, 1].min()}, which are counted from 1")


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
