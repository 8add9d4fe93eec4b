"""Facebook networks of American colleges, as MATLAB files."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.datasets.records import Record

from .raw import Open, RawGraph, damaged, node_ids

GENDER = 1  # column of local_info


def read(record: Record, open_file: Open) -> RawGraph:
    """Read ``A`` and ``local_info``: gender is the label, all other columns are features.

    Each of the other six columns (status, major, second major, dorm, year, high school) becomes
    one-hot over the values that occur, 0 (unknown) included, as in LINKX. Gender 1 and 2 become
    labels 0 and 1, unknown gender -1.

    Source:
        https://github.com/CUAI/Non-Homophily-Large-Scale; Lim et al., NeurIPS 2021, appendix D.
    """
    from scipy.io import loadmat

    path = open_file(record.files[0])
    try:
        content = loadmat(path)
        adjacency, info = content["A"].tocoo(), content["local_info"].astype(np.int64)
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise damaged(path, "a MATLAB file with A and local_info", error) from None
    edges = np.stack([adjacency.row, adjacency.col], axis=1)
    edge_index = node_ids(edges, path, len(info))
    y = torch.from_numpy(info[:, GENDER] - 1)
    columns = [one_hot(info[:, column]) for column in range(info.shape[1]) if column != GENDER]
    return RawGraph(torch.from_numpy(np.concatenate(columns, axis=1)), edge_index, y)


def one_hot(values: np.ndarray) -> np.ndarray:
    """One column per value that occurs, in increasing order: (N,) -> (N, V) float32."""
    levels, place = np.unique(values, return_inverse=True)
    return np.eye(len(levels), dtype=np.float32)[place.reshape(-1)]
