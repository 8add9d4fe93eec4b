"""Airports: air traffic networks, as an edge list and a file of labels."""

from __future__ import annotations

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import Damaged, damaged
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids


def read(record: Record, open_file: Open) -> RawGraph:
    """Read flights and activity quartiles; nodes are numbered in the order of the label file.

    There are no features: x is (N, 0).

    Source:
        https://github.com/leoribeiro/struc2vec (graph/); Ribeiro et al., KDD 2017.
    """
    edge_file, label_file = (open_file(file) for file in record.files)
    try:
        table = np.loadtxt(label_file, dtype=np.int64, skiprows=1, ndmin=2)
        flights = np.loadtxt(edge_file, dtype=np.int64, ndmin=2)
        airports, labels = table.T
    except ValueError as error:
        raise damaged(label_file, "airports with labels and flights", error) from None
    order = np.argsort(airports)
    place = np.searchsorted(airports, flights, sorter=order).clip(max=len(airports) - 1)
    nodes = order[place]
    if not np.array_equal(airports[nodes], flights):
        stranger = int(flights[airports[nodes] != flights][0])
        raise Damaged(f"{edge_file} names airport {stranger}, which {label_file.name} lacks")
    x = torch.zeros(len(airports), 0)
    return RawGraph(x, node_ids(nodes, edge_file, len(airports)), torch.from_numpy(labels))
