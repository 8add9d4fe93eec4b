"""TU folders: many graphs in text files, as the TU collection has them, with labels of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_choice
from gnnlab.datasets.files.damage import damaged, not_fetched
from gnnlab.datasets.files.sources import checksum, combined
from gnnlab.datasets.own.many_graphs import cut_graphs
from gnnlab.datasets.own.tabular.edges import Edges, arranged
from gnnlab.datasets.readers.graphs.tu import graphs_of, numbers, one_hot_rows, whole_numbers
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import unsplit

NEEDED = ("A", "graph_indicator")
LABELS, NUMBERS = "graph_labels", "graph_attributes"


def is_tu_folder(folder: Path) -> bool:
    """Whether there are the two files that every set has."""
    return prefix_of(folder) is not None


def prefix_of(folder: Path) -> str | None:
    """The name that the files begin with."""
    names = sorted(path.name for path in folder.glob("*_A.txt"))
    found = [name.removesuffix("_A.txt") for name in names]
    return next((n for n in found if (folder / f"{n}_graph_indicator.txt").is_file()), None)


def graphs_of_tu(
    folder: Path, *, kind: str = "auto", directed: bool = False, name: str | None = None
) -> Graphs:
    """Read the graphs of a folder, not yet split.

    x holds one-hot node labels, then node attributes; a constant where there are neither. Edge
    labels of one column are ``edge_type``; more columns, and edge attributes, are ``edge_attr``.

    Args:
        folder: with ``NAME_A.txt``, ``NAME_graph_indicator.txt`` and, as far as there are any,
            ``…_graph_labels.txt``, ``…_graph_attributes.txt``, ``…_node_labels.txt``,
            ``…_node_attributes.txt``, ``…_edge_labels.txt`` and ``…_edge_attributes.txt``.
        kind: ``classes`` of graph labels, ``regression`` on graph attributes; ``auto`` takes labels
            where there are any.
        directed: keep directions.
        name: of the set; the files' if not given.

    Raises:
        ValueError: a damaged file, or no targets.
    """
    check_choice("kind", kind, ("auto", "classes", "regression"))
    prefix = prefix_of(folder)
    if prefix is None:
        raise ValueError(f"{folder} holds no NAME_A.txt and NAME_graph_indicator.txt: give one")
    files = {
        path.stem.removeprefix(f"{prefix}_"): path
        for path in sorted(folder.glob(f"{prefix}_*.txt"))
    }
    with not_fetched():
        y, names = _targets(folder, files, kind)
        sizes, edge_index = graphs_of(files["graph_indicator"], files["A"], len(y))
        nodes = int(sizes.sum())
        x, what = _features(files, nodes)
        source, target = edge_index.numpy()
        edges = arranged(Edges(source, target, _edge_values(files, len(source))), nodes, directed)
    kept = {} if "edge_type" not in edges.values else {"num_edge_types": _types(edges)}
    graphs = cut_graphs(sizes, x, edges, y, kept)
    used = {path.name: checksum(path) for path in files.values()}
    return Graphs(
        graphs,
        unsplit(len(graphs)),
        classes=len(names) or y.shape[1],
        name=name or prefix,
        source="own",
        features=what,
        raw_hash=combined(used),
        targets=() if names else tuple(f"target {i}" for i in range(y.shape[1])),
        class_names=names,
    )


def _targets(folder: Path, files: dict[str, Path], kind: str) -> tuple[Tensor, tuple[str, ...]]:
    """Classes with their names, or numbers (G, T)."""
    if kind != "regression" and LABELS in files:
        labels = whole_numbers(files[LABELS]).reshape(-1)
        names, y = np.unique(labels, return_inverse=True)
        return torch.from_numpy(y.reshape(-1)), tuple(map(str, names.tolist()))
    if kind != "classes" and NUMBERS in files:
        with files[NUMBERS].open("rb") as file:
            rows = sum(bool(line.strip()) for line in file)
        return numbers(files[NUMBERS], rows), ()
    raise ValueError(
        f"{folder} holds no {LABELS if kind == 'classes' else NUMBERS} (nor what else kind={kind!r}"
        " takes), so there is nothing to predict: add the file, or take another kind"
    )


def _features(files: dict[str, Path], nodes: int) -> tuple[Tensor, str]:
    parts, told = [], []
    if "node_labels" in files:
        parts.append(one_hot_rows(files["node_labels"], nodes))
        told.append("labels")
    if "node_attributes" in files:
        parts.append(numbers(files["node_attributes"], nodes))
        told.append("attributes")
    if not parts:
        return torch.ones(nodes, 1), "constant"
    return torch.cat(parts, dim=1), "+".join(told)


def _edge_values(files: dict[str, Path], edges: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    parts = []
    if "edge_labels" in files:
        labels = whole_numbers(files["edge_labels"])
        if len(labels) != edges:
            told = f"{len(labels)} rows, {edges} edges"
            raise damaged(files["edge_labels"], "a row for every edge", told)
        if labels.shape[1] == 1:
            values["edge_type"] = np.unique(labels[:, 0], return_inverse=True)[1].reshape(-1)
        else:
            parts.append(one_hot_rows(files["edge_labels"], edges).numpy())
    if "edge_attributes" in files:
        parts.append(numbers(files["edge_attributes"], edges).numpy())
    if parts:
        values["edge_attr"] = np.concatenate(parts, axis=1)
    return values


def _types(edges: Edges) -> int:
    types = edges.values["edge_type"]
    return int(types.max()) + 1 if len(types) else 1
