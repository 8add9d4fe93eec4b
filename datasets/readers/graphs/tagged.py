"""Tagged graphs as text: a graph's size and label, then a line with the tag of each node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import check_room
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.readers.raw import GivenGraphs, Open
from gnnlab.datasets.values.edge_lists import both_directions

if TYPE_CHECKING:
    from torch_geometric.data import Data


def read_tagged(path: Path) -> tuple[list[Data], Tensor]:
    """Read the graphs, each with its nodes' tags as the one column of x, and their labels.

    A node's line is its tag, the number of its neighbours, and these. Labels become 0 ... C-1 in
    order.

    Shapes: x (N, 1) float32, edge_index (2, E) both directions; labels (G,) int64.

    Raises:
        ValueError: another format.
    """
    numbers = _numbers(path)
    try:
        found = [_graph(numbers) for _ in range(next(numbers))]
        if next(numbers, None) is not None:
            raise ValueError("it goes on after the last graph")
    except (StopIteration, RuntimeError, ValueError, IndexError) as error:
        told = "it ends early" if isinstance(error, (StopIteration, RuntimeError)) else error
        raise damaged(path, "graphs of tagged nodes", told) from None
    graphs, labels = zip(*found, strict=True)
    return list(graphs), torch.unique(torch.tensor(labels), return_inverse=True)[1]


def _numbers(path: Path) -> Iterator[int]:
    try:
        words = path.read_text(encoding="ascii").split()
        return iter([int(word) for word in words])
    except ValueError as error:
        raise damaged(path, "graphs of tagged nodes", error) from None


def _graph(numbers: Iterator[int]) -> tuple[Data, int]:
    from torch_geometric.data import Data

    nodes, label = next(numbers), next(numbers)
    tags, pairs = [], []
    for node in range(nodes):
        tags.append(next(numbers))
        pairs += [(node, next(numbers)) for _ in range(next(numbers))]
    if any(not 0 <= other < nodes for _, other in pairs):
        raise ValueError(f"a graph of {nodes} nodes names another one")
    edge_index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    x = torch.tensor(tags, dtype=torch.float32)[:, None]
    return Data(x=x, edge_index=both_directions(edge_index, nodes)), label


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read graphs of tagged nodes; tags become one-hot columns in order."""
    path = open_file(record.files[0])
    graphs, labels = read_tagged(path)
    tags = torch.cat([data.x[:, 0] for data in graphs])
    values = torch.unique(tags)
    check_room(path, len(tags), len(values))
    for data, label in zip(graphs, labels, strict=True):
        data.x = (data.x == values).float()
        data.y = label.reshape(1)
    return GivenGraphs(tuple(graphs))
