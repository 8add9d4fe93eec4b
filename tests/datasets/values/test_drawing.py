"""Graphs, masks and cards as a notebook shows them."""

from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets


def test_masks_are_one_line() -> None:
    masks = datasets.load("karate")
    shown = repr(datasets.Masks(masks.train_mask, masks.val_mask, masks.test_mask))
    train = int(masks.train_mask[:, 0].sum())
    assert shown.startswith(f"Masks(10 splits of 34; the first: train {train}, val ")
    assert repr(datasets.Masks(*torch.zeros(3, 2, 0).bool())).startswith("Masks(0 splits of 2")


def test_sets_and_cards_have_html() -> None:
    graphs = datasets.csl()
    assert "<td>150</td>" in graphs._repr_html_()
    card = datasets.card("karate")
    assert card._repr_html_() == f"<pre>{card}</pre>".replace("'", "&#x27;")


def test_a_drawing_has_every_node_and_edge() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    data = datasets.load("karate")
    ax = datasets.plot(data, split=3)
    lines, *parts = ax.collections
    assert len(lines.get_segments()) == data.num_edges
    assert sum(len(part.get_offsets()) for part in parts) == 34
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["train", "val", "test"]
    sizes = [int(mask[:, 3].sum()) for mask in (data.train_mask, data.val_mask, data.test_mask)]
    assert [len(part.get_offsets()) for part in parts] == sizes


def test_given_places_are_kept_and_the_layout_is_that_of_the_seed() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    data = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1], [1, 2]]))
    first, again, other = (
        datasets.plot(data, seed=s).collections[1].get_offsets() for s in (0, 0, 1)
    )
    assert (first == again).all() and not (first == other).all()
    data.pos = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 5.0]])
    assert datasets.plot(data).collections[1].get_offsets().tolist() == data.pos.tolist()


@pytest.mark.parametrize("split", [10, 99])
def test_refuses_a_split_that_is_not_there(split: int) -> None:
    with pytest.raises(ValueError, match=f"split is {split}, but the graph has 10 splits"):
        datasets.plot(datasets.load("karate"), split=split)


def test_refuses_what_would_be_a_black_spot() -> None:
    data = Data(x=torch.ones(3000, 1), edge_index=torch.empty(2, 0, dtype=torch.int64))
    with pytest.raises(ValueError, match="has 3,000 nodes, and a drawing of more than 2,000"):
        datasets.plot(data)
