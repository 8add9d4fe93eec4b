"""OGB folders: the raw tables of the Open Graph Benchmark, of one graph or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.datasets.files.damage import in_brief
from gnnlab.datasets.files.sources import checksum, combined
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.own.many_graphs import cut_graphs
from gnnlab.datasets.own.tabular.edges import Edges, arranged
from gnnlab.datasets.own.tabular.frames import table
from gnnlab.datasets.own.tabular.labels import Kind, Targets, targets_of
from gnnlab.datasets.splits.of_column import by_lists
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import Masks, unsplit

if TYPE_CHECKING:
    import pandas as pd
    from torch_geometric.data import Data

    Array = np.ndarray[Any, Any]

ENDINGS = (".csv.gz", ".csv")
NEEDED = ("edge", "num-node-list", "num-edge-list")


def is_ogb_folder(folder: Path) -> bool:
    """Whether there are the tables that every set has, here or in ``raw``."""
    return all(_file(folder, name) is not None for name in NEEDED)


def graphs_of_ogb(
    folder: Path,
    *,
    directed: bool = False,
    kind: Kind = "auto",
    split: str | None = None,
    name: str | None = None,
) -> Data | Graphs:
    """Read the tables of a set: of one graph its nodes' labels, of many the graphs'.

    Args:
        folder: with ``raw`` (``edge.csv.gz``, ``num-node-list.csv.gz``, ``num-edge-list.csv.gz``
            and, as far as there are any, ``node-feat``, ``edge-feat``, ``node-label``,
            ``graph-label``, ``node_year``) and ``split/NAME`` (``train``, ``valid``, ``test``).
        directed: keep directions.
        kind: of labels, as :func:`gnnlab.datasets.from_tables` has it.
        split: name of the split; the only one if not given.
        name: of the set; the folder's if not given.

    Raises:
        ValueError: a damaged table, tables that do not fit each other, or several splits.
    """
    sizes, counts = (_table(folder, what)[:, 0].astype(np.int64) for what in NEEDED[1:])
    ends = _table(folder, "edge").astype(np.int64)
    nodes = int(sizes.sum())
    _check_ends(folder, ends, sizes, counts)
    single = len(sizes) == 1
    shift = np.repeat(sizes.cumsum() - sizes, counts)
    values = (
        {}
        if _file(folder, "edge-feat") is None
        else {"edge_attr": _rows(folder, "edge-feat", len(ends))}
    )
    edges = arranged(Edges(ends[:, 0] + shift, ends[:, 1] + shift, values), nodes, directed)
    x = torch.zeros(nodes, 0)
    if _file(folder, "node-feat") is not None:
        x = torch.from_numpy(_rows(folder, "node-feat", nodes)).float()
    targets = _targets(folder, "node-label" if single else "graph-label", kind)
    masks = _split(folder, split, nodes if single else len(sizes))
    used = {path.name: checksum(path) for path in _files(folder)}
    told: dict[str, Any] = {
        "name": name or folder.resolve().name,
        "source": "own",
        "raw_hash": combined(used),
    }
    if single:
        return _one(edges, x, targets, masks, told, folder)
    return _many(torch.from_numpy(sizes), x, edges, targets, masks, told)


def _one(
    edges: Edges, x: Tensor, targets: Targets | None, masks: Masks | None, told: dict[str, Any],
    folder: Path,
) -> Data:  # fmt: skip
    kept: dict[str, Any] = {k: torch.from_numpy(v) for k, v in edges.values.items()}
    if targets is not None and targets.classes:
        kept["class_names"] = targets.class_names
    if _file(folder, "node_year") is not None:
        kept["node_year"] = torch.from_numpy(
            _rows(folder, "node_year", len(x))[:, 0].astype(np.int64)
        )
    if masks is not None:
        kept["split"] = "public"
    edge_index = torch.from_numpy(np.stack([edges.source, edges.target]))
    y, classes = (None, 0) if targets is None else (targets.y, targets.classes)
    return build(x, edge_index, y, classes, masks, **told, **kept)


def _many(
    sizes: Tensor, x: Tensor, edges: Edges, targets: Targets | None, masks: Masks | None,
    told: dict[str, Any],
) -> Graphs:  # fmt: skip
    if targets is None:
        raise ValueError(f"{told['name']} has no graph-label table: add raw/graph-label.csv.gz")
    y = targets.y if targets.classes or targets.y.dim() == 2 else targets.y[:, None]
    found = unsplit(len(sizes)) if masks is None else masks
    return Graphs(
        cut_graphs(sizes, x if x.shape[1] else torch.ones(len(x), 1), edges, y, {}),
        found,
        classes=targets.classes or y.shape[1],
        targets=() if targets.classes else targets.names,
        class_names=targets.class_names,
        split="" if masks is None else "public",
        features="as stored" if x.shape[1] else "constant",
        **told,
    )


def _targets(folder: Path, what: str, kind: Kind) -> Targets | None:
    import pandas as pd

    if _file(folder, what) is None:
        return None
    found = _read(folder, what)
    names = [f"label {i}" for i in found] if found.shape[1] > 1 else ["label"]
    found.columns = pd.Index(names)
    return targets_of(table(found, what), found, names, kind)


def _split(folder: Path, split: str | None, rows: int) -> Masks | None:
    home = folder / "split"
    names = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    if not names and split is None:
        return None
    if split is None and len(names) > 1:
        raise ValueError(
            f"{folder} has splits {', '.join(map(repr, names))}: say split= one of them"
        )
    chosen = names[0] if split is None else split
    if chosen not in names:
        raise ValueError(
            f"split is {shown(split)}, but {folder} has {', '.join(map(repr, names)) or 'none'}: "
            "name one that is there"
        )
    lists = {part: _table(home / chosen, part)[:, 0] for part in ("train", "valid", "test")}
    return by_lists(lists, rows)


def _check_ends(folder: Path, ends: Array, sizes: Array, counts: Array) -> None:
    if min(sizes.min(), counts.min()) < 0 or len(ends) != counts.sum():
        raise ValueError(
            f"{_file(folder, 'edge')} has {len(ends)} rows, but num-edge-list says "
            f"{int(counts.sum())}: write both anew"
        )
    own = np.repeat(sizes, counts)
    wrong = (ends < 0).any(1) | (ends.max(1, initial=-1) >= own)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"line {row + 1} of {_file(folder, 'edge')} joins nodes {ends[row].tolist()}, but its "
            f"graph has {int(own[row])}, numbered from 0 ({int(wrong.sum())} such edges in all): "
            "mend the line"
        )


def _rows(folder: Path, name: str, rows: int) -> Array:
    found = _table(folder, name)
    if len(found) != rows:
        raise ValueError(
            f"{_file(folder, name)} has {len(found)} rows, but there are {rows} to describe: give "
            "each one"
        )
    return found


def _table(folder: Path, name: str) -> Array:
    found = _read(folder, name)
    wrong = [column for column in found if found[column].dtype.kind not in "iufb"]
    if wrong or not len(found):
        raise ValueError(
            f"{_file(folder, name)} is no table of numbers (column {wrong[:1] or 0} is not): write "
            "numbers with commas between them, without a header"
        )
    values = found.to_numpy()
    return values if values.dtype.kind in "iu" else values.astype(np.float32)


def _read(folder: Path, name: str) -> pd.DataFrame:
    import pandas as pd

    path = _file(folder, name)
    if path is None:
        raise ValueError(f"{folder} has no {name}.csv.gz: add it")
    try:
        return pd.read_csv(path, header=None)
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read as a table ({in_brief(error)}): write it anew"
        ) from None


def _file(folder: Path, name: str) -> Path | None:
    places = [home / f"{name}{ending}" for home in (folder / "raw", folder) for ending in ENDINGS]
    return next((path for path in places if path.is_file()), None)


def _files(folder: Path) -> list[Path]:
    home = folder / "raw" if (folder / "raw").is_dir() else folder
    return sorted(path for path in home.iterdir() if path.name.endswith(ENDINGS))
