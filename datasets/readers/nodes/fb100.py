"""FB100 (Facebook networks of American colleges), as MATLAB files."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import check_room, one_hot
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.mat import SparseMatrix, read_mat
from gnnlab.datasets.files.numbers import whole
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids

COLUMNS, GENDER = 7, 1  # of local_info


def read(record: Record, open_file: Open) -> RawGraph:
    """Read ``A`` and ``local_info``: gender is the label, all other columns are features.

    Each of the other six columns (status, major, second major, dorm, year, high school) becomes
    one-hot over the values that occur, 0 (unknown) included, as in LINKX. Gender 1 and 2 become
    labels 0 and 1, unknown gender -1.

    Source:
        https://github.com/CUAI/Non-Homophily-Large-Scale; Lim et al., NeurIPS 2021, appendix D.
    """
    path = open_file(record.files[0])
    content = read_mat(path, ("A", "local_info"))
    adjacency, info = content["A"], content["local_info"]
    if not isinstance(adjacency, SparseMatrix) or not isinstance(info, np.ndarray):
        raise damaged(path, "a MATLAB file with A and local_info", "A is not sparse")
    if info.ndim != 2 or info.shape[1] != COLUMNS or adjacency.shape != (len(info),) * 2:
        told = f"A is of {adjacency.shape} and local_info of {info.shape}"
        raise damaged(path, f"a network with {COLUMNS} columns about every node", told)
    edges = np.stack([adjacency.rows, adjacency.columns], axis=1)
    edge_index = node_ids(edges, path, len(info))
    info = whole(info, path, "local_info")
    y = torch.from_numpy(info[:, GENDER] - 1)
    kept = [column for column in range(COLUMNS) if column != GENDER]
    check_room(path, len(info), sum(len(np.unique(info[:, column])) for column in kept))
    columns = [one_hot(info[:, column], path) for column in kept]
    return RawGraph(torch.from_numpy(np.concatenate(columns, axis=1)), edge_index, y)
