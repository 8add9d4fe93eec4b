"""ZINC of Benchmarking-GNNs: bond matrices of a quarter of a million molecules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import member
from gnnlab.datasets.files.damage import Damaged, damaged
from gnnlab.datasets.files.unpickling import TENSORS
from gnnlab.datasets.readers.graphs.parts import PARTS, joined, unpickled
from gnnlab.datasets.readers.raw import GivenGraphs, Open

if TYPE_CHECKING:
    from torch_geometric.data import Data


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read the molecules that the three lists of numbers name, in their order.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023
        (https://arxiv.org/abs/2003.00982), from the archive that PyTorch Geometric reads.
    """
    path, *lists = (open_file(file) for file in record.files)
    parts = []
    for part, numbers in zip(PARTS, lists, strict=True):
        content = member(path, f"molecules/{part}.pickle")
        molecules = unpickled(content, TENSORS, path, "ZINC")
        try:
            chosen = [int(word) for word in numbers.read_text().strip().split(",")]
        except ValueError as error:
            raise damaged(numbers, "numbers of molecules", error) from None
        try:
            if min(chosen, default=0) < 0:
                raise damaged(numbers, "numbers of molecules", f"it names {min(chosen)}")
            parts.append([_graph(molecules[number]) for number in chosen])
        except Damaged:
            raise
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise damaged(path, "molecules with matrices of bonds", error) from None
    return joined(parts)


def _graph(molecule: Any) -> Data:
    from torch_geometric.data import Data

    kinds, bonds = molecule["atom_type"].reshape(-1, 1), molecule["bond_type"]
    if bonds.shape != (len(kinds), len(kinds)):
        raise ValueError(f"bonds of shape {tuple(bonds.shape)} for {len(kinds)} atoms")
    edge_index = bonds.nonzero().T.contiguous()
    edge_attr = bonds[edge_index[0], edge_index[1]].long()[:, None]
    y = torch.as_tensor(molecule["logP_SA_cycle_normalized"]).float().reshape(1, 1)
    return Data(x=kinds.float(), edge_index=edge_index, edge_attr=edge_attr, y=y)
