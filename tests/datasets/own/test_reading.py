"""Reading of files and folders: each kind is told by its name and content."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gnnlab import datasets
from gnnlab.datasets import Graphs
from tests.datasets.own.written import files


def written(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".gz"):
            with gzip.open(path, "wt") as file:
                file.write(text)
        else:
            path.write_text(text)
    return folder


@pytest.mark.parametrize("name", ["wiki.txt", "wiki.txt.gz", "wiki.edges", "wiki"])
@pytest.mark.parametrize(("said", "edges"), [("Directed", 3), ("Undirected", 4), ("A", 4)])
def test_edge_lists_as_snap_has_them(name: str, said: str, edges: int, tmp_path: Path) -> None:
    text = f"# {said} graph: wiki.txt\n# FromNodeId\tToNodeId\n30\t7\n7\t9\n9\t7\n"
    data = datasets.read(written(tmp_path, {name: text}) / name)
    assert data.node_ids.tolist() == [7, 9, 30] and data.num_edges == edges
    assert data.name == "wiki"


def test_edge_lists_with_more_than_two_cells(tmp_path: Path) -> None:
    written(tmp_path, {"a.txt": "% sym\n1 2 0.5\n2 3 1.5\n", "c.txt": "# \na b\n"})
    with pytest.raises(ValueError, match="a.txt has 3 cells a line, '1 2 0.5', and columns"):
        datasets.read(tmp_path / "a.txt")
    data = datasets.read(tmp_path / "a.txt", columns=("source", "target", "weight"))
    assert data.edge_weight.tolist() == [0.5, 0.5, 1.5, 1.5]
    assert datasets.read(tmp_path / "c.txt").node_ids.tolist() == ["a", "b"]
    nodes = pd.DataFrame({"id": [3, 2, 1], "v": [1, 2, 3]})
    data = datasets.read(tmp_path / "a.txt", columns=("source", "target", "time"), nodes=nodes)
    assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]] and "edge_time" in data


TU = {
    "DS_A.txt": "1, 2\n2, 1\n2, 3\n3, 2\n5, 4\n4, 5\n",
    "DS_graph_indicator.txt": "1\n1\n1\n2\n2\n",
    "DS_graph_labels.txt": "7\n-1\n",
    "DS_node_labels.txt": "0\n2\n2\n0\n5\n",
    "DS_node_attributes.txt": "0.5\n1\n2\n3\n4\n",
    "DS_edge_labels.txt": "1\n1\n3\n3\n1\n1\n",
    "DS_edge_attributes.txt": "1, 2\n1, 2\n3, 4\n3, 4\n5, 6\n5, 6\n",
}


def test_a_tu_folder(tmp_path: Path) -> None:
    found = datasets.read(written(tmp_path, TU))
    assert isinstance(found, Graphs) and found.name == "DS"
    assert found.class_names == ("-1", "7") and found.y.tolist() == [1, 0]
    assert found[0].x.tolist() == [[1, 0, 0, 0.5], [0, 1, 0, 1], [0, 1, 0, 2]]
    assert found[0].edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert found[0].edge_type.tolist() == [0, 0, 1, 1] and found[0].num_edge_types == 2
    assert found[1].edge_attr.tolist() == [[5, 6], [5, 6]]
    assert found[1].edge_index.tolist() == [[0, 1], [1, 0]]
    assert not bool(found.train_mask.any())


def test_a_tu_folder_of_numbers(tmp_path: Path) -> None:
    texts = {k: v for k, v in TU.items() if "label" not in k and "attributes" not in k}
    found = datasets.read(written(tmp_path, {**texts, "DS_graph_attributes.txt": "0.5, 1\n2, 3\n"}))
    assert isinstance(found, Graphs) and found.targets == ("target 0", "target 1")
    assert found.y.tolist() == [[0.5, 1], [2, 3]] and found[0].x.tolist() == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"DS_A.txt": "1, 9\n"}, "joins node 9, but the graph has 5 nodes, numbered 1 to 5"),
        ({"DS_edge_labels.txt": "1\n"}, "(1 rows, 6 edges): mend the file or write it anew"),
        ({"DS_edge_attributes.txt": "1\n"}, "a row for every edge (1 rows, 6 edges): mend the"),
        ({"DS_node_labels.txt": "x\n"}, "a table of numbers ("),
        ({"DS_graph_indicator.txt": "1\n3\n"}, "graph numbers do not rise from 1 to 2): mend"),
    ],
)
def test_a_damaged_tu_folder_is_to_be_mended(
    changed: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as found:
        datasets.read(written(tmp_path, {**TU, **changed}))
    assert "fetch" not in str(found.value)


MANY = {
    "raw/num-node-list.csv.gz": "3\n2\n",
    "raw/num-edge-list.csv.gz": "2\n1\n",
    "raw/edge.csv.gz": "0,1\n1,2\n1,0\n",
    "raw/node-feat.csv.gz": "1,0\n2,0\n3,0\n4,0\n5,0\n",
    "raw/edge-feat.csv.gz": "7\n8\n9\n",
    "raw/graph-label.csv.gz": "0,1\n1,\n",
    "split/scaffold/train.csv.gz": "1\n",
    "split/scaffold/valid.csv.gz": "0\n",
    "split/scaffold/test.csv.gz": "",
}
ONE = {
    "raw/num-node-list.csv.gz": "3\n",
    "raw/num-edge-list.csv.gz": "2\n",
    "raw/edge.csv.gz": "0,1\n1,2\n",
    "raw/node-feat.csv.gz": "0.5\n1.5\n2.5\n",
    "raw/node-label.csv.gz": "4\n0\n4\n",
    "raw/node_year.csv.gz": "2001\n2002\n2003\n",
    "split/time/train.csv.gz": "0\n",
    "split/time/valid.csv.gz": "1\n",
    "split/time/test.csv.gz": "2\n",
}


def test_ogb_folders(tmp_path: Path) -> None:
    one = datasets.read(written(tmp_path / "one", ONE), directed=True)
    assert not isinstance(one, Graphs) and one.edge_index.tolist() == [[0, 1], [1, 2]]
    assert one.y.tolist() == [1, 0, 1] and one.class_names == ("0", "4")
    assert one.train_mask[:, 0].tolist() == [True, False, False] and one.split == "public"
    assert one.node_year.tolist() == [2001, 2002, 2003] and one.x[:, 0].tolist() == [0.5, 1.5, 2.5]
    texts = {k: v for k, v in MANY.items() if not k.startswith("split")}
    many = datasets.read(written(tmp_path / "many", texts))
    assert isinstance(many, Graphs) and many[0].edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert many[0].edge_attr.tolist() == [[7], [7], [8], [8]] and many[1].x[:, 0].tolist() == [4, 5]
    assert many.y[0].tolist() == [0, 1] and bool(many.y[1, 1].isnan())
    assert many[1].edge_index.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"raw/edge.csv.gz": "0,1\n1,3\n"}, "edge.csv.gz joins nodes [1, 3], but its graph has 3"),
        ({"raw/num-edge-list.csv.gz": "3\n"}, "has 2 rows, but num-edge-list says 3"),
        ({"raw/node-feat.csv.gz": "1\n"}, "has 1 rows, but there are 3 to describe"),
        ({"raw/edge.csv.gz": "a,b\n1,2\n"}, "is no table of numbers"),
        ({"split/time/valid.csv.gz": "9\n"}, "the list 'valid' names row 9, but there are 3 rows"),
        ({"split/other/test.csv.gz": "2\n"}, "has splits 'other', 'time': say split= one of them"),
    ],
)
def test_damaged_ogb_folders(changed: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        datasets.read(written(tmp_path, {**ONE, **changed}))


def test_tables_edges_and_molecules(tmp_path: Path) -> None:
    files(tmp_path)
    assert datasets.read(tmp_path, edge_type="kind").num_nodes == 4
    assert datasets.read(tmp_path / "edges.csv").num_nodes == 3
    (tmp_path / "m.csv").write_text("smiles,y\nCC,1.5\nCCO,2\n")
    found = datasets.read(tmp_path / "m.csv", split=None)
    assert isinstance(found, Graphs) and found.y.tolist() == [[1.5], [2]]


def test_what_is_not_known_is_refused_with_the_kinds(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="away is not there"):
        datasets.read(tmp_path / "away")
    with pytest.raises(ValueError, match="is no folder of a known kind: a folder is tables nodes"):
        datasets.read(tmp_path)
    (tmp_path / "letter.txt").write_text("Dear reader,\n")
    with pytest.raises(ValueError, match="is no file of a known kind: a file is GraphML, GML or"):
        datasets.read(tmp_path / "letter.txt")
    (tmp_path / "e.parquet").write_text("no parquet")
    with pytest.raises(ValueError, match="e.parquet is no parquet file .*: write it anew"):
        datasets.read(tmp_path / "e.parquet")
    (tmp_path / "e.csv").write_text("")
    with pytest.raises(ValueError, match="e.csv is empty: give a file that holds something"):
        datasets.read(tmp_path / "e.csv")
    (tmp_path / "e.csv").write_text("source,target\n1,2\n")
    with pytest.raises(ValueError, match="e.csv is read as a table of edges .*, which has no opt"):
        datasets.read(tmp_path / "e.csv", direction=True)


def test_real_sets(mirror: Path) -> None:
    mutag = datasets.read(mirror / "tu" / "MUTAG")
    assert isinstance(mutag, Graphs) and len(mutag) == 188
    there = datasets.load("MUTAG", root=mirror)
    for one, other in zip(mutag, there, strict=True):
        assert torch.equal(one.x, other.x) and torch.equal(one.edge_index, other.edge_index)
    types = torch.cat([graph.edge_type for graph in mutag])
    assert mutag[0]["num_edge_types"] == 4
    stored = np.loadtxt(mirror / "tu" / "MUTAG" / "MUTAG_edge_labels.txt", dtype=np.int64)
    assert np.bincount(types.numpy()).tolist() == np.bincount(stored).tolist()
    wiki = datasets.read(mirror / "directed" / "wiki_vote" / "wiki-Vote.txt", directed=True)
    assert (wiki.num_nodes, wiki.num_edges) == (7115, 103689)


def options(path: Path) -> Any:
    from gnnlab.datasets.own.reading import kind_of

    return kind_of(path).options


def test_options_of_a_kind_are_those_of_what_reads_it(tmp_path: Path) -> None:
    (tmp_path / "g.gml").write_text("graph [ ]")
    assert {"directed", "label", "missing"} <= set(options(tmp_path / "g.gml"))
    assert "edges" not in options(tmp_path / "g.gml")
