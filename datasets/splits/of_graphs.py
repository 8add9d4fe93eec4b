"""Splits of graphs: drawn by a rule, read from files, or the ones that came with a set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record, Split
from gnnlab.datasets.files.damage import parsing
from gnnlab.datasets.files.sources import locate
from gnnlab.datasets.splits.folds import folds
from gnnlab.datasets.splits.of_nodes import is_drawn
from gnnlab.datasets.splits.published_folds import read_folds, same_graphs
from gnnlab.datasets.splits.scaffold import by_scaffold
from gnnlab.datasets.values.masks import Masks, stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs

SPLITS, FRACTIONS = 100, (0.8, 0.1)
"""How many random splits are drawn; train and validation of each, test takes the rest."""


def masks_of_graphs(record: Record, data: Graphs, split: str, root: str | Path | None) -> Masks:
    """Draw the split of that name, read its files, or take what came with the graphs."""
    kind, _, seed = split.partition(":")
    if kind == "random":
        return stratified(strata(data.y), SPLITS, FRACTIONS, int(seed))
    if kind == "folds":
        return folds(strata(data.y), seed=int(seed))
    if is_drawn(record, split):  # ogb's scaffold split is none of ours
        return by_scaffold(data, int(seed) if seed else None)
    if split in record.splits:
        return _from_files(record.splits[split], data, root)
    return data.masks


def kept_masks(
    record: Record, data: Graphs, kept: Sequence[int], split: str, root: str | Path | None
) -> Masks:
    """Split the kept graphs: anew where splits are drawn, else as all graphs are split."""
    if is_drawn(record, split):
        return masks_of_graphs(record, data.only(kept), split, root)
    return masks_of_graphs(record, data, split, root).rows(kept)


def strata(y: Tensor) -> Tensor:
    """What each split has an equal share of: classes, or the whole set where there are none."""
    whole = y.dim() == 1 and not y.is_floating_point()
    return y if whole else torch.zeros(len(y), dtype=torch.int64)


def _from_files(split: Split, data: Graphs, root: str | Path | None) -> Masks:
    paths = [locate(path, split.url, root) for path in split.files]
    order = None if split.order is None else _order(*split.order, data, root)
    return read_folds(paths, data.y, order)


def _order(path: str, url: str, data: Graphs, root: str | Path | None) -> Tensor:
    """Find each graph of a file in the set: equal labels, and alike under colour refinement.

    Graphs that are isomorphic and have one label may change places. Kinds of nodes, which the two
    number otherwise, are told by how often they occur.
    """
    from gnnlab.datasets.measures.duplicates import first_alike
    from gnnlab.datasets.readers.graphs.tagged import read_tagged

    file = locate(path, url, root)
    with parsing(f"the graphs of {data.name} in another order", [file]):
        tagged, y = read_tagged(file)
        ours, theirs = _by_frequency(list(data)), _by_frequency(tagged)
        kind = first_alike([*ours, *theirs])
        codes = (2 * kind + torch.cat([data.y, y])).tolist()  # classes of two, as in MUTAG
        return same_graphs(codes[: len(ours)], codes[len(ours) :])


def _by_frequency(graphs: Sequence[Data]) -> list[Data]:
    """Replace one-hot columns, or one column of codes, by their rank in frequency."""
    from torch_geometric.data import Data

    x = torch.cat([data.x for data in graphs])
    code = x.argmax(1) if x.shape[1] > 1 else x[:, 0].long()
    rank = torch.bincount(code).argsort(descending=True).argsort()
    rows = torch.split(rank[code][:, None].float(), [len(data.x) for data in graphs])
    return [Data(x=own, edge_index=data.edge_index) for own, data in zip(rows, graphs, strict=True)]
