"""The first graphs of every part of a set."""

from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import from_indices, stratified

PARTS = [5, 0, 3, 8], [1, 7], [2, 4, 6]


def drawn() -> Graphs:
    empty = torch.empty(2, 0, dtype=torch.int64)
    graphs = [
        Data(x=torch.tensor([[float(number)]]), edge_index=empty, y=torch.tensor([number % 2]))
        for number in range(9)
    ]
    masks = from_indices(*(torch.tensor(part) for part in PARTS), 9)
    return Graphs(tuple(graphs), masks, 2, "nine")


def numbers(graphs: Graphs, mask: torch.Tensor) -> list[int]:
    return [int(graphs[i].x) for i in mask[:, 0].nonzero()[:, 0].tolist()]


def test_the_first_graphs_of_each_part_are_kept_in_the_sets_order() -> None:
    whole = drawn()
    kept = whole.first((2, 1, 3))
    assert [int(graph.x) for graph in kept] == [0, 1, 2, 3, 4, 6]
    parts = (kept.train_mask, kept.val_mask, kept.test_mask)
    assert [numbers(kept, part) for part in parts] == [[0, 3], [1], [2, 4, 6]]
    assert len(whole) == 9 and kept.classes == 2


def test_more_than_there_are_and_several_splits_are_refused() -> None:
    with pytest.raises(ValueError, match="asks for 3 validation graphs, but nine has 2: ask for f"):
        drawn().first((1, 3, 1))
    several = Graphs(tuple(drawn()), stratified(torch.zeros(9, dtype=torch.int64), 4), 2, "nine")
    with pytest.raises(ValueError, match=r"nine has 4 splits, and sizes=\[1, 1, 1\] is for sets"):
        several.first((1, 1, 1))
