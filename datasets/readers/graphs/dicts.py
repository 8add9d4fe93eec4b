"""Dictionaries of tensors: a format of Benchmarking-GNNs, one list of them for each part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import member
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.torch_files import load_tensors
from gnnlab.datasets.readers.graphs.parts import PARTS, joined
from gnnlab.datasets.readers.raw import GivenGraphs, Open

if TYPE_CHECKING:
    from torch_geometric.data import Data


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read the graphs of all three parts.

    Positions of superpixels become columns of x after the colours. Option ``nodes``: y is a class
    of every node, and not of the graph.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023
        (https://arxiv.org/abs/2003.00982), as PyTorch Geometric distributes it.
    """
    path = open_file(record.files[0])
    content = member(path, f"{Path(record.files[0]).stem}.pt")
    with parsing("tensors of torch alone", [path]):
        parts = load_tensors(content)
    if not isinstance(parts, (list, tuple)) or len(parts) != len(PARTS):
        raise damaged(path, "graphs in three parts", type(parts).__name__)
    made: list[list[Data]] = []
    for name, part in zip(PARTS, parts, strict=True):
        made.append([])
        for values in part:
            try:
                made[-1].append(_graph(values, bool(record.options.get("nodes"))))
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                told = f"graph {len(made[-1])} of {name}: {error}"
                raise damaged(path, "dictionaries of tensors", told) from None
    return joined(made)


def _graph(values: Any, of_nodes: bool) -> Data:
    from torch_geometric.data import Data

    x, edge_index, y = values["x"].float(), values["edge_index"].long(), _whole(values["y"])
    if "pos" in values:
        x = torch.cat([x, values["pos"].float()], dim=1)
    if y.shape != ((len(x),) if of_nodes else (1,)):
        raise ValueError(f"y of shape {tuple(y.shape)} for {len(x)} nodes")
    found = {"x": x, "edge_index": edge_index, "y": y}
    attr = values.get("edge_attr")
    if attr is not None:
        found["edge_attr"] = attr.float().reshape(edge_index.shape[1], -1)
    return Data(**found)


def _whole(y: Any) -> Tensor:
    return torch.as_tensor(y).long().reshape(-1)
