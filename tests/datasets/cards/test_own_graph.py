"""Cards of graphs at hand: what they hold, and each flaw that can be seen in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets, tasks
from tests.datasets.own.written import KNOWS, PEOPLE, files


def ring(nodes: int = 12, **more: Any) -> Data:
    """A ring in both directions that no flaw is in."""
    node = torch.arange(nodes)
    edges = torch.cat([torch.stack([node, node.roll(1)]), torch.stack([node.roll(1), node])], 1)
    x = torch.randn(nodes, 2, generator=torch.Generator().manual_seed(0))
    part = node % 3
    masks = {f"{n}_mask": part == i for i, n in enumerate(("train", "val", "test"))}
    return Data(**{"x": x, "edge_index": edges, "y": node // 3 % 2, **masks, **more})


def test_nothing_is_found_in_a_good_graph() -> None:
    card = datasets.card(ring())
    assert isinstance(card, datasets.OwnCard) and card.flaws == ()
    text = str(card)
    for told in (
        "nodes          12 (0 isolated)",
        "edges          12 undirected, 24 rows",
        "edge_index     both directions of each",
        "classes        2: 0 6, 1 6 (0 unlabelled)",
        "split          given: 1 of train / val / test 4 / 4 / 4",
        "flaw           none was found",
    ):
        assert told in text


def edges_of(*pairs: tuple[int, int]) -> torch.Tensor:
    return torch.cat([ring().edge_index, torch.tensor(pairs).T], dim=1)


def y_of(**changed: int) -> torch.Tensor:
    y = ring().y.clone()
    for place, value in changed.items():
        y[int(place[1:])] = value
    return y


def x_of(column: int, value: float, rows: slice = slice(None)) -> torch.Tensor:
    x = ring().x.clone()
    x[rows, column] = value
    return x


ONE = torch.arange(12) == 1
FLAWED = [
    (
        {"edge_index": edges_of((0, 5), (1, 7))},
        "2 of 26 edges lack their reverse, which the others",
    ),
    ({"edge_index": edges_of((0, 1), (1, 0))}, "2 rows of edge_index repeat an edge"),
    ({"edge_index": edges_of((3, 3))}, "1 self-loops: most layers add their own"),
    ({"edge_index": ring().edge_index[:, :0]}, "12 nodes have no neighbour"),
    ({"y": y_of(n0=3)}, "no node is of class 2 (1 of 4 classes are empty): number classes from 0"),
    ({"y": y_of(n1=2, n2=2, n4=2)}, "class 2 has no node in training of split 0"),
    ({"y": y_of(n1=2)}, "class 2 has 1 nodes (1 such classes in all)"),
    ({"y": y_of(n0=-1)}, "gnnlab.check refuses it: data.train_mask selects node 0, but its label"),
    ({"x": x_of(1, float("nan"), slice(2))}, "feature 1 is nan or infinite in 2 rows: impute them"),
    ({"x": x_of(0, 7.0)}, "1 features have one value in all rows (0): drop them"),
    ({"x": torch.zeros(12, 0)}, "no features: give constant ones"),
    ({"unread": ("nodes.csv: note",)}, "column 'nodes.csv: note' was not read, as it holds no num"),
    ({"train_mask": ONE, "val_mask": ONE}, "gnnlab.check refuses it: node 1 is in data.train_mask"),
]


@pytest.mark.parametrize(("changed", "told"), FLAWED)
def test_each_flaw_is_told(changed: dict[str, Any], told: str) -> None:
    found = datasets.card(ring(**changed)).flaws
    assert any(told in flaw for flaw in found), found


def test_numbers_and_what_edges_hold() -> None:
    y = torch.tensor([[1.0, 2.0]]).repeat(12, 1)
    y[0, 1] = float("nan")
    weight = torch.linspace(0.5, 2, 24)
    text = str(datasets.card(ring(y=y, edge_weight=weight, edge_attr=torch.ones(24, 3))))
    assert "targets        target 0: mean 1, deviation 0 (0 unknown)" in text
    assert "target 1: mean 2, deviation 0 (1 unknown)" in text
    assert "edges hold     edge_weight from 0.5 to 2; edge_attr, 3 columns" in text


def test_a_graph_of_tables() -> None:
    frame = pd.concat([KNOWS, KNOWS.head(1).assign(source="bob", target="ada")])
    data = datasets.from_tables(PEOPLE.assign(age=[1, None, 3, 4]), frame, missing="keep")
    card = datasets.card(data)
    flaws = " ".join(card.flaws)
    for told in (
        "2 rows have no reverse, and 2 have, and the graph was read as undirected",
        "1 nodes have no neighbour",
        "column 'nodes: city' was not read",
        "column 'edges: kind' was not read",
        "feature 'age' is nan or infinite in 1 rows",
        "class 0 has no node in training",
    ):
        assert told in flaws
    text = str(card)
    assert "classes        2: clerk 1, poet 2 (1 unlabelled)" in text
    assert "rows read      4 rows, 0 repeats, 0 loops, 2 with their reverse, 2 without" in text


def test_sets_of_graphs() -> None:
    first = ring(4)
    first.y = torch.tensor([0])
    for name in ("train_mask", "val_mask", "test_mask"):
        del first[name]
    other, empty = first.clone(), first.clone()
    other.y = torch.tensor([2])
    empty.edge_index = empty.edge_index[:, :0]
    masks = datasets.Masks(*(torch.arange(3) == part for part in (0, 2, 1)))
    made = datasets.Graphs((first, other, empty), masks, classes=3, name="made")
    card = datasets.card(made)
    flaws = " ".join(card.flaws)
    for told in (
        "1 graphs have no edge (the first is graph 2)",
        "no graph is of class 1 (1 of 3 classes are empty)",
        "class 2 has no graph in training of split 0",
        "1 graphs look like an earlier one, 1 of them with another target; 1 graphs of test have",
    ):
        assert told in flaws
    assert "graphs         3" in str(card) and "train / val / test 1 / 1 / 1" in str(card)
    bad = made.with_graphs(
        [first, other, Data(x=first.x / 0, edge_index=first.edge_index, y=first.y)]
    )
    assert any("gnnlab.check refuses graph 2" in flaw for flaw in datasets.card(bad).flaws)


def test_a_link_split_and_other_values() -> None:
    wrong: Any = [1, 2]
    with pytest.raises(ValueError, match="a list was given, but a graph with one type of node"):
        datasets.card(wrong)
    with pytest.raises(
        ValueError, match="seed is for sets that are loaded by name, and a Data was"
    ):
        datasets.card(ring(), seed=1)
    with pytest.raises(ValueError, match="names node 40, but"):
        datasets.card(ring(edge_index=edges_of((0, 40))))
    graph = tasks.LinkSplit.random(ring(30), kinds="one").graph(ring(30))
    assert datasets.card(graph).name == "own graph"


def test_the_command_prints_the_card_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gnnlab.cli import main

    files(tmp_path)
    main(["data", str(tmp_path), "--set", "edge_type=kind", "--set", "categories=['city']"])
    text = capsys.readouterr().out
    assert "edge_type, 2 of them" in text and "city=Rome" in text
    main(["data", str(tmp_path / "edges.csv"), "--set", "directed=true"])
    assert "directed: 3 lack their reverse" in capsys.readouterr().out
