"""Errors of tables: each one sentence, with file, line and column, and the way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gnnlab import datasets
from tests.datasets.own.written import KNOWS, PEOPLE, files

NODES = "id,age,label\na,1,p\nb,2,q\nc,3,p\n"
EDGES = "source,target\na,b\nb,c\n"
REFUSED = [
    # nodes, edges, options, sentence
    (NODES, EDGES + "c,zed\n", {},
     "line 4 of edges.csv has 'zed' in column 'target', which is no node of nodes.csv (its column "
     "'id' begins with 'a'; 1 such edges in all): add the node, drop the edge, or leave nodes out"),
    (NODES + "b,4,q\n", EDGES, {},
     "line 5 of nodes.csv names node 'b' in column 'id', as line 3 of nodes.csv does (1 repeats in "
     "all): every node has one row"),
    ("id,age\n5,1\n5,2\n", "source,target\n5,5\n", {},
     "line 3 of nodes.csv names node 5 in column 'id', as line 2"),
    ("id,age\n\n1,3\n2,x\n3,5\n", "source,target\n1,2\n", {},
     "line 4 of nodes.csv has 'x' in column 'age', which is no number (1 such cells in all): mend "
     "it, name the column in categories, or name the features without it"),
    ("id,age\na,\nb,2\n", "source,target\na,b\n", {},
     "line 2 of nodes.csv has no number in column 'age' (1 such rows in all): fill it in, or take "
     "missing='mean', 'zero' or 'keep'"),
    ("id,age\n,1\nb,2\n", "source,target\nb,b\n", {},
     "line 2 of nodes.csv names no node in column 'id' (1 such rows in all)"),
    (NODES, "source,target\na,b\n,c\n", {},
     "line 3 of edges.csv names no node in column 'source'"),
    ("", EDGES, {}, "nodes.csv is empty: give a file that holds something"),
    ("id,age\n", EDGES, {}, "nodes.csv has no row, so the graph has no node: fill it"),
    (NODES, "", {}, "edges.csv is empty"),
    (NODES, EDGES, {"label": "klass"},
     "label is 'klass', but nodes.csv has no such column: it has 'age', 'label'"),
    (NODES, EDGES, {"id": "key"},
     "id is 'key', but nodes.csv has no such column: it has 'id', 'age', 'label'"),
    (NODES, EDGES, {"features": ["age", "height"]}, "features is 'height', but nodes.csv has no"),
    (NODES, EDGES, {"features": ["age", "age"]}, "features names column 'age' twice"),
    (NODES, EDGES, {"features": ["label"], "label": None},
     "line 2 of nodes.csv has 'p' in column 'label', which is no number (3 such cells in all)"),
    (NODES, EDGES, {"weight": "w8"},
     "weight is 'w8', but edges.csv has no such column: it has "),
    (NODES, "source,target,weight\na,b,1\nb,c,heavy\n", {},
     "line 3 of edges.csv has 'heavy' in column 'weight', which is no number"),
    (NODES, "source,target,weight\na,b,1\nb,c,\n", {"missing": "keep"},
     "line 3 of edges.csv has no number in column 'weight'"),
    (NODES, "source,target,time\na,b,2024-01-01\nb,c,soon\n", {},
     "line 3 of edges.csv has 'soon' in column 'time', where the time of its edge should be (1 "
     "such cells in all): mend it, give numbers or dates such as 2024-05-31, or take time=None"),
    (NODES, "one,two,three\na,b,1\n", {},
     "edges.csv has no two columns that look like the ends of an edge (source and target, src and "
     "dst, …; source='auto' and target='auto' was asked for): name both of 'one', 'two', 'three'"),
    (NODES, "source,target\na,b\n", {"source": "target", "target": "target"},
     "source and target are both 'target': name two columns"),
    ("paper,age\na,1\n", EDGES, {},
     "nodes.csv has no column that looks like the nodes' names (id, node, name, …): say id= one of "
     "'paper', 'age', or id='row' if edges count its rows from 0"),
    ("id,a,a\nx,1,2\n", EDGES, {}, "nodes.csv has two columns of the name 'a'"),
    ("id,age\na,1,2\nb,2,3\n", EDGES, {},
     "give every line one cell for each of the 2 columns"),
    (NODES.replace("label", "split"), EDGES, {},
     "line 2 of nodes.csv is of part 'p' (3 such rows in all), but a part is train, valid or test"),
    (NODES, EDGES, {"label": ["age", "label"], "kind": "classes"},
     "kind is 'classes', but label names 2 columns, 'age', 'label': name one, or take"),
    (NODES, EDGES, {"label": "age", "kind": "labels"},
     "line 3 of nodes.csv has '2' in column 'age', but a label is 0, 1, or empty where unknown"),
    (NODES, EDGES, {"label": ["age", "label"]},
     "line 2 of nodes.csv has 'p' in column 'label', which is no number"),
    (NODES, EDGES, {"id": "row"},
     "column 'source' of edges.csv holds 'a', but without an id edges count rows of nodes.csv"),
    (NODES, EDGES, {"categories": ["label"], "label": None, "coding": "codes"},
     "codes and numbers cannot share one x: take coding='one_hot', or name features=[]"),
    (NODES, EDGES, {"directed": "no"}, "directed is 'no', but it must be True or False"),
    (NODES, EDGES, {"missing": "drop"}, "missing is 'drop', which is none of refuse, keep, zero"),
    (NODES, EDGES, {"repeats": "max"}, "repeats is 'max', which is none of merge, keep, sum"),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "edges", "options", "told"), REFUSED)
def test_refused_in_a_sentence(
    nodes: str, edges: str, options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as found:
        datasets.from_tables(*files(tmp_path, nodes, edges), **options)
    assert "\n" not in str(found.value)


def test_rows_of_frames_are_named() -> None:
    edges = pd.concat([KNOWS, KNOWS.head(1).assign(target="zed")])
    with pytest.raises(
        ValueError, match="row 3 of edges has 'zed' in column 'target', which is no"
    ):
        datasets.from_tables(PEOPLE, edges, edge_type="kind")


def test_line_numbers_count_cells_of_several_lines(tmp_path: Path) -> None:
    paths = files(tmp_path, 'id,note,age\na,"two\nlines",1\n\nb,x,2\nc,y,\n')
    with pytest.raises(ValueError, match="line 6 of nodes.csv has no number in column 'age'"):
        datasets.from_tables(paths[0], KNOWS)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"away.csv is not there: give the path of a file"):
        datasets.from_tables(None, tmp_path / "away.csv")
    with pytest.raises(FileNotFoundError, match=r"away.parquet is not there"):
        datasets.from_tables(None, tmp_path / "away.parquet")
    with pytest.raises(ValueError, match="edges is None, but a graph has a table of edges"):
        datasets.from_tables(PEOPLE)
    with pytest.raises(ValueError, match="edges is an int, but a table is a pandas DataFrame or"):
        datasets.from_tables(PEOPLE, 5)
    with pytest.raises(ValueError, match="tables are read from files that end in .csv"):
        datasets.from_tables(None, tmp_path / "book.xlsx")
    (tmp_path / "bad.parquet").write_text("no parquet")
    with pytest.raises(ValueError, match="bad.parquet is no parquet file"):
        datasets.from_tables(None, tmp_path / "bad.parquet")
    (tmp_path / "bad.csv.gz").write_text("source,target\n1,2\n")
    with pytest.raises(ValueError, match="bad.csv.gz cannot be unpacked .*: pack it anew"):
        datasets.from_tables(None, tmp_path / "bad.csv.gz")
    (tmp_path / "latin.csv").write_bytes("source,target\nJosé,b\n".encode("latin-1"))
    with pytest.raises(ValueError, match="latin.csv is no text in UTF-8 .*: save it in UTF-8"):
        datasets.from_tables(None, tmp_path / "latin.csv")
