"""Given graphs: sets of many graphs whose files hold features, targets and the split."""

from __future__ import annotations

from dataclasses import replace

from gnnlab.datasets.catalogue.records import Record, unknown
from gnnlab.datasets.chemistry import codes as molecules
from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.readers.raw import GivenGraphs
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import unsplit

SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "aqsol": (molecules.AQSOL_ATOMS, molecules.AQSOL_BONDS),
    "atoms": (molecules.ATOMS, molecules.BONDS),
    "smiles": (molecules.SMILES_ATOMS, molecules.SMILES_BONDS),
    "smiles+stereo": (
        molecules.SMILES_ATOMS + molecules.STEREO,
        molecules.SMILES_BONDS + molecules.STEREO,
    ),
    "zinc": (molecules.ZINC_ATOMS, molecules.ZINC_BONDS),
}
"""How many values the columns of x and edge_attr have, of features that are codes."""


def with_stereo(record: Record) -> Record:
    """The record of a set of SMILES with codes of stereo as one more column of x and edge_attr."""
    options = {**record.options, "features": "smiles+stereo", "stereo": True}
    statistics = dict(record.statistics)
    if "features" in statistics:
        statistics["features"] += 1
    return replace(record, options=options, statistics=statistics)


def given_features(record: Record, asked: str | None) -> str:
    """Return the one kind of features that the files hold.

    Raises:
        ValueError: the caller asked for another.
    """
    own = str(record.options["features"])
    if asked not in (None, own):
        raise unknown(f"features of {record.name}", str(asked), [own])
    return own


def as_graphs(record: Record, raw: GivenGraphs, raw_hash: str) -> Graphs:
    """Check what was read against what is published, and name it."""
    check_statistics(record, raw)
    features = str(record.options["features"])
    x_sizes, edge_sizes = SIZES.get(features, ((), ()))
    return Graphs(
        raw.graphs,
        unsplit(len(raw.graphs)) if raw.masks is None else raw.masks,
        classes=record.statistics.get("classes", 0),
        name=record.name,
        source=record.source,
        features=features,
        raw_hash=raw_hash,
        targets=tuple(record.options.get("targets", ())),
        x_sizes=x_sizes,
        edge_sizes=edge_sizes,
        metric=record.options.get("metric", ""),
    )


def check_statistics(record: Record, raw: GivenGraphs) -> None:
    """Compare what was read with what is published.

    Raises:
        ValueError: any number differs.
    """
    train, val, test = (0, 0, 0) if raw.masks is None else raw.masks.sizes
    counted = {
        "graphs": len(raw.graphs),
        "nodes": sum(len(data.x) for data in raw.graphs),
        "rows": sum(data.edge_index.shape[1] for data in raw.graphs),
        "features": raw.graphs[0].x.shape[1] if raw.graphs else 0,
        "classes": _classes(raw),
        "train": train,
        "val": val,
        "test": test,
    }
    for key, expected in record.statistics.items():
        if counted[key] != expected:
            raise Damaged(
                f"{record.name} from {record.source} has {counted[key]} {key}, but {expected} are "
                "published; the files are another version or damaged, so delete them and load again"
            )


def _classes(raw: GivenGraphs) -> int:
    """Classes, which are numbered from 0; else how many targets a graph has."""
    targets = [data.y for data in raw.graphs if data.y is not None]
    if not targets:
        return 0
    if targets[0].dim() == 2:
        return int(targets[0].shape[1])
    return 1 + max(int(y.max()) for y in targets if y.numel())
