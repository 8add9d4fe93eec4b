"""LRGB (Long Range Graph Benchmark): archives with a file of tuples of tensors for each part.

The molecules' files are torch's own (``.pt``), read with ``weights_only``; the superpixels' are
plain pickles. Neither can name anything but tensors and arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import member
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.torch_files import load_tensors
from gnnlab.datasets.files.unpickling import TENSORS, unpickle
from gnnlab.datasets.readers.raw import GivenGraphs, Open
from gnnlab.datasets.values.masks import from_indices

if TYPE_CHECKING:
    from torch_geometric.data import Data

PARTS = ("train", "val", "test")


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read the graphs of all three parts, in the order of the files, and the split they make.

    Options of the record: ``folder`` and ``suffix`` of the files within the archive; ``target``,
    ``graph``, ``nodes`` or ``pairs``; ``labels``, the numbers that stand for the classes 0, 1, ….

    Source:
        Dwivedi et al., "Long Range Graph Benchmark", NeurIPS 2022 datasets and benchmarks
        (https://arxiv.org/abs/2206.08164), as PyTorch Geometric distributes it.
    """
    from torch_geometric.data import Data

    path, options = open_file(record.files[0]), record.options
    graphs: list[Data] = []
    ends = [0]
    for part in PARTS:
        for values in _part(path, f"{options['folder']}/{part}.{options['suffix']}"):
            try:
                graphs.append(Data(**_fields(values, options["target"])))
            except (TypeError, ValueError, IndexError, AttributeError) as error:
                told = f"graph {len(graphs) - ends[-1]} of {part}: {error}"
                raise damaged(path, "tuples of tensors", told) from None
        ends.append(len(graphs))
    if numbers := options.get("labels"):
        _renumber(graphs, torch.tensor(numbers), path)
    parts = [torch.arange(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    train, val, test = parts
    return GivenGraphs(tuple(graphs), from_indices(train, val, test, len(graphs)))


def _part(path: Path, name: str) -> Any:
    """Load one file out of the archive."""
    content = member(path, name)
    with parsing(f"an archive with {name}", [path]):
        if name.endswith(".pt"):
            return load_tensors(content)
        return unpickle(content, TENSORS, "the benchmark")


def _fields(values: Any, target: str) -> dict[str, Tensor]:
    """The tensors of one graph by name: codes of edges stay whole numbers, features float."""
    count = 5 if target == "pairs" else 4
    if not isinstance(values, (tuple, list)) or len(values) != count:
        raise ValueError(f"{count} tensors are needed, not {type(values).__name__}")
    x, edge_attr, edge_index, *rest = values
    found = {
        "x": x.float(),
        "edge_index": edge_index.long(),
        "edge_attr": edge_attr.float() if edge_attr.is_floating_point() else edge_attr.long(),
    }
    if target == "pairs":
        found["edge_label_index"], found["edge_label"] = rest[0].long(), rest[1].long()
    elif target == "nodes":
        found["y"] = torch.as_tensor(np.asarray(rest[0]).astype(np.int64))
    else:
        found["y"] = rest[0].float().reshape(1, -1)
    _check(found)
    return found


def _check(found: dict[str, Tensor]) -> None:
    nodes, edges = len(found["x"]), found["edge_index"].shape[1]
    if found["x"].dim() != 2 or found["edge_index"].shape != (2, edges):
        raise ValueError(f"x is {tuple(found['x'].shape)}")
    if found["edge_attr"].shape[0] != edges:
        raise ValueError(f"edge_attr has {len(found['edge_attr'])} rows for {edges} edges")
    if "y" in found and found["y"].dim() == 1 and len(found["y"]) != nodes:
        raise ValueError(f"y has {len(found['y'])} labels for {nodes} nodes")


def _renumber(graphs: list[Data], numbers: Tensor, path: Path) -> None:
    """Replace labels, which are some of ``numbers``, ascending, by their places among them."""
    for graph in graphs:
        place = torch.searchsorted(numbers, graph.y).clamp(max=len(numbers) - 1)
        if not torch.equal(numbers[place], graph.y):
            wrong = int(graph.y[numbers[place] != graph.y][0])
            raise damaged(path, "labels of superpixels", f"{wrong} is none of them")
        graph.y = place
