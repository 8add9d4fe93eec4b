"""OGB (Open Graph Benchmark) molecules, from the tables of its archives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import gunzip, member
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.numbers import whole
from gnnlab.datasets.readers.raw import GivenGraphs, Open
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.masks import Masks, from_indices


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read atoms, bonds, labels and the scaffold split; a bond is stored once and given twice.

    Options of the record: ``folder`` within the archive; ``split``, the split's folder;
    ``classes``, whether the one column of labels is a class. Else labels are 1, 0, or nan where
    nothing is written.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687).
    """
    path, options = open_file(record.files[0]), record.options
    folder = str(options["folder"])

    def table(name: str, dtype: type = np.int64) -> np.ndarray:
        return _table(path, f"{folder}/{name}.csv.gz", dtype)

    nodes, edges = table("raw/num-node-list")[:, 0], table("raw/num-edge-list")[:, 0]
    x, bonds, kinds = table("raw/node-feat"), table("raw/edge"), table("raw/edge-feat")
    labels = table("raw/graph-label", np.float32)
    counts = {"atoms": (len(x), nodes.sum()), "bonds": (len(bonds), edges.sum())}
    if min(nodes.min(), edges.min()) < 0:
        raise damaged(path, "numbers of atoms and bonds", "one is negative")
    counts["kinds of bonds"] = (len(kinds), edges.sum())
    counts["graphs"] = (len(labels), len(nodes))
    for what, (found, expected) in counts.items():
        if found != expected:
            raise damaged(path, f"{expected} {what}", f"there are {found}")
    owner = np.repeat(np.arange(len(edges)), edges)
    if bonds.size and not (bonds.min() >= 0 and (bonds.max(1) < nodes[owner]).all()):
        raise damaged(path, "bonds within molecules", "one names an atom that is not there")
    edge_index, edge_attr = _both(bonds + (nodes.cumsum() - nodes)[owner][:, None], kinds, len(x))
    if options.get("classes"):
        whole(labels[:, 0], path, "classes")
    y = torch.from_numpy(labels)
    graphs = cut(
        torch.from_numpy(nodes),
        torch.from_numpy(x).float(),
        edge_index,
        y[:, 0].long() if options.get("classes") else y,
        edge_attr=edge_attr,
    )
    return GivenGraphs(graphs, _masks(path, f"{folder}/split/{options['split']}", len(graphs)))


def _both(bonds: np.ndarray, kinds: np.ndarray, nodes: int) -> tuple[Tensor, Tensor]:
    """Every bond in both directions, sorted by source."""
    both = np.concatenate([bonds, bonds[:, ::-1]])
    order = np.argsort(both[:, 0] * nodes + both[:, 1], kind="stable")
    pairs = torch.from_numpy(np.ascontiguousarray(both[order].T))
    return pairs, torch.from_numpy(np.concatenate([kinds, kinds])[order])


def _masks(path: Path, folder: str, graphs: int) -> Masks:
    parts = [_table(path, f"{folder}/{part}.csv.gz", np.int64)[:, 0] for part in PARTS]
    for ids in parts:
        if len(ids) and not 0 <= ids.min() <= ids.max() < graphs:
            raise damaged(path, f"a split of {graphs} graphs", "it names another one")
    train, val, test = (torch.from_numpy(ids.copy()) for ids in parts)
    return from_indices(train, val, test, graphs)


PARTS = ("train", "valid", "test")


def _table(path: Path, name: str, dtype: type) -> np.ndarray:
    """Read a compressed table without a header; nothing between two commas is nan."""
    packed = member(path, name).getvalue()
    with parsing(f"an archive with {name}", [path]):
        text = gunzip(packed, path, f"an archive with {name}").decode("ascii").splitlines()
    with parsing(f"a table in {name}", [path]):
        if dtype is np.float32:
            text = [",".join(word or "nan" for word in line.split(",")) for line in text]
        return np.loadtxt(text, dtype=dtype, delimiter=",", ndmin=2)
