"""Parts of a set in separate files: training, validation and test graphs in one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gnnlab.datasets.files.damage import parsing
from gnnlab.datasets.files.unpickling import Allowed, unpickle
from gnnlab.datasets.readers.raw import GivenGraphs
from gnnlab.datasets.values.masks import from_indices

if TYPE_CHECKING:
    from torch_geometric.data import Data

PARTS = ("train", "val", "test")


def joined(parts: Sequence[Sequence[Data]]) -> GivenGraphs:
    """Put the graphs of three parts one after the other, split as they came."""
    graphs = tuple(data for part in parts for data in part)
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    train, val, test = (torch.arange(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True))
    return GivenGraphs(graphs, from_indices(train, val, test, len(graphs)))


def unpickled(content: io.BytesIO, allowed: Allowed, path: Path, kind: str) -> Any:
    """Unpickle what builds nothing but what is allowed.

    Raises:
        ValueError: a damaged pickle, or one that names something else.
    """
    with parsing(f"a pickle of {kind}", [path]):
        return unpickle(content, allowed, kind)
