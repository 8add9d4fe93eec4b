"""Sets of small graphs with labelled pairs of their nodes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch_geometric.data import Data

from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified

FEATURES = 4


def chords(number: int, nodes: int | None = None) -> Data:
    """A ring whose true pairs, in both directions, lie across it; features are random."""
    random = torch.Generator().manual_seed(number)
    nodes = 5 + number % 6 if nodes is None else nodes
    ring = torch.arange(nodes)
    ends = torch.stack([ring, ring.roll(1)])
    true = torch.stack([ring, (ring + nodes // 2) % nodes])[:, : 1 + number % 3]
    true = torch.unique(torch.cat([true, true.flip(0)], 1), dim=1)
    free = torch.stack([ring, (ring + 1) % nodes])
    return Data(
        x=torch.randn(nodes, FEATURES, generator=random),
        edge_index=torch.cat([ends, ends.flip(0)], 1),
        edge_label_index=torch.cat([true, free], 1),
        edge_label=(torch.arange(true.shape[1] + nodes) < true.shape[1]).long(),
    )


def alike(number: int) -> Data:
    """Nodes in threes with a feature of their own; those of a three are each other's partners."""
    data, ring = chords(number, 12), torch.arange(12)
    kind = torch.randperm(4, generator=torch.Generator().manual_seed(number))[ring % 4]
    data.x = torch.nn.functional.one_hot(kind, FEATURES).float()
    same = (kind[:, None] == kind) & (ring[:, None] != ring)
    data.edge_label_index = same.nonzero().T.contiguous()
    data.edge_label = torch.ones(data.edge_label_index.shape[1])
    return data


def collection(size: int = 20, make: Callable[[int], Data] = chords) -> Graphs:
    own = tuple(make(number) for number in range(size))
    masks = stratified(torch.zeros(size, dtype=torch.int64), 2, (0.6, 0.2), 0)
    return Graphs(own, masks, classes=0, name="chords")
