"""Node-level data sets of the catalogue: their files read, checked and built."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from gnnlab.contracts.data import check
from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.archives import keep_archive, locate_file
from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.files.sources import checksum, combined, keep_checksum, locate
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.kinds.given_graphs import as_graphs
from gnnlab.datasets.kinds.graph import KEEP, collect
from gnnlab.datasets.measures.duplicates import distinct
from gnnlab.datasets.readers import GivenGraphs, RawGraph, reader
from gnnlab.datasets.splits.of_graphs import kept_masks, masks_of_graphs
from gnnlab.datasets.splits.of_nodes import masks_for
from gnnlab.datasets.values.edge_lists import both_directions, count_undirected

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs


class FlawWarning(UserWarning):
    """The set has a flaw that spoils results, such as test nodes with twins in training."""


def load_record(record: Record, split: str, root: str | Path | None) -> tuple[Data, RawGraph]:
    """Read, check and build one set; the raw graph is kept for the card."""
    used: dict[str, str] = {}

    def open_file(path: str) -> Path:
        file = locate(path, record.address(path), root)
        used[path] = checksum(file)
        return file

    raw = reader(record)(record, open_file)
    check_statistics(record, raw)
    masks = masks_for(record, raw, split, root)
    edge_index = raw.edge_index
    if not record.directed:
        edge_index = both_directions(edge_index, len(raw.y))
    if record.warning:
        warnings.warn(f"{record.name}: {record.warning}", FlawWarning, stacklevel=3)
    classes = record.statistics["classes"]
    data = build(
        raw.x,
        edge_index,
        raw.y,
        classes,
        masks,
        record.name,
        source=record.source,
        split=split,
        raw_hash=combined(used),
    )
    check(data)
    return data, raw


def load_graphs(
    record: Record,
    features: str,
    split: str,
    root: str | Path | None,
    target: str | None = None,
    repeats: str = KEEP,
) -> Graphs:
    """Read, check, build and split a set of many graphs."""
    used: dict[str, str] = {}
    found: dict[str, Path] = {}

    def open_file(path: str) -> Path:
        found[path] = locate_file(record, path, root)
        used[path] = checksum(found[path])
        return found[path]

    raw = reader(record)(record, open_file)
    if isinstance(raw, GivenGraphs):
        whole = as_graphs(record, raw, combined(used))
        if raw.left_out:
            warnings.warn(f"{record.name}: {raw.left_out}", FlawWarning, stacklevel=4)
    else:
        whole = collect(record, raw, features, combined(used), target)
    for number, data in enumerate(whole):
        _check_one(record, data, number)
    for path, file in found.items() if record.unchecked else ():
        keep_checksum(file, path)
    keep_archive(record, root)
    if repeats == KEEP:
        if record.warning:
            warnings.warn(f"{record.name}: {record.warning}", FlawWarning, stacklevel=4)
        return replace(whole, masks=masks_of_graphs(record, whole, split, root), split=split)
    kept = distinct(whole)
    masks = kept_masks(record, whole, kept, split, root)
    return replace(whole.only(kept), masks=masks, split=split)


def _check_one(record: Record, data: Data, number: int) -> None:
    try:
        check(data)
    except ValueError as error:
        raise ValueError(f"graph {number} of {record.name}: {error}") from None


def check_statistics(record: Record, raw: RawGraph) -> None:
    """Compare what was read with what is published.

    Raises:
        ValueError: any number differs.
    """
    loops = int((raw.edge_index[0] == raw.edge_index[1]).sum())
    counted = {
        "nodes": len(raw.y),
        "rows": raw.edge_index.shape[1],
        "undirected": count_undirected(raw.edge_index, len(raw.y)),
        "features": raw.x.shape[1],
        "classes": len(torch.unique(raw.y[raw.y >= 0])),
        "loops": loops,
        "unlabelled": int((raw.y < 0).sum()),
    }
    for key, expected in record.statistics.items():
        if counted[key] != expected:
            raise Damaged(
                f"{record.name} from {record.source} has {counted[key]} {key}, but {expected} are "
                "published; the files are another version or damaged, so delete them and load again"
            )
