"""Pictures of explanations: well-formed SVG with every edge, atom and letter, and layouts."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from gnnlab.explain import Explanation, molecule_picture, picture
from gnnlab.tasks.explanation import layout_2d
from tests.tasks.explanation.explained_graphs import both

SVG = "{http://www.w3.org/2000/svg}"
RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (0, 6), (6, 7)]


def ring(node: int | None = 0, **masks: torch.Tensor) -> Explanation:
    index = both(RING)
    edge = masks.get("edge", torch.linspace(-1, 1, 8).repeat(2))
    return Explanation(edge, masks.get("nodes"), Data(torch.ones(8, 2), index), node)


def count(drawn: str, tag: str) -> int:
    return len(ElementTree.fromstring(drawn).findall(f"{SVG}{tag}"))


def test_a_graph_shows_the_strongest_edges_once_and_the_node_with_a_rim(tmp_path: Path) -> None:
    drawn = picture(ring(), count=3)
    assert count(drawn, "line") == 2 * 3  # a grey line and a coloured one
    assert drawn.count("stroke-width='3'/><text") + drawn.count("stroke-width='3'/>") == 1
    assert "<text" in drawn and "#d64541" in drawn and "#1f77b4" in drawn  # the two ends, full
    drawn.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text("utf-8") == drawn == drawn._repr_svg_()


def test_names_are_escaped_and_all_edges_are_drawn_when_asked_for() -> None:
    drawn = picture(ring(), count=None, names=["<b>"] * 8)
    assert count(drawn, "line") == 16 and "<b>" not in drawn and "&lt;b&gt;" in drawn


def test_atoms_are_coloured_by_their_rows_or_by_their_bonds() -> None:
    rows = torch.zeros(8, 2)
    rows[6] = 1
    symbols = ["C"] * 6 + ["O", "N"]
    drawn = molecule_picture(ring(None, nodes=rows), symbols)
    circles = ElementTree.fromstring(drawn).findall(f"{SVG}circle")
    fills = [circle.get("fill") for circle in circles]
    assert fills == ["#ffffff"] * 6 + ["#1f77b4", "#ffffff"]
    texts = [text.text for text in ElementTree.fromstring(drawn).findall(f"{SVG}text")]
    assert texts == [None] * 6 + ["O", "N"]
    by_bonds = molecule_picture(ring(None), symbols)
    assert count(by_bonds, "circle") == 8 and by_bonds != drawn
    with pytest.raises(ValueError, match="the graph has 8 atoms"):
        molecule_picture(ring(None), "CCO")


def test_neighbours_are_one_apart_and_no_two_nodes_lie_on_each_other() -> None:
    index = both([*RING, (8, 9)])
    where = layout_2d.places(index, 11)
    first, second = index
    lengths = np.linalg.norm(where[first] - where[second], axis=1)
    assert 0.7 < lengths.min() and lengths.max() < 1.5
    gaps = np.linalg.norm(where[:, None] - where, axis=2) + 9 * np.eye(11)
    assert gaps.min() > 0.5
    with pytest.raises(ValueError, match="a picture shows at most"):
        layout_2d.places(index, 10_000)


def test_smiles_give_the_places_where_rdkit_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    assert layout_2d.of_smiles("CCO", 3) is None
    monkeypatch.undo()
    pytest.importorskip("rdkit")
    found = layout_2d.of_smiles("CCO", 3)
    assert found is not None and found.shape == (3, 2) and layout_2d.of_smiles("CCO", 4) is None
