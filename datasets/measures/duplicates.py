"""Duplicates: graphs of a data set that colour refinement cannot tell from an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked

if TYPE_CHECKING:
    from torch_geometric.data import Data

ROUNDS = 4
"""Of colour refinement; further rounds tell few graphs of the usual sizes apart."""


@checked
def first_alike(graphs: Sequence[Data], rounds: int = ROUNDS) -> Tensor:
    """Give for every graph the number of the first one that colour refinement finds alike.

    Nodes start with their rows of ``x``, those of ``root_index`` marked, and take up the colours of
    their neighbours, ``rounds`` times; graphs are alike when they hold equally many nodes of each
    colour. Isomorphic graphs always are; a few others are too (regular ones above all). Labels do
    not count.

    Args:
        graphs: G graphs with x (N, F) and edge_index (2, E), and root_index if there.
        rounds: of colour refinement.

    Returns:
        (G,) int64; a graph unlike all before it has its own number.

    Cost: O(N F log N + E).

    Source:
        Weisfeiler and Leman, "The reduction of a graph to canonical form", 1968. That many graphs
        of this literature's datasets repeat others: Ivanov, Sviridov and Burnaev, "Understanding
        isomorphism bias in graph data sets", 2019 (https://arxiv.org/abs/1910.12091).
    """
    sizes = np.array([graph.num_nodes for graph in graphs])
    starts = np.cumsum(sizes) - sizes
    source, target = np.concatenate(
        [graph.edge_index.numpy() + start for graph, start in zip(graphs, starts, strict=True)], 1
    )
    rows = np.concatenate([_rows(graph) for graph in graphs])
    colour = _mix(np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.uint64))
    for _ in range(min(rounds, int(sizes.max(initial=0)))):  # by then nothing changes
        around = np.zeros_like(colour)
        np.add.at(around, target, _mix(colour[source]))
        colour = _mix(colour + _mix(around))
    part = np.arange(len(sizes)).repeat(sizes)
    whole = sizes.astype(np.uint64)
    np.add.at(whole, part, _mix(colour))
    _, first, kind = np.unique(whole, return_index=True, return_inverse=True)
    return torch.from_numpy(first[kind.reshape(-1)])


@checked
def distinct(graphs: Sequence[Data]) -> list[int]:
    """Give the numbers of the graphs that are left when none repeats another.

    Of graphs that :func:`first_alike` finds alike the first is kept, and none where their ``y``
    differ: no model that passes messages gets both right. What is alike depends on the features.

    Args:
        graphs: G graphs with x (N, F), edge_index (2, E) and y.

    Cost: O(N F log N + E).
    """
    first = first_alike(graphs).tolist()
    torn = {
        one
        for number, one in enumerate(first)
        if number != one and not torch.equal(graphs[number].y, graphs[one].y)
    }
    return [number for number, one in enumerate(first) if number == one and one not in torn]


def _rows(graph: Data) -> np.ndarray:
    """A graph's features, and beside them where a prediction is read."""
    mark = np.zeros((len(graph.x), 1), dtype=np.float32)
    if "root_index" in graph:
        mark[graph.root_index.numpy()] = 1
    return np.concatenate([graph.x.numpy(), mark], axis=1)


def _mix(values: np.ndarray) -> np.ndarray:
    """Scatter 64 bits, so that sums of different colours differ (the finaliser of splitmix64)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed


@checked
def pairs(graphs: Sequence[Data]) -> list[tuple[Data, Data]]:
    """Give the graphs two by two, as the sets of BREC and CEXP store them.

    Raises:
        ValueError: an odd number of graphs.
    """
    if len(graphs) % 2:
        raise ValueError(f"{len(graphs)} graphs are no pairs: give an even number")
    whole = list(graphs)
    return list(zip(whole[::2], whole[1::2], strict=True))
