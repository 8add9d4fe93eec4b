"""Heterophilous graphs of Platonov et al.: npz archives with ten splits."""

from __future__ import annotations

import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.files.npz import load_npz
from gnnlab.datasets.files.numbers import truths, whole
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids
from gnnlab.datasets.values.masks import Masks

KEYS = ("node_features", "node_labels", "edges", "train_masks", "val_masks", "test_masks")


def read(record: Record, open_file: Open) -> RawGraph:
    """Read ``NAME.npz``; masks are stored (S, N) and turned to (N, S).

    Source:
        https://github.com/yandex-research/heterophilous-graphs (data/).
    """
    path = open_file(record.files[0])
    arrays = load_npz(path, KEYS)
    y = torch.from_numpy(whole(arrays["node_labels"], path, "node_labels"))
    num_nodes = len(y)
    for key in ("node_features", *KEYS[3:]):
        axis = 0 if key == "node_features" else 1
        if arrays[key].ndim != 2 or arrays[key].shape[axis] != num_nodes:
            raise Damaged(f"{path} has {num_nodes} labels, but {key} of shape {arrays[key].shape}")
    train, val, test = (
        torch.from_numpy(truths(arrays[key], path, key).T.copy()) for key in KEYS[3:]
    )
    edge_index = node_ids(arrays["edges"], path, num_nodes)
    x = torch.from_numpy(arrays["node_features"]).float()
    return RawGraph(x, edge_index, y, Masks(train, val, test))
