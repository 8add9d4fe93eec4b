"""graph6 files: strongly regular graphs, pairs of graphs, circular skip links, one graph a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import check_room
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.readers.raw import GivenGraphs, Open
from gnnlab.datasets.values.cut_graphs import cut

HEADER = b">>graph6<<"


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read the graphs of a file, one a line, with constant features.

    A second file holds their classes; without it every graph is a class of its own.

    Source:
        McKay, "Description of graph6 and sparse6 encodings"
        (https://users.cecs.anu.edu.au/~bdm/data/formats.txt).
    """
    path, *classes = (open_file(file) for file in record.files)
    found = [_graph(line, path) for line in path.read_bytes().splitlines() if line.strip()]
    y = torch.arange(len(found))
    if classes:
        y = _classes(classes[0])
        if len(y) != len(found):
            raise damaged(classes[0], f"classes of {len(found)} graphs", f"it has {len(y)}")
    sizes = torch.tensor([nodes for nodes, _ in found])
    starts = sizes.cumsum(0) - sizes
    parts = [pairs + start for (_, pairs), start in zip(found, starts.tolist(), strict=True)]
    x = torch.ones(int(sizes.sum()), 1)
    return GivenGraphs(cut(sizes, x, torch.cat(parts, dim=1), y))


def _graph(line: bytes, path: Path) -> tuple[int, Tensor]:
    """Nodes, and edges in both directions sorted by source."""
    text = np.frombuffer(line.strip().removeprefix(HEADER), dtype=np.uint8).astype(np.int64) - 63
    if not len(text) or text.min() < 0 or text.max() > 63:
        raise damaged(path, "graph6 lines", f"{line[:20]!r} holds other signs")
    skip = 1 if text[0] < 63 else 4
    if skip == 4 and (len(text) < 4 or text[1] == 63):
        raise damaged(path, "graph6 lines", "a graph is larger than 258,047 nodes")
    nodes = int(text[0]) if skip == 1 else int(text[1:4] @ np.array([4096, 64, 1]))
    bits = ((text[skip:, None] >> np.arange(5, -1, -1)) & 1).reshape(-1)
    count = nodes * (nodes - 1) // 2
    if not count <= len(bits) < count + 6 or bits[count:].any():
        raise damaged(path, "graph6 lines", f"a line is too short or too long for {nodes} nodes")
    check_room(path, nodes, nodes, bytes_each=17)  # two numbers and a truth value for every pair
    high, low = np.tril_indices(nodes, -1)  # column by column of the upper triangle
    there = bits[:count].astype(bool)
    matrix = np.zeros((nodes, nodes), dtype=bool)
    matrix[low[there], high[there]] = matrix[high[there], low[there]] = True
    return nodes, torch.from_numpy(np.stack(matrix.nonzero()))


def _classes(path: Path) -> Tensor:
    try:
        return torch.tensor([int(word) for word in path.read_text().split()])
    except ValueError as error:
        raise damaged(path, "classes", error) from None
