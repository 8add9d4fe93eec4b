"""TU sets: twins of the text format, and the real ones where they are at hand."""

from __future__ import annotations

import io
import itertools
import zipfile
from pathlib import Path

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.utils import is_undirected

from gnnlab import datasets
from gnnlab.datasets import Graphs
from gnnlab.datasets.catalogue.records import find
from gnnlab.datasets.kinds.graph import collect
from gnnlab.datasets.kinds.node import load_graphs
from gnnlab.datasets.readers import RawGraphs
from gnnlab.datasets.readers.graphs import tu
from gnnlab.datasets.values.masks import unsplit

FILES = {
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n5, 6\n6, 5\n",
    "graph_indicator": "1\n1\n1\n2\n3\n3\n",
    "graph_labels": "7\n-1\n7\n",
    "node_labels": "0\n2\n2\n0\n5\n0\n",
    "node_attributes": "0.5, 1\n1, 2\n2, 3\n3, 4\n4, 5\n5, -6.25\n",
}
# graphs, features and edges as PyG reads them from the originals
REAL = [
    ("MUTAG", 188, 3371, 7442, 7, 2),
    ("ENZYMES", 600, 19580, 74564, 3, 6),
    ("PROTEINS", 1113, 43471, 162088, 3, 2),
    ("IMDB-BINARY", 1000, 19773, 193062, 1, 2),
    ("REDDIT-BINARY", 2000, 859233, 1991016, 1, 2),
]


def read(folder: Path, **changed: str) -> RawGraphs:
    record = find("ENZYMES")
    for name, text in {**FILES, **changed}.items():
        (folder / f"ENZYMES_{name}.txt").write_text(text)
    return tu.read(record, lambda path: folder / Path(path).name)


def test_reads_what_the_files_say(tmp_path: Path) -> None:
    raw = read(tmp_path)
    assert raw.sizes.tolist() == [3, 1, 2] and raw.y.tolist() == [1, 0, 1]
    assert raw.edge_index.tolist() == [[0, 1, 1, 2, 4, 5], [1, 0, 2, 1, 5, 4]]
    assert raw.labels is not None and raw.labels.argmax(1).tolist() == [0, 1, 1, 0, 2, 0]
    assert raw.attributes is not None and raw.attributes[5].tolist() == [5, -6.25]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("A", "1, 7\n", "joins node 7, but the graph has 6 nodes, numbered 1 to 6"),
        ("A", "3, 4\n", "an edge joins two of them"),
        ("graph_indicator", "1\n2\n1\n2\n3\n3\n", "graph numbers do not rise from 1 to 3"),
        ("graph_indicator", "1\n1\n1\n2\n3\n4\n", "graph numbers do not rise from 1 to 3"),
        ("graph_labels", "one\n", "cannot be read as a table of numbers"),
        ("node_labels", "0\n", "1 rows, 6 nodes"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **{name: text})


def test_cuts_out_graphs_with_the_features_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.datasets.kinds.graph.check_statistics", lambda *_: None)
    raw, record = read(tmp_path), find("ENZYMES")
    expected = {
        "labels": [0, 0, 1],
        "attributes": [4, 5],
        "labels+attributes": [0, 0, 1, 4, 5],
        "degrees": [0, 1, 0],  # degrees 0, 1 and 2 occur
        "constant": [1],
    }
    for features, row in expected.items():
        graphs = collect(record, raw, features, "")
        assert [graph.num_nodes for graph in graphs] == [3, 1, 2]
        assert [graph.y.tolist() for graph in graphs] == [[1], [0], [1]]
        assert graphs[2].x[0].tolist() == row and graphs[2].edge_index.tolist() == [[0, 1], [1, 0]]
        assert graphs[1].edge_index.shape == (2, 0)


@pytest.mark.parametrize(("name", "count", "nodes", "rows", "width", "classes"), REAL)
def test_real_sets(name: str, count: int, nodes: int, rows: int, width: int, classes: int) -> None:
    graphs = loaded(name)
    assert (len(graphs), graphs.num_features, graphs.num_classes) == (count, width, classes)
    assert sum(graph.num_nodes for graph in graphs) == nodes
    assert sum(graph.num_edges for graph in graphs) == rows
    assert all(is_undirected(graph.edge_index, num_nodes=graph.num_nodes) for graph in graphs[:50])
    assert sorted(graphs.y.unique().tolist()) == list(range(classes))


def test_splits_are_stratified_drawn_from_the_seed_and_disjoint() -> None:
    graphs = loaded("MUTAG", split="random:0")
    parts = (graphs.train_mask, graphs.val_mask, graphs.test_mask)
    assert all(part.shape == (188, 100) for part in parts)
    assert bool((sum(part.int() for part in parts) == 1).all())
    assert [int(part[:, 0].sum()) for part in parts] == [150, 19, 19]
    ones = [int(graphs.y[part[:, 7]].sum()) for part in parts]
    assert ones == [100, 12, 13] or ones == [100, 13, 12]
    assert not torch.equal(graphs.train_mask[:, 0], graphs.train_mask[:, 1])
    assert torch.equal(loaded("mutag", split="random:0").test_mask, graphs.test_mask)
    assert not torch.equal(loaded("mutag", split="random:1").test_mask, graphs.test_mask)


def test_names_and_settings() -> None:
    assert {"MUTAG", "ENZYMES", "IMDB-BINARY"} <= set(datasets.names(task="graph"))
    assert "karate" not in datasets.names(task="graph")
    assert "MUTAG" not in datasets.names(task="node")
    assert datasets.resolve("imdb_binary")["features"] == "constant"
    with pytest.raises(ValueError, match="unknown features of MUTAG 'attributes'.*'labels', 'deg"):
        datasets.resolve("MUTAG", features="attributes")
    with pytest.raises(ValueError, match="no setting 'rows'; .* features, repeats, sizes and root"):
        datasets.load("MUTAG", rows=3)
    with pytest.raises(ValueError, match="no setting 'rows'; .* features, repeats, sizes and root"):
        datasets.card("MUTAG", rows=3)


def test_the_card_of_a_set() -> None:
    graphs = loaded("MUTAG")
    card = datasets.card("MUTAG", split="random:0")
    assert isinstance(card, datasets.GraphsCard)
    sizes = [graph.num_nodes for graph in graphs]
    assert card.nodes == (min(sizes), sum(sizes) / 188, max(sizes))
    assert card.edges[1] == pytest.approx(sum(graph.num_edges for graph in graphs) / 188 / 2)
    assert (card.graphs, card.class_sizes, card.split_sizes) == (188, (63, 125), (150, 19, 19))
    assert 0 < card.repeats < 60 and card.torn <= card.repeats
    text = str(card)
    assert "188" in text and "7 (labels)" in text and "random:0: 100 of train / val / test" in text
    assert "degrees" in str(datasets.card("MUTAG", features="degrees"))


def test_graphs_alike_are_those_that_networkx_finds_isomorphic() -> None:
    graphs = list(loaded("MUTAG"))[:80]
    first = datasets.first_alike(graphs).tolist()

    def drawn(number: int) -> nx.Graph:
        graph = nx.Graph(graphs[number].edge_index.T.tolist())
        kinds = graphs[number].x.argmax(1).tolist()
        nx.set_node_attributes(graph, dict(enumerate(kinds)), "kind")
        return graph

    same = nx.algorithms.isomorphism.categorical_node_match("kind", None)
    for number, other in enumerate(first):
        assert other <= number == first[number] or first[other] == other
        assert nx.is_isomorphic(drawn(number), drawn(other), node_match=same)
    own = [number for number, other in enumerate(first) if number == other]
    for one, two in itertools.combinations(own, 2):
        assert not nx.is_isomorphic(drawn(one), drawn(two), node_match=same)


def test_alike_whatever_the_order_of_nodes_and_not_when_a_feature_differs() -> None:
    generator = torch.Generator().manual_seed(0)
    edge_index = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])
    x = torch.tensor([[1.0], [0.0], [0.0], [1.0]])
    order = torch.randperm(4, generator=generator)
    other = Data(x=x[order], edge_index=order.argsort()[edge_index])
    changed = Data(x=1 - x, edge_index=edge_index)
    alone = Data(x=torch.zeros(0, 1), edge_index=torch.empty(2, 0, dtype=torch.int64))
    graphs = [Data(x=x, edge_index=edge_index), changed, other, alone, alone]
    assert datasets.first_alike(graphs).tolist() == [0, 1, 0, 3, 3]


def loaded(name: str, **settings: str) -> Graphs:
    try:
        found = datasets.load(name, **settings)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")
    assert isinstance(found, Graphs)
    return found


def zipped(folder: Path, **changed: str) -> bytes:
    """The collection's archive of a set, of the twin's files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in {**FILES, **changed}.items():
            archive.writestr(f"ENZYMES/ENZYMES_{name}.txt", text)
    path = folder / "tu/ENZYMES/ENZYMES.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.getvalue())
    return content.getvalue()


def test_a_set_is_read_out_of_its_archive_where_no_file_lies_loose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.datasets.kinds.graph.check_statistics", lambda *_: None)
    monkeypatch.setattr("gnnlab.datasets.kinds.node.masks_of_graphs", lambda *_: unsplit(3))
    monkeypatch.setenv("GNNLAB_MIRROR", str(tmp_path / "mirror"))
    record = find("ENZYMES")
    asked: list[str] = []

    def answer(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(zipped(tmp_path / "elsewhere"))

    monkeypatch.setattr("urllib.request.urlopen", answer)
    first = load_graphs(record, "labels", "folds:0", None)
    assert asked == ["https://www.chrsmrrs.com/graphkerneldatasets/ENZYMES.zip"]
    assert [graph.num_nodes for graph in first] == [3, 1, 2]
    again = load_graphs(record, "labels", "folds:0", None)
    assert len(asked) == 1 and again.raw_hash == first.raw_hash

    # Another archive, as in a mirror that comes first, is unpacked anew.
    zipped(tmp_path / "mirror", graph_labels="7\n-1\n-1\n")
    other = load_graphs(record, "labels", "folds:0", None)
    assert other.y.tolist() == [1, 0, 0] and other.raw_hash != first.raw_hash


def test_an_archive_that_changed_or_lacks_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.datasets.kinds.graph.check_statistics", lambda *_: None)
    monkeypatch.setattr("gnnlab.datasets.kinds.node.masks_of_graphs", lambda *_: unsplit(3))
    monkeypatch.delenv("GNNLAB_MIRROR", raising=False)
    zipped(tmp_path)
    load_graphs(find("ENZYMES"), "labels", "folds:0", tmp_path)
    zipped(tmp_path, graph_labels="7\n-1\n-1\n")
    with pytest.raises(ValueError, match=r"ENZYMES.zip is not the file the note .sha256 beside it"):
        load_graphs(find("ENZYMES"), "labels", "folds:0", tmp_path)
    (tmp_path / "tu/ENZYMES/ENZYMES.zip.sha256").unlink()
    with zipfile.ZipFile(tmp_path / "tu/ENZYMES/ENZYMES.zip", "w"):
        pass
    with pytest.raises(ValueError, match="an archive with ENZYMES/ENZYMES_A.txt"):
        load_graphs(find("ENZYMES"), "labels", "folds:0", tmp_path)


def test_what_is_nowhere_is_told_by_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(address: str, timeout: float) -> None:
        raise OSError("offline")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("gnnlab.datasets.files.sources.PAUSE", 0.0)
    monkeypatch.delenv("GNNLAB_MIRROR", raising=False)
    with pytest.raises(FileNotFoundError, match=r"NCI1.zip is in no mirror .* \(offline\)"):
        datasets.load("NCI1")
