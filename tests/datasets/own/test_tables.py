"""Tables of nodes and edges: the same graph from frames and files, in any order of rows."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Data

from gnnlab import check, datasets, layers, tasks
from tests.datasets.own.written import KNOWS, PEOPLE, files

CHOSEN: dict[str, Any] = {"categories": ["city"], "edge_type": "kind"}


def expect_people(data: Data) -> None:
    assert data.node_ids.tolist() == ["ada", "bob", "cyd", "dee"]
    assert data.feature_names == ("age", "city=(missing)", "city=Oslo", "city=Rome")
    assert data.x.tolist() == [[36, 0, 0, 1], [41, 0, 1, 0], [29, 1, 0, 0], [50, 0, 0, 1]]
    assert data.y.tolist() == [1, 0, 1, -1] and data.class_names == ("clerk", "poet")
    assert (data.classes, data.num_classes) == (2, 2)
    assert data.train_mask[:, 0].tolist() == [True, False, False, False]
    assert data.val_mask[:, 0].tolist() == [False, True, False, False]
    assert data.test_mask[:, 0].tolist() == [False, False, True, False]
    assert data.edge_index.tolist() == [[0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]]
    assert data.edge_weight.tolist() == [0.5, 1, 0.5, 2, 1, 2]
    assert data.edge_type.tolist() == [1, 1, 1, 0, 1, 0]
    assert data.edge_type_names == ("foe", "friend") and data.num_edge_types == 2
    assert data.edge_attr.tolist() == [[3], [4], [3], [1], [4], [1]]
    assert data.edge_attr_names == ("calls",)
    assert data.edge_time[:2].tolist() == [1717113600, 86400]
    assert data.unread == ()
    check(data)


def test_frames() -> None:
    expect_people(datasets.from_tables(PEOPLE, KNOWS, **CHOSEN))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv", ".parquet", ";.csv"])
def test_files(ending: str, tmp_path: Path) -> None:
    paths = []
    for name, frame in (("nodes", PEOPLE), ("edges", KNOWS)):
        paths.append(tmp_path / f"{name}{ending.removeprefix(';')}")
        if ending == ".parquet":
            frame.to_parquet(paths[-1])
        else:
            separator = {".tsv": "\t", ";.csv": ";"}.get(ending, ",")
            frame.to_csv(paths[-1], sep=separator, index=False)
    data = datasets.from_tables(*paths, **CHOSEN)
    expect_people(data)
    assert data.name == tmp_path.name and data.raw_hash.startswith("sha256:")
    expect_people(datasets.read(tmp_path, **CHOSEN))


def test_nothing_given_is_changed() -> None:
    nodes, edges = PEOPLE.copy(), KNOWS.copy()
    datasets.from_tables(nodes, edges, **CHOSEN)
    pd.testing.assert_frame_equal(nodes, PEOPLE)
    pd.testing.assert_frame_equal(edges, KNOWS)


def test_a_model_trains_on_it() -> None:
    rng = np.random.default_rng(0)
    names = np.array([f"n{i}" for i in range(40)])
    nodes = pd.DataFrame({"id": names, "a": rng.random(40), "y": rng.choice(["p", "q", "r"], 40)})
    edges = pd.DataFrame({"u": rng.choice(names, 90), "v": rng.choice(names, 90)})
    data = datasets.split(datasets.from_tables(nodes, edges), seed=1)
    encoder = layers.GCN(data.num_features, 8, 2)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=2))
    assert 0 <= result.test <= 1


@st.composite
def tables(draw: Any) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables with random ids, numbers or text, and the same with rows in another order."""
    word = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
    number = st.integers(-(2**40), 2**40)
    ids = draw(st.lists(draw(st.sampled_from([word, number])), min_size=1, max_size=9, unique=True))
    row = st.integers(0, len(ids) - 1)
    ends = draw(st.lists(st.tuples(row, row, st.integers(0, 2)), max_size=15))
    nodes = pd.DataFrame({"id": ids, "value": range(len(ids))})
    edges = pd.DataFrame(
        {
            "source": [ids[one] for one, _, _ in ends],
            "target": [ids[other] for _, other, _ in ends],
            "weight": [float(weight) for *_, weight in ends],
        },
        columns=["source", "target", "weight"],
    )
    seed = draw(st.integers(0, 99))
    shuffled = [frame.sample(frac=1, random_state=seed) for frame in (nodes, edges)]
    return nodes, edges, shuffled[0], shuffled[1]


def edges_by_name(data: Data) -> list[Any]:
    names = data.node_ids.tolist()
    ends = ((names[one], names[other]) for one, other in data.edge_index.T.tolist())
    return sorted(zip(ends, data.edge_weight.tolist(), strict=True), key=repr)


@settings(max_examples=60, deadline=None)
@given(tables(), st.booleans(), st.sampled_from(["merge", "keep"]))
def test_any_order_of_rows_is_the_same_graph(made: Any, directed: bool, repeats: Any) -> None:
    nodes, edges, nodes_again, edges_again = made
    options: dict[str, Any] = {"directed": directed, "repeats": repeats}
    one = datasets.from_tables(nodes, edges, **options)
    other = datasets.from_tables(nodes_again, edges_again, **options)
    assert edges_by_name(one) == edges_by_name(other)
    assert other.node_ids.tolist() == nodes_again.id.tolist()
    value = dict(zip(other.node_ids.tolist(), other.x[:, 0].tolist(), strict=True))
    assert value == dict(zip(nodes.id, nodes.value, strict=True))
    rows = list(zip(edges.source, edges.target, edges.weight, strict=True))
    both = rows if directed else rows + [(b, a, w) for a, b, w in rows if a != b]
    wanted = [((a, b), w) for a, b, w in (set(both) if repeats == "merge" else both)]
    assert edges_by_name(one) == sorted(wanted, key=repr)
    key = one.edge_index[0] * len(nodes) + one.edge_index[1]
    assert bool((key.diff() >= 0).all())


@settings(max_examples=40, deadline=None)
@given(tables())
def test_without_nodes_the_edges_name_them_in_order(made: Any) -> None:
    _, edges, _, again = made
    one, other = (datasets.from_tables(None, frame) for frame in (edges, again))
    assert one.node_ids.tolist() == other.node_ids.tolist()
    assert one.node_ids.tolist() == sorted({*edges.source, *edges.target})
    key = one.edge_index[0] * one.num_nodes + one.edge_index[1]
    assert sorted(key.tolist()) == sorted(
        (other.edge_index[0] * other.num_nodes + other.edge_index[1]).tolist()
    )


def test_repeats_are_summed_or_counted() -> None:
    edges = pd.DataFrame({"u": [0, 0, 1, 2], "v": [1, 1, 0, 2], "weight": [1.0, 2.0, 4.0, 8.0]})
    found = datasets.from_tables(None, edges, repeats="sum")
    assert found.edge_index.tolist() == [[0, 1, 2], [1, 0, 2]]
    assert found.edge_weight.tolist() == [7, 7, 8]
    counted = datasets.from_tables(None, edges[["u", "v"]], repeats="sum", directed=True)
    assert counted.edge_index.tolist() == [[0, 1, 2], [1, 0, 2]]
    assert counted.edge_weight.tolist() == [2, 1, 1]
    with pytest.raises(ValueError, match="edges hold edge_type, which do not add up"):
        datasets.from_tables(None, edges.assign(type="a"), repeats="sum")


def test_stored_rows_are_counted() -> None:
    edges = pd.DataFrame({"u": [0, 0, 1, 2, 1], "v": [1, 1, 0, 2, 2]})
    found = datasets.from_tables(None, edges).stored
    assert found == {"rows": 5, "repeats": 1, "loops": 1, "one_way": 1, "mutual": 2}


def test_numbers_and_text_name_the_same_node(tmp_path: Path) -> None:
    paths = files(tmp_path, "id\n007\n8\nx\n", "source,target\n007,8\n")
    data = datasets.from_tables(*paths)
    assert data.node_ids.tolist() == ["007", "8", "x"]
    assert data.edge_index.tolist() == [[0, 1], [1, 0]]


def test_a_node_called_na_is_a_node(tmp_path: Path) -> None:
    paths = files(tmp_path, "id,age\nNA,1\nnull,NA\n", "source,target\nNA,null\n")
    data = datasets.from_tables(*paths, missing="zero")
    assert data.node_ids.tolist() == ["NA", "null"] and data.x.tolist() == [[1], [0]]


def test_rows_are_counted_where_nodes_have_no_names() -> None:
    nodes = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    edges = pd.DataFrame({"source": [2], "target": [0]})
    data = datasets.from_tables(nodes, edges, id="row", directed=True)
    assert data.edge_index.tolist() == [[2], [0]] and data.node_ids.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="row 0 of edges names node 3 in column 'source', but nod"):
        datasets.from_tables(nodes, edges + 1, id="row")


def test_files_without_a_header_and_named_index(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("5,3\n3,9\n")
    data = datasets.from_tables(None, tmp_path / "e.csv")
    assert data.node_ids.tolist() == [3, 5, 9] and data.num_edges == 4
    named = PEOPLE.set_index("id")
    expect_people(datasets.from_tables(named, KNOWS, **CHOSEN))


def test_packed_text_is_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "e.csv.gz", "wt") as file:
        file.write("\ufeffsource,target\na,b\n")
    assert datasets.from_tables(None, tmp_path / "e.csv.gz").num_edges == 2
    assert datasets.read(tmp_path / "e.csv.gz").num_edges == 2


def test_masks_of_a_table_are_no_features() -> None:
    columns = {"train_mask": [1, 0, 0], "val_mask": [0, 1, 0], "test_mask": [0, 0, 1]}
    nodes = pd.DataFrame({"id": [1, 2, 3], "a": [1, 2, 3], **columns})
    data = datasets.from_tables(nodes, pd.DataFrame({"u": [1], "v": [2]}))
    assert data.feature_names == ("a",)
    assert torch.equal(data.train_mask[:, 0], torch.tensor([True, False, False]))


def test_rows_of_one_pair_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    ends = rng.integers(0, 3, (2, 4000))
    edges = pd.DataFrame({"u": ends[0], "v": ends[1], "time": np.arange(4000)})
    data = datasets.from_tables(None, edges, directed=True)
    assert data.num_edges == 4000
    pair = data.edge_index[0] * 3 + data.edge_index[1]
    for number in range(9):
        assert bool((data.edge_time[pair == number].diff() > 0).all())
