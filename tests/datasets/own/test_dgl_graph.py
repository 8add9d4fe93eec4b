"""Graphs of DGL, by a stand-in with the methods that DGL documents: DGL has no wheel here."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gnnlab import check, datasets


class StandIn:
    """``edges()``, ``num_nodes()``, ``ndata``, ``edata`` and ``is_homogeneous`` of a DGLGraph."""

    is_homogeneous = True

    def __init__(self, source: list[int], target: list[int], nodes: int) -> None:
        self.ends = torch.tensor(source), torch.tensor(target)
        self.nodes = nodes
        self.ndata: dict[str, torch.Tensor] = {}
        self.edata: dict[str, torch.Tensor] = {}

    def edges(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.ends

    def num_nodes(self) -> int:
        return self.nodes


def graph() -> StandIn:
    found = StandIn([2, 0, 1], [0, 1, 0], 3)
    part = torch.arange(3)
    found.ndata = {
        "feat": torch.arange(6).reshape(3, 2),
        "label": torch.tensor([0, 2, 1], dtype=torch.int32),
        **{name: part == i for i, name in enumerate(("train_mask", "val_mask", "test_mask"))},
    }
    found.edata = {"weight": torch.tensor([[1], [2], [3]]), "etype": torch.tensor([0, 1, 0])}
    return found


def test_everything_is_taken_in_its_order() -> None:
    data = datasets.from_dgl(graph())
    check(data)
    assert data.edge_index.tolist() == [[2, 0, 1], [0, 1, 0]]
    assert data.x.dtype == torch.float32 and data.x.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert data.y.tolist() == [0, 2, 1] and data.classes == 3
    assert data.edge_weight.tolist() == [1, 2, 3] and data.edge_type.tolist() == [0, 1, 0]
    assert data.train_mask.tolist() == [[True], [False], [False]]


def test_keys_are_named_and_numbers_are_targets() -> None:
    given = graph()
    given.ndata = {"h": torch.ones(3), "price": torch.tensor([1.5, 2.5, 0.5])}
    data = datasets.from_dgl(given, features="h", label="price")
    assert data.x.shape == (3, 1) and data.y.tolist() == [1.5, 2.5, 0.5] and "classes" not in data
    assert datasets.from_dgl(given).x.shape == (3, 0)


def test_refused() -> None:
    with pytest.raises(ValueError, match=r"graph is None without edges, but a graph of DGL has"):
        datasets.from_dgl(None)
    given: Any = graph()
    with pytest.raises(ValueError, match="label is 'z', but the graph of DGL holds 'feat', "):
        datasets.from_dgl(given, label="z")
    given.is_homogeneous = False
    with pytest.raises(ValueError, match="several types of nodes or edges: take dgl.to_homo"):
        datasets.from_dgl(given)
