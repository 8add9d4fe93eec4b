"""Probabilities, labels and graphs that tests of conformal sets share."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data

from gnnlab.tasks.uncertainty.method import Predicted


def chances_and_labels(nodes: int, classes: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Probabilities, and labels that follow them."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(nodes, classes, generator=generator, dtype=torch.float64)
    chances = logits.softmax(1)
    return chances, torch.multinomial(chances, 1, generator=generator).squeeze(1)


def graph(nodes: int, edges: int = 0, seed: int = 0, test: int | None = None) -> Data:
    """A random graph, all but a few of whose nodes are of the test part."""
    _, labels = chances_and_labels(nodes, seed=seed)
    ends = torch.randint(nodes, (2, edges), generator=torch.Generator().manual_seed(seed))
    index = torch.cat([ends, ends.flip(0)], 1)
    data = Data(x=torch.ones(nodes, 1), edge_index=index, y=labels)
    first = nodes - (nodes - 4 if test is None else test)
    for name, own in (("train", range(2)), ("val", range(2, 4)), ("test", range(first, nodes))):
        mask = torch.zeros(nodes, dtype=torch.bool)
        mask[list(own)] = True
        data[f"{name}_mask"] = mask
    return data


def said(nodes: int, calibration: int, edges: int = 0, seed: int = 0) -> Predicted:
    """What a classifier says of a random graph."""
    chances, labels = chances_and_labels(nodes, seed=seed)
    generator = torch.Generator().manual_seed(seed + 1)
    drawn = torch.rand(nodes, generator=generator, dtype=torch.float64)
    index = graph(nodes, edges, seed).edge_index
    assert isinstance(index, Tensor)
    return Predicted(chances, labels, index, torch.arange(calibration), drawn, seed)
