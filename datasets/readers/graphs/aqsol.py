"""AQSOL of Benchmarking-GNNs: tuples of arrays, a pickle for each part."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.unpickling import ARRAYS
from gnnlab.datasets.readers.graphs.parts import joined, unpickled
from gnnlab.datasets.readers.raw import GivenGraphs, Open

if TYPE_CHECKING:
    from torch_geometric.data import Data

SCALAR = np.float64(0).__reduce__()[0]
NUMBERS: Mapping[tuple[str, str], Any] = {
    **ARRAYS,
    ("numpy.core.multiarray", "scalar"): SCALAR,
    ("numpy._core.multiarray", "scalar"): SCALAR,
}


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read kinds of atoms, kinds of bonds, bonds and solubility.

    As in the release, molecules without a bond are left out, and those whose last atoms have none.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023
        (https://arxiv.org/abs/2003.00982).
    """
    parts = []
    for file in record.files:
        path = open_file(file)
        rows = unpickled(io.BytesIO(path.read_bytes()), NUMBERS, path, "AQSOL")
        try:
            parts.append([_graph(*row) for row in rows if _whole(*row)])
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            raise damaged(path, "tuples of arrays", error) from None
    return joined(parts)


def _whole(atoms: Any, kinds: Any, bonds: Any, y: Any) -> bool:
    return bonds.size > 0 and int(bonds.max()) + 1 == len(atoms)


def _graph(atoms: Any, kinds: Any, bonds: Any, y: Any) -> Data:
    from torch_geometric.data import Data

    if bonds.ndim != 2 or bonds.shape != (2, len(kinds)):
        raise ValueError(f"{len(kinds)} kinds of bonds, but bonds of shape {bonds.shape}")
    return Data(
        x=torch.from_numpy(atoms).float().reshape(-1, 1),
        edge_index=torch.from_numpy(bonds).long(),
        edge_attr=torch.from_numpy(kinds).long().reshape(-1, 1),
        y=torch.tensor([[float(y)]]),
    )
