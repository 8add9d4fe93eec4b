"""Wrong changes, refused: added pairs that are edges, removed ones that are none, repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from gnnlab.rewiring.base.changes import Changes
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, among

TAKEN = frozenset(
    ("x", "y", "edge_index", "edge_type", "edge_attr", "edge_weight", "num_nodes")
    + ("num_edge_types", "batch", "ptr")
)
"""Keys that a note may not take."""


def check_changes(changes: Any, graph: Graph, types: int, told: str) -> None:
    """Refuse changes that do not fit the graph, with the first pair that does not.

    Args:
        changes: what a rewiring returned.
        graph: what it looked at.
        types: how many edge types the rewiring has.
        told: its name.

    Raises:
        ValueError: one sentence.

    Cost:
        O(C log P) for C changes.
    """
    if not isinstance(changes, Changes):
        kind = type(changes).__name__
        raise ValueError(f"{told}.changes returned a {kind}, but it must return gnnlab's Changes")
    refuse = _Refuse(told, graph)
    keys = {}
    for name in ("added", "removed"):
        pairs = getattr(changes, name)
        _check_form(pairs, name, refuse)
        keys[name] = _checked_keys(pairs, "adds" if name == "added" else "removes", refuse)
    there = among(keys["added"], graph.keys)
    if there.any():
        refuse.pair("adds", changes.added[:, there.argmax()], "which the graph has already")
    there = among(keys["removed"], graph.keys)
    if not there.all():
        refuse.pair("removes", changes.removed[:, there.argmin()], "which is no edge of the graph")
    _check_kind(changes, types, refuse)
    _check_notes(changes.notes, refuse)


class _Refuse:
    """Sentences that begin with the class."""

    def __init__(self, told: str, graph: Graph) -> None:
        self.told, self.graph = told, graph

    def __call__(self, what: str) -> NoReturn:
        raise ValueError(f"{self.told}.changes {what}")

    def pair(self, does: str, pair: Array, why: str) -> NoReturn:
        self(f"{does} the pair ({int(pair[0])}, {int(pair[1])}), {why}")


def _check_form(pairs: Any, name: str, refuse: _Refuse) -> None:
    if not isinstance(pairs, np.ndarray) or pairs.ndim != 2 or pairs.shape[0] != 2:
        shape = getattr(pairs, "shape", None)
        what = type(pairs).__name__ + ("" if shape is None else f" of shape {tuple(shape)}")
        refuse(f"gives {name} as {what}, but pairs are a numpy array of shape (2, P)")
    if pairs.dtype != np.int64:
        refuse(f"gives {name} as {pairs.dtype}, but pairs are int64: use .astype(np.int64)")


def _checked_keys(pairs: Array, does: str, refuse: _Refuse) -> Array:
    """The keys of pairs of different nodes, each once."""
    (source, target), nodes = pairs, refuse.graph.num_nodes
    wrong = ((pairs < 0) | (pairs >= nodes)).any(axis=0)
    if wrong.any():
        refuse.pair(does, pairs[:, wrong.argmax()], f"but nodes are numbered 0 to {nodes - 1}")
    if (wrong := source == target).any():
        refuse.pair(does, pairs[:, wrong.argmax()], "which is a self-loop")
    if refuse.graph.undirected and (wrong := source > target).any():
        pair = pairs[:, wrong.argmax()]
        refuse.pair(does, pair, "but pairs of an undirected graph are written lower node first")
    keys: Array = source * nodes + target
    order = np.argsort(keys, kind="stable")
    if (again := keys[order[1:]] == keys[order[:-1]]).any():
        refuse.pair(does, pairs[:, order[1:][again.argmax()]], "twice")
    return keys


def _check_kind(changes: Changes, types: int, refuse: _Refuse) -> None:
    kind, count = changes.kind, changes.added.shape[1]
    if kind is None:
        if count and types < 1:
            refuse(f"adds {count} pairs, but {refuse.told}.types is {types}: give it a type")
        return
    if not isinstance(kind, np.ndarray) or kind.dtype.kind not in "iu" or kind.shape != (count,):
        what = f"{kind.dtype} {kind.shape}" if isinstance(kind, np.ndarray) else type(kind).__name__
        refuse(f"gives kind as {what}, but each of the {count} added pairs has a whole number")
    wrong = (kind < 0) | (kind >= types)
    if wrong.any():
        place = int(wrong.argmax())
        refuse.pair(
            "adds", changes.added[:, place], f"of type {int(kind[place])}, but types is {types}"
        )


def _check_notes(notes: Any, refuse: _Refuse) -> None:
    if not isinstance(notes, Mapping):
        refuse(f"gives notes as {type(notes).__name__}, but they are a dict of arrays by name")
    for name, values in notes.items():
        if not isinstance(name, str) or name in TAKEN:
            refuse(f"gives a note named {name!r}, which is no free key of a graph: rename it")
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
            refuse(f"gives the note {name!r} as {type(values).__name__}, not an array of numbers")
