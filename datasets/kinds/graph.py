"""Graph-level data sets: many graphs, with a choice of features and splits over the graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gnnlab.core.arguments import check_choice, check_count, shown
from gnnlab.datasets.catalogue.records import Record, normal, unknown
from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.kinds.given_graphs import given_features
from gnnlab.datasets.readers.raw import RawGraphs
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.edge_lists import (
    both_directions,
    both_directions_typed,
    count_undirected,
)
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import unsplit

KEEP, DROP = "keep", "drop"
"""What ``repeats=`` may be."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a set of many graphs beside its split.

    Args:
        features: by name.
        target: of several, or None for all.
        repeats: whether graphs that repeat another are kept or dropped.
        sizes: how many graphs of each part there are left, or None for all.
        stereo: whether the features of molecules say it.
    """

    features: str
    target: str | None
    repeats: str
    sizes: tuple[int, int, int] | None = None
    stereo: bool = False

    def settings(self) -> dict[str, Any]:
        """Those that a resolved name holds: what is not the default, and the features."""
        given = {
            "target": self.target,
            "repeats": None if self.repeats == KEEP else self.repeats,
            "sizes": None if self.sizes is None else list(self.sizes),
            "stereo": self.stereo or None,
        }
        return {"features": self.features, **{k: v for k, v in given.items() if v is not None}}


def wanted(record: Record, settings: dict[str, Any]) -> Wanted:
    """Take what sets of many graphs have out of the settings.

    Raises:
        ValueError: what the set cannot have.
    """
    features = features_name(record, settings.pop("features", None))
    target = settings.pop("target", None) if "targets" in record.options else None
    repeats = settings.pop("repeats", KEEP)
    check_choice("repeats", repeats, (KEEP, DROP))
    sizes = _part_sizes(settings.pop("sizes", None))
    stereo = has_stereo(record) and settings.pop("stereo", False)
    if not isinstance(stereo, bool):
        raise ValueError(f"stereo is {shown(stereo)}, but it must be True or False")
    return Wanted(features, target_name(record, target), repeats, sizes, stereo)


def has_stereo(record: Record) -> bool:
    """Whether the files of a set say it, so that it can be asked for."""
    return record.reader == "smiles_csv"


def _part_sizes(asked: Any) -> tuple[int, int, int] | None:
    if asked is None:
        return None
    if not isinstance(asked, Sequence) or isinstance(asked, str) or len(asked) != 3:
        raise ValueError(
            f"sizes is {shown(asked)}, but it must say how many graphs of training, validation and "
            "test are left, such as [2000, 500, 500]"
        )
    for size in asked:
        check_count("each of sizes", size)
    train, valid, test = asked
    return train, valid, test


def default_features(record: Record) -> str:
    """Node labels where the files have them, else their attributes, else a constant."""
    return next(name for name in ("labels", "attributes", "constant") if _has(record, name))


def features_name(record: Record, asked: str | None) -> str:
    """Resolve what the caller asked for to one of the features that the set can have.

    Raises:
        ValueError: another name, or what the files do not hold.
    """
    if "features" in record.options:
        return given_features(record, asked)
    if asked is None:
        return default_features(record)
    known = [name for name, parts in PARTS.items() if all(_has(record, part) for part in parts)]
    if asked in known:
        return asked
    raise ValueError(
        f"{unknown(f'features of {record.name}', str(asked), known)} "
        f"(it can have {', '.join(map(repr, known))})"
    )


PARTS: Mapping[str, tuple[str, ...]] = {
    "labels": ("labels",),
    "attributes": ("attributes",),
    "labels+attributes": ("labels", "attributes"),
    "degrees": ("degrees",),
    "constant": ("constant",),
}
"""What ``features=`` may be, and the columns that each name puts side by side."""


def _has(record: Record, part: str) -> bool:
    in_files = {"labels": "features", "attributes": "attributes"}
    return part not in in_files or record.statistics.get(in_files[part], 0) > 0


def target_name(record: Record, asked: str | int | None) -> str | None:
    """Resolve what the caller asked for, a name or a number from 0, to one of the set's targets.

    Raises:
        ValueError: another name or number.
    """
    known = list(record.options.get("targets", ()))
    if asked is None or not known:
        return None
    if isinstance(asked, int) and not isinstance(asked, bool) and 0 <= asked < len(known):
        return str(known[asked])
    table = {normal(name): name for name in known}
    if isinstance(asked, str) and normal(asked) in table:
        return str(table[normal(asked)])
    raise ValueError(
        f"target is {shown(asked)}, but {record.name} has {', '.join(known)}: name one of them, or "
        f"give its number from 0 to {len(known) - 1}"
    )


def collect(
    record: Record, raw: RawGraphs, features: str, raw_hash: str, target: str | None = None
) -> Graphs:
    """Cut what was read into graphs, undirected and without repeats of edges, not yet split.

    Of several targets all are kept, or the one that is named.
    """
    nodes, edge_type = int(raw.sizes.sum()), raw.edge_type
    if edge_type is None:
        edge_index = both_directions(raw.edge_index, nodes)
    else:
        edge_index, edge_type = both_directions_typed(raw.edge_index, edge_type, nodes)
    check_statistics(record, raw, edge_index)
    names = tuple(record.options.get("targets", ()))
    y = raw.y if target is None else raw.y[:, [names.index(target)]]
    x = torch.cat([_COLUMNS[part](raw, edge_index) for part in PARTS[features]], dim=1)
    typed = {} if edge_type is None else {"edge_type": edge_type}
    graphs = cut(raw.sizes, x, edge_index, y, **typed)
    if edge_type is not None:
        types = int(edge_type.max()) + 1 if len(edge_type) else 1
        for data in graphs:
            data["num_edge_types"] = types
    return Graphs(
        graphs,
        unsplit(len(y)),
        classes=record.statistics["classes"] if target is None else 1,
        name=record.name,
        source=record.source,
        features=features,
        raw_hash=raw_hash,
        targets=names if target is None else (target,),
    )


def check_statistics(record: Record, raw: RawGraphs, edge_index: Tensor) -> None:
    """Compare what was read with what is published.

    Raises:
        ValueError: any number differs.
    """
    counted = {
        "graphs": len(raw.y),
        "nodes": int(raw.sizes.sum()),
        "rows": raw.edge_index.shape[1],
        "undirected": count_undirected(edge_index, int(raw.sizes.sum())),
        "features": 0 if raw.labels is None else raw.labels.shape[1],
        "attributes": 0 if raw.attributes is None else raw.attributes.shape[1],
        "classes": len(torch.unique(raw.y)) if raw.y.dim() == 1 else raw.y.shape[1],
        "edge_types": 0 if raw.edge_type is None else len(torch.unique(raw.edge_type)),
    }
    for key, expected in record.statistics.items():
        if counted[key] != expected:
            raise Damaged(
                f"{record.name} from {record.source} has {counted[key]} {key}, but {expected} are "
                "published; the files are another version or damaged, so delete them and load again"
            )


def _stored(rows: Tensor | None, nodes: int) -> Tensor:
    return torch.zeros(nodes, 0) if rows is None else rows


def _degrees(raw: RawGraphs, edge_index: Tensor) -> Tensor:
    """One-hot, a column for every degree that occurs in the set."""
    degrees = torch.bincount(edge_index[0], minlength=int(raw.sizes.sum()))
    values, place = torch.unique(degrees, return_inverse=True)
    return torch.eye(len(values))[place]


_COLUMNS: Mapping[str, Callable[[RawGraphs, Tensor], Tensor]] = {
    "labels": lambda raw, _: _stored(raw.labels, int(raw.sizes.sum())),
    "attributes": lambda raw, _: _stored(raw.attributes, int(raw.sizes.sum())),
    "degrees": _degrees,
    "constant": lambda raw, _: torch.ones(int(raw.sizes.sum()), 1),
}
