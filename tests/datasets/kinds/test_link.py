"""Sets for link prediction: the real ones as published, and twins of archives not at hand."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from scipy.sparse import csc_matrix

from gnnlab import datasets
from gnnlab.datasets import loading
from gnnlab.datasets.cards.link import describe_links
from gnnlab.datasets.catalogue import records
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.files import sources
from gnnlab.datasets.kinds.link import load_links
from gnnlab.tasks import LinkSplit

SETS = [record for record in records.records() if record.task == "link"]
OGB = [record.name for record in SETS if record.source == "ogbl"]
each_ogb = pytest.mark.parametrize("name", OGB)
NODES, EDGES = 9, np.array([[0, 1], [1, 2], [2, 3], [0, 1], [4, 5]])


def test_the_six_and_all_of_ogb_are_listed() -> None:
    known = {"USAir", "PB", "Yeast", "Power", "Router", "Ecoli"}
    assert known | {"ogbl-collab", "ogbl-ppa", "ogbl-ddi", "ogbl-citation2"} <= set(
        datasets.names(task="link")
    )


@pytest.mark.parametrize("record", SETS, ids=lambda record: record.name)
def test_a_real_set_is_as_published(mirror: Path, record: Record) -> None:
    if not any((folder / record.files[0]).is_file() for folder in sources.mirrors()):
        pytest.skip(f"{record.name} is not in the mirror")
    data = datasets.load(record.name)
    assert data.x.shape == (record.statistics["nodes"], 0)
    assert data.num_edges == 2 * record.statistics["undirected"]
    assert data.is_undirected() and not data.has_self_loops()
    split = LinkSplit.random(data, 0.05, 0.1, seed=0)
    assert split.overlaps() == {"seen": 0, "shared": 0, "true": 0}
    card = datasets.card(record.name)
    assert card.edges_undirected == record.statistics["undirected"]
    text = " ".join(str(card).split())
    assert "LinkSplit.random" in text and "Link Prediction Based on Graph" in text


def mat(root: Path, **content: Any) -> Record:
    path = root / "link" / "twin" / "twin.mat"
    path.parent.mkdir(parents=True)
    savemat(path, content)
    statistics = {"nodes": NODES, "undirected": 4, "features": 0}
    return replace(find("USAir"), name="twin", files=("link/twin/twin.mat",), statistics=statistics)


def matrix(edges: np.ndarray = EDGES) -> csc_matrix:
    both = np.concatenate([edges, edges[:, ::-1]])
    return csc_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(NODES, NODES)).minimum(
        1
    )


def test_a_matrix_becomes_a_graph(tmp_path: Path) -> None:
    data, _ = load_links(mat(tmp_path, net=matrix()), None, None, tmp_path)
    assert data.edge_index.tolist() == [[0, 1, 1, 2, 2, 3, 4, 5], [1, 0, 2, 1, 3, 2, 5, 4]]
    assert data.x.shape == (NODES, 0) and data.name == "twin" and "y" not in data


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"A": matrix()}, "cannot be read as a MATLAB file with net"),
        ({"net": csc_matrix(np.ones((2, 3)))}, "cannot be read as a square matrix"),
        ({"net": matrix(EDGES[1:3])}, "has 2 undirected, but 4 are published"),
    ],
)
def test_a_bad_matrix_gets_one_sentence(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_links(mat(tmp_path, **content), None, None, tmp_path)


def table(values: Any) -> bytes:
    file = io.StringIO()
    np.savetxt(file, values, fmt="%g", delimiter=",")
    return gzip.compress(file.getvalue().encode())


def parts(record: Record) -> dict[str, dict[str, np.ndarray]]:
    held = np.array([[0, 3], [0, 1]])
    train: dict[str, np.ndarray] = {"edge": EDGES}
    if "edge_year" in record.options.get("edges", ()):
        train["year"] = np.arange(len(EDGES))
    if record.directed:
        ranked = {"source_node": held[:, 0], "target_node": held[:, 1]}
        other = {**ranked, "target_node_neg": np.array([[5, 6, 7], [6, 7, 8]])}
        return {
            "train": {"source_node": EDGES[:, 0], "target_node": EDGES[:, 1]},
            "valid": other,
            "test": other,
        }
    other = {"edge": held, "edge_neg": np.array([[6, 7], [7, 8], [0, 8]])}
    return {"train": train, "valid": other, "test": other}


def twin(
    name: str, root: Path, *, zipped: bool = True, protocol: int = 2, **changed: bytes | None
) -> Record:
    """The set's record with a small archive in its place."""
    record = find(name)
    folder, options = record.options["folder"], record.options
    width = min(record.statistics["features"], 3)
    files: dict[str, bytes | None] = {
        "raw/edge.csv.gz": table(EDGES),
        "raw/num-node-list.csv.gz": table([[NODES]]),
        "raw/num-edge-list.csv.gz": table([[len(EDGES)]]),
    }
    if width:
        files["raw/node-feat.csv.gz"] = table(np.arange(NODES * width).reshape(NODES, width) / 4)
    for own in options.get("edges", ()):
        files[f"raw/{own}.csv.gz"] = table(np.arange(len(EDGES)) + 1)
    for own in options.get("nodes", ()):
        files[f"raw/{own}.csv.gz"] = table(np.arange(NODES) + 2000)
    for part, content in parts(record).items():
        file = io.BytesIO()
        torch.save(content, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
        files[f"split/{options['split']}/{part}.pt"] = file.getvalue()
    files |= {key.replace("__", "/").replace("_dot_", "."): v for key, v in changed.items()}
    path = root / record.files[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for key, content in files.items():
            if content is not None:
                archive.writestr(f"{folder}/{key}", content)
    counts = {"train": len(EDGES), "valid": 2, "test": 2}
    statistics = {"nodes": NODES, "rows": len(EDGES), "features": width, **counts}
    return replace(record, statistics=statistics)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
@each_ogb
def test_an_archive_comes_back_as_it_was(
    name: str, zipped: bool, protocol: int, tmp_path: Path
) -> None:
    record = twin(name, tmp_path, zipped=zipped, protocol=protocol)
    data, raw = load_links(record, None, None, tmp_path)
    assert data.edge_index.T[: len(EDGES)].tolist() == EDGES.tolist()
    back = data.edge_index.T[len(EDGES) :].flip(1).tolist()
    assert back == ([] if record.directed else EDGES.tolist())
    width = record.statistics["features"]
    assert data.x.tolist() == (np.arange(NODES * width).reshape(NODES, width) / 4).tolist()
    if name == "ogbl-collab":
        assert data.edge_weight.tolist() == [1.0, 2, 3, 4, 5] * 2
        assert data.edge_year.tolist() == [1, 2, 3, 4, 5] * 2
    if name == "ogbl-citation2":
        assert data.node_year.tolist() == list(range(2000, 2000 + NODES))
    split = LinkSplit.official(data, data.link_parts)
    assert split.undirected is not record.directed
    assert split.train_positive.T.tolist() == EDGES.tolist()
    assert split.test_positive.T.tolist() == [[0, 3], [0, 1]]
    assert split.test_negative.shape == ((2, 2, 3) if record.directed else (2, 3))
    assert split.overlaps()["seen"] == 2  # (0, 1) are joined by two edges before
    text = " ".join(str(describe_links(record, data, raw, ())).split())
    assert "public: train / valid / test 5 / 2 / 2" in text
    note = tmp_path / (record.files[0] + ".sha256")
    assert note.read_text().strip() == data.raw_hash


def evil(protocol: int = 2) -> bytes:
    class Evil:
        def __reduce__(self) -> Any:
            return print, ("run",)

    file = io.BytesIO()
    torch.save({"edge": Evil()}, file, pickle_protocol=protocol)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("ogbl-ddi", {"split__target__test_dot_pt": evil()}, "an archive with .*split.*test.pt"),
        ("ogbl-ddi", {"split__target__test_dot_pt": evil(4)}, "an archive with .*split.*test.pt"),
        ("ogbl-ddi", {"split__target__test_dot_pt": None}, "an archive with .*split.*test.pt"),
        ("ogbl-ddi", {"raw__edge_dot_csv_dot_gz": b"x"}, "an archive with a table ddi/raw/edge"),
        ("ogbl-ddi", {"raw__edge_dot_csv_dot_gz": table([[0, NODES]])}, "joins node 9, but the"),
        ("ogbl-ppa", {"raw__node-feat_dot_csv_dot_gz": table([[1, 2]])}, "there are 1 rows"),
        ("ogbl-collab", {"raw__edge_year_dot_csv_dot_gz": table([[1]])}, "5 rows of edge_year"),
    ],
)
def test_a_bad_archive_gets_one_sentence_and_runs_nothing(
    name: str, changed: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = twin(name, tmp_path, **changed)
    with pytest.raises(ValueError, match=said):
        load_links(record, None, None, tmp_path)
    assert capsys.readouterr().out == ""


def test_the_public_address_is_asked_without_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = twin("ogbl-ddi", tmp_path / "served")
    asked = []

    def served(address: str, timeout: float) -> Any:
        asked.append(address)
        return open(tmp_path / "served" / record.files[0], "rb")

    monkeypatch.delenv("GNNLAB_MIRROR", raising=False)
    monkeypatch.setattr(sources.urllib.request, "urlopen", served)
    monkeypatch.setattr(loading, "find_record", lambda *_: record)
    data = datasets.load("ogbl-ddi", root=tmp_path / "home")
    assert asked == ["https://snap.stanford.edu/ogb/data/linkproppred/ddi.zip"]
    assert data.split == "public" and len(data.link_parts) == 3


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: datasets.load("USAir", split="random:0"),
            "USAir is for link prediction, and take",
        ),
        (lambda: datasets.load("USAir", seed=1), "takes no seed=1: draw one of its links"),
        (lambda: datasets.resolve("USAir", split="public"), "takes no split='public'"),
        (lambda: datasets.load("USAir", rows=3), "takes no setting 'rows'"),
    ],
)
def test_a_split_of_nodes_is_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_settings_resolve_without_a_split() -> None:
    assert datasets.resolve("usair") == {"name": "USAir", "source": "link"}
