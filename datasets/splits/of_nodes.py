"""Splits of nodes: the split that a load uses, and the source of its masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from gnnlab.core.arguments import check_count, check_text, shown
from gnnlab.datasets.catalogue.records import Record, Split, normal, unknown
from gnnlab.datasets.files.damage import Damaged, parsing
from gnnlab.datasets.files.npz import load_npz
from gnnlab.datasets.files.numbers import places, truths
from gnnlab.datasets.files.sources import locate
from gnnlab.datasets.readers import RawGraph
from gnnlab.datasets.values.edge_lists import largest_component
from gnnlab.datasets.values.masks import (
    Masks,
    evenly,
    few_labels,
    few_per_class,
    from_indices,
    stratified,
)

HETEROPHILOUS = (0.5, 0.25)  # train and validation; test takes the rest
OTHERS = (0.6, 0.2)
CITY = (0.1, 0.1)
DRAWN = ("random", "planetoid", "shchur", "city")
"""Kinds of splits of nodes that a seed draws: shares of every class, few labels as two papers have
it, or shares of all nodes."""
DRAWN_OF_MANY = ("random", "folds", "scaffold")
"""Those of graphs: shares of every class, folds, or shares of molecules by their scaffold."""


def split_name(record: Record, split: str | None, seed: int | None) -> str:
    """Resolve what the caller asked for to one of the record's splits or a kind of ``DRAWN:SEED``.

    Raises:
        ValueError: a split that the set does not have, or a seed that nothing uses.
    """
    check_asked(split, seed)
    if split is None and seed is None:
        return record.default_split
    kinds = drawn_kinds(record)
    kind, colon, _ = (asked := normal("" if split is None else split)).partition(":")
    drawn = kind in kinds
    if drawn and not colon and seed is not None:
        return f"{kind}:{seed}"
    if seed is not None:
        raise ValueError(
            f"seed={seed} has no use for {record.name} with split={shown(split)}; "
            + (f"ask for split='random:{seed}'" if kinds else "its split is fixed: leave it out")
        )
    if drawn and colon:
        return f"{kind}:{_number(asked)}"
    known = {normal(name): name for name in own_splits(record)}
    if asked in known:
        return known[asked]
    choices = [*own_splits(record), *(f"{kind}:0" for kind in kinds)]
    raise ValueError(
        f"{unknown(f'split of {record.name}', str(split), choices)} "
        f"(it has {', '.join(map(repr, choices))})"
    )


def check_asked(split: Any, seed: Any) -> None:
    """Refuse a name that is none, and a seed that is no whole number.

    Raises:
        ValueError: with its value.
    """
    if split is not None:
        check_text("split", split)
    if seed is not None:
        check_count("seed", seed, 0)


def drawn_kinds(record: Record) -> tuple[str, ...]:
    """Name the kinds of splits that a seed draws for the set: none where it comes split."""
    if record.task != "graph":
        return DRAWN
    usual = () if "features" in record.options else DRAWN_OF_MANY[:2]
    return tuple(record.options.get("drawn", usual))


def is_drawn(record: Record, split: str) -> bool:
    """Whether a split is made by a rule and not read from files."""
    return split.partition(":")[0] in drawn_kinds(record)


def own_splits(record: Record) -> list[str]:
    """Name the splits the set comes with: in its own files, then in files of others."""
    inside = [] if ":" in record.default_split else [record.default_split]
    return list(dict.fromkeys([*inside, *record.splits]))


def masks_for(record: Record, raw: RawGraph, split: str, root: str | Path | None) -> Masks:
    """Draw the split, read its files, or take what came with the graph."""
    kind = split.partition(":")[0]
    if kind == "random":
        fractions = HETEROPHILOUS if record.source == "heterophilous" else OTHERS
        return stratified(raw.y, 10, fractions, _number(split))
    if kind == "planetoid":
        return few_labels(raw.y, seed=_number(split))
    if kind == "shchur":
        inside = largest_component(raw.edge_index, len(raw.y))
        return few_per_class(raw.y.where(inside, -1), seed=_number(split))
    if kind == "city":
        return evenly(raw.y, 10, CITY, _number(split))
    if split in record.splits:
        return read_split(record.splits[split], len(raw.y), root)
    if raw.masks is None:
        raise ValueError(f"{record.name} has no split {split!r} in its files")
    return raw.masks


def read_split(split: Split, num_nodes: int, root: str | Path | None) -> Masks:
    """Read splits from archives: one mask file per split, or one file of index arrays."""
    paths = [locate(path, split.url, root) for path in split.files]
    with parsing(f"splits of {num_nodes} nodes", paths):
        return _split_of(paths, num_nodes)


def _split_of(paths: list[Path], num_nodes: int) -> Masks:
    if len(paths) == 1:
        lists = load_npz(paths[0], ("train", "valid", "test"))
        train, valid, test = (
            torch.from_numpy(places(lists[key], num_nodes, paths[0], "nodes"))
            for key in ("train", "valid", "test")
        )
        return from_indices(train, valid, test, num_nodes)
    keys = ("train_mask", "val_mask", "test_mask")
    archives = [load_npz(path, keys) for path in paths]
    parts = [
        np.stack(
            [truths(own[key], path, key) for own, path in zip(archives, paths, strict=True)], 1
        )
        for key in keys
    ]
    if parts[0].shape[0] != num_nodes:
        raise Damaged(f"{paths[0]} splits {parts[0].shape[0]} nodes, the graph has {num_nodes}")
    return Masks(*(torch.from_numpy(part) for part in parts))


def _number(split: str) -> int:
    kind, _, seed = split.partition(":")
    if not seed.isdigit():
        raise ValueError(f"split {split!r} names no seed; write '{kind}:0' with a whole number")
    return int(seed)
