"""Link-level data sets: graphs without labels, and a split only where one is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from gnnlab.contracts.data import check
from gnnlab.core.arguments import shown
from gnnlab.datasets.catalogue.records import Record, unknown
from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.files.sources import checksum, keep_checksum, locate
from gnnlab.datasets.readers import RawLinks, reader
from gnnlab.datasets.splits.of_nodes import check_asked
from gnnlab.datasets.values.edge_lists import both_directions, count_undirected

if TYPE_CHECKING:
    from torch_geometric.data import Data


def load_links(
    record: Record, split: str | None, seed: int | None, root: str | Path | None
) -> tuple[Data, RawLinks]:
    """Read, check and build one graph; what was read is kept for the card.

    Edges of an undirected set are given both directions, sorted and merged; where edges have
    attributes or a split is published, repeated ones stay and the reverse ones follow.

    Raises:
        ValueError: a split or a seed, since links are split by ``gnnlab.tasks.LinkSplit``; damaged
            files; other statistics than the published ones.
    """
    check_split(record, split, seed)
    path = locate(record.files[0], record.url, root)
    raw: RawLinks = reader(record)(record, lambda _: path)
    check_statistics(record, raw)
    data = _built(record, raw, checksum(path))
    check(data)
    if record.unchecked:
        keep_checksum(path, record.files[0])
    return data, raw


def check_split(record: Record, split: str | None, seed: int | None) -> str | None:
    """Return the name of the published split; None where there is none.

    Raises:
        ValueError: another one was asked for.
    """
    check_asked(split, seed)
    published = "public" if "split" in record.options else None
    if seed is None and split in (None, published):
        return published
    asked = f"split={shown(split)}" if split is not None else f"seed={seed}"
    raise ValueError(
        f"{record.name} is for link prediction, and takes no {asked}: draw one of its links, for "
        "instance gnnlab.tasks.LinkSplit.random(data, valid=0.1, test=0.2, seed=0)"
    )


def check_statistics(record: Record, raw: RawLinks) -> None:
    """Compare what was read with what is published.

    Raises:
        ValueError: any number differs.
    """
    counted = {
        "nodes": len(raw.x),
        "rows": raw.edge_index.shape[1],
        "undirected": count_undirected(raw.edge_index, len(raw.x)),
        "features": raw.x.shape[1],
        **{part: len(next(iter(found.values()))) for part, found in raw.parts.items()},
    }
    for key, expected in record.statistics.items():
        if key not in counted:
            raise unknown(f"statistic of {record.name}", key, list(counted))
        if counted[key] != expected:
            raise Damaged(
                f"{record.name} from {record.source} has {counted[key]} {key}, but {expected} are "
                "published; the files are another version or damaged, so delete them and load again"
            )


def _built(record: Record, raw: RawLinks, raw_hash: str) -> Data:
    from torch_geometric.data import Data

    edge_index, edges = raw.edge_index, raw.edges
    if not record.directed and (edges or raw.parts):
        edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)
        edges = {key: torch.cat([value, value]) for key, value in edges.items()}
    elif not record.directed:
        edge_index = both_directions(edge_index, len(raw.x))
    if "edge_weight" in edges:
        edges = {**edges, "edge_weight": edges["edge_weight"].float()}
    data = Data(x=raw.x.float(), edge_index=edge_index, **edges, **raw.nodes)
    data.name, data.source, data.raw_hash = record.name, record.source, raw_hash
    if raw.parts:
        data.split, data.link_parts = "public", raw.parts
    return data
