"""SEAL's networks for link prediction: MATLAB files of an adjacency matrix."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.mat import SparseMatrix, read_mat
from gnnlab.datasets.readers.raw import Open, RawLinks, node_ids


def read(record: Record, open_file: Open) -> RawLinks:
    """Read ``net``, a symmetric matrix of zeros and ones. There are no features: x is (N, 0).

    Source:
        https://github.com/muhanzhang/SEAL (Python/data); Zhang and Chen, "Link Prediction Based on
        Graph Neural Networks", NeurIPS 2018 (https://arxiv.org/abs/1802.09691).
    """
    path = open_file(record.files[0])
    matrix = read_mat(path, ("net",))["net"]
    if not isinstance(matrix, SparseMatrix):
        raise damaged(path, "a MATLAB file with net", "net is not sparse")
    if matrix.shape[0] != matrix.shape[1]:
        raise damaged(path, "a square matrix", f"net is of {matrix.shape}")
    edges = np.stack([matrix.rows, matrix.columns], axis=1)
    return RawLinks(torch.empty(matrix.shape[0], 0), node_ids(edges, path, matrix.shape[0]))
