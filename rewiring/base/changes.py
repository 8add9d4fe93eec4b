"""Changes of a rewiring: the pairs to add and to remove, and how they are written into a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.edge_rows import edge_keys, kept_rows, more_rows
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, among

if TYPE_CHECKING:
    from torch_geometric.data import Data

NO_PAIRS: Array = np.empty((2, 0), np.int64)
NO_PAIRS.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Changes:
    """Pairs to add and to remove.

    Args:
        added: (2, A) int64, pairs that the graph lacks, each once; u < v where it is undirected.
        removed: (2, R) int64, pairs of the graph.
        kind: (A,) int64, which of the rewiring's own edge types each added pair has; 0 if None.
        notes: numbers to store with the graph, the same names on every graph.
    """

    added: Array = field(default_factory=lambda: NO_PAIRS)
    removed: Array = field(default_factory=lambda: NO_PAIRS)
    kind: Array | None = None
    notes: Mapping[str, Array] = field(default_factory=dict)


def write(
    data: Data, graph: Graph, changes: Changes, types: int, own_types: int, fill: float
) -> Data:
    """Write the changes into ``data``, a shallow copy that is the caller's to change.

    ``types`` is how many edge types the dataset has, and ``own_types`` how many the method adds.

    What has a row for every edge loses those of removed edges and gets one for each added arc: 1
    in ``edge_weight``, the next types in ``edge_type``, ``fill`` in all others.
    """
    stored = data.to_dict()
    edge_index = stored["edge_index"]
    arcs, kind = _added_arcs(graph, changes)
    keep = _kept(edge_index, graph, changes.removed)
    edges = edge_index.shape[1]
    for key in edge_keys(stored):
        rows = stored[key] if keep is None else kept_rows(stored[key], keep)
        data[key] = more_rows(rows, len(kind), 1.0 if key == "edge_weight" else fill)
    data["edge_type"] = _edge_type(stored.get("edge_type"), keep, edges, kind + types, edge_index)
    data["edge_index"] = _join(edge_index, keep, torch.from_numpy(arcs))
    if "x" not in stored:  # else N would be guessed from edges that may be gone
        data.num_nodes = graph.num_nodes
    data["num_edge_types"] = types + own_types
    for name, values in changes.notes.items():
        data[name] = torch.from_numpy(values[None].copy())
    return data


def pack(values: Sequence[Changes]) -> dict[str, Array]:
    """Many changes as a few arrays: all pairs side by side and where each graph's end."""
    arrays = {
        "added": np.concatenate([changes.added for changes in values], axis=1),
        "added_ends": np.cumsum([changes.added.shape[1] for changes in values]),
        "removed": np.concatenate([changes.removed for changes in values], axis=1),
        "removed_ends": np.cumsum([changes.removed.shape[1] for changes in values]),
        "kind": np.concatenate([_kind(changes) for changes in values]),
    }
    for name in values[0].notes:
        arrays[f"note_{name}"] = np.stack([changes.notes[name] for changes in values])
    return arrays


def unpack(arrays: Mapping[str, Array]) -> Callable[[int], Changes]:
    """Return what gives the changes of each number out of packed ones."""
    added = np.split(arrays["added"], arrays["added_ends"][:-1], axis=1)
    removed = np.split(arrays["removed"], arrays["removed_ends"][:-1], axis=1)
    kind = np.split(arrays["kind"], arrays["added_ends"][:-1])
    notes = {key[5:]: arrays[key] for key in arrays if key.startswith("note_")}
    return lambda i: Changes(
        added[i], removed[i], kind[i], {name: rows[i] for name, rows in notes.items()}
    )


def _kind(changes: Changes) -> Array:
    return np.zeros(changes.added.shape[1], np.int64) if changes.kind is None else changes.kind


def _added_arcs(graph: Graph, changes: Changes) -> tuple[Array, Array]:
    """Both arcs of every pair beside each other, and their kind."""
    added, kind = changes.added, changes.kind
    if kind is None:
        kind = np.zeros(added.shape[1], np.int64)
    if not graph.undirected:
        return np.array(added, np.int64), np.array(kind, np.int64)
    arcs = np.empty((2, 2 * added.shape[1]), np.int64)
    arcs[:, ::2], arcs[:, 1::2] = added, added[::-1]
    return arcs, kind.astype(np.int64, copy=False).repeat(2)


def _kept(edge_index: Tensor, graph: Graph, removed: Array) -> Tensor | None:
    """Which columns stay, in order: int64, or None for all; every copy of a removed edge goes."""
    if not removed.shape[1]:
        return None
    source, target = edge_index.detach().cpu().numpy()
    if graph.undirected:
        source, target = np.minimum(source, target), np.maximum(source, target)
    keys = source * graph.num_nodes + target
    gone = among(keys, np.sort(removed[0] * graph.num_nodes + removed[1]))
    return torch.from_numpy(np.flatnonzero(~gone)).to(edge_index.device)


def _edge_type(
    old: Tensor | None, keep: Tensor | None, edges: int, added: Array, like: Tensor
) -> Tensor:
    if old is not None:
        return _join(old, keep, torch.from_numpy(added))
    kept = edges if keep is None else len(keep)
    types = np.zeros(kept + len(added), np.int64)
    types[kept:] = added
    return torch.from_numpy(types).to(like.device)


def _join(old: Tensor, keep: Tensor | None, added: Tensor) -> Tensor:
    """The columns that stay, then the added ones."""
    kept = old if keep is None else old.index_select(-1, keep)
    return torch.cat([kept, added.to(old.device)], dim=-1)
