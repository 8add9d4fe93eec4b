"""A small synthetic twin of every file format, so that readers are tested without real files."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from scipy.io import savemat

from gnnlab.datasets import load
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.files import sources
from gnnlab.datasets.kinds.node import load_record
from tests.datasets.old_pickles import Python2Pickler

N, C = 12, 3
Y = np.arange(N) % C
PAIRS = np.array([[i, (i + 1) % N] for i in range(N)] + [[0, 5], [3, 9]])


def record(like: str, source: str, files: list[str], **changes: Any) -> Record:
    group = source.replace("-", "_")
    statistics = {"nodes": N, "undirected": len(PAIRS), "classes": C}
    original = find(like, source)
    fields = {"statistics": statistics, "splits": {}, "url": None, "default_split": "random:0"}
    paths = tuple(f"{group}/twin/{file}" for file in files)
    return replace(original, name="twin", files=paths, **{**fields, **changes})


def folder(tmp_path: Path, group: str) -> Path:
    home = tmp_path / group / "twin"
    home.mkdir(parents=True)
    return home


def features(width: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (N, width)).astype(np.float32)


def loaded(twin: Record, root: Path) -> Any:
    data = load_record(twin, twin.default_split, root)[0]
    dense = torch.zeros(N, N, dtype=torch.bool)
    dense[tuple(PAIRS.T)] = True
    assert torch.equal(data.edge_index, (dense | dense.T).nonzero().T)
    assert data.y.tolist() == Y.tolist()
    return data


def heterophilous(file: Path, **changes: Any) -> None:
    parts = np.random.default_rng(0).integers(0, 3, (10, N))
    parts[:, :3] = [0, 1, 2]
    arrays = {
        "node_features": features(),
        "node_labels": Y,
        "edges": PAIRS,
        "train_masks": parts == 0,
        "val_masks": parts == 1,
        "test_masks": parts == 2,
        **changes,
    }
    np.savez(file, **{key: value for key, value in arrays.items() if value is not None})


def test_heterophilous(tmp_path: Path) -> None:
    file = folder(tmp_path, "heterophilous") / "twin.npz"
    heterophilous(file)
    twin = record("minesweeper", "heterophilous", ["twin.npz"], default_split="platonov")
    data = loaded(twin, tmp_path)
    with np.load(file) as stored:
        assert np.array_equal(data.x, stored["node_features"])
        assert np.array_equal(data.val_mask, stored["val_masks"].T)
    assert data.raw_hash == sources.checksum(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"edges": None}, "has no array 'edges'"),
        ({"edges": np.array([[0, N]])}, f"joins node {N}, but the graph has {N} nodes"),
        ({"edges": np.array([[0, -1]])}, "joins node -1"),
        ({"edges": PAIRS.T}, r"shape \(2, 14\); expected \(rows, 2\)"),
        ({"node_features": features()[:5]}, "12 labels, but node_features of shape"),
        ({"train_masks": np.ones((10, N), bool)}, "puts row"),
        ({"node_features": np.full((N, 4), np.nan)}, "finite"),
        ({"node_labels": np.array([object()] * N)}, "allow_pickle"),
        ({"edges": PAIRS[:-1]}, "has 13 undirected, but 14 are published"),
    ],
)
def test_bad_archives_get_one_sentence(tmp_path: Path, changes: Any, said: str) -> None:
    heterophilous(folder(tmp_path, "heterophilous") / "twin.npz", **changes)
    twin = record("minesweeper", "heterophilous", ["twin.npz"], default_split="platonov")
    with pytest.raises(ValueError, match=said):
        load_record(twin, "platonov", tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 700])
def test_a_truncated_archive_of_unknown_checksum_gets_one_sentence(
    tmp_path: Path, keep: int
) -> None:
    file = folder(tmp_path, "heterophilous") / "twin.npz"
    heterophilous(file)
    file.write_bytes(file.read_bytes()[:keep])
    twin = record("minesweeper", "heterophilous", ["twin.npz"], default_split="platonov")
    with pytest.raises(ValueError, match="cannot be read as an .npz archive.*delete it"):
        load_record(twin, "platonov", tmp_path)


@pytest.mark.parametrize("name", ["roman-empire", "amazon-ratings", "questions", "tolokers"])
def test_a_twin_of_full_size_passes_for_the_published_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "checksums", dict)
    known = find(name)
    nodes, edges, width, classes = (
        known.statistics[key] for key in ("nodes", "undirected", "features", "classes")
    )
    step = np.arange(edges)
    rows = np.stack([step % nodes, (step % nodes + step // nodes + 1) % nodes], axis=1)
    part = np.broadcast_to(np.arange(nodes) % 4, (10, nodes))
    file = tmp_path / known.files[0]
    file.parent.mkdir(parents=True)
    np.savez(
        file,
        node_features=np.zeros((nodes, width), np.float32),
        node_labels=np.arange(nodes) % classes,
        edges=rows,
        train_masks=part < 2,
        val_masks=part == 2,
        test_masks=part == 3,
    )
    data = load(name, root=tmp_path)
    assert data.x.shape == (nodes, width)
    assert data.edge_index.shape == (2, 2 * edges)
    assert data.train_mask.shape == (nodes, 10)
    assert (data.source, data.split, data.classes) == ("heterophilous", "platonov", classes)


def csr(name: str, matrix: Any) -> dict[str, Any]:
    parts = ("data", "indices", "indptr", "shape")
    return {f"{name}_{part}": getattr(matrix, part) for part in parts}


def adjacency(both: bool = False) -> scipy.sparse.csr_matrix:
    rows = np.concatenate([PAIRS, PAIRS[:, ::-1]]) if both else PAIRS
    return scipy.sparse.csr_matrix((np.ones(len(rows)), rows.T), shape=(N, N))


@pytest.mark.parametrize("names_pickled", [False, True])
def test_npz(tmp_path: Path, names_pickled: bool) -> None:
    x = features() * 0.5
    arrays = csr("adj", adjacency()) | csr("attr", scipy.sparse.csr_matrix(x))
    if names_pickled:
        arrays["attr_names"] = np.array([["pickled"], None], dtype=object)
    np.savez(folder(tmp_path, "npz") / "twin.npz", labels=Y + 1, **arrays)
    assert np.array_equal(loaded(record("cora_ml", "npz", ["twin.npz"]), tmp_path).x, x)


def test_npz_without_attributes(tmp_path: Path) -> None:
    np.savez(folder(tmp_path, "npz") / "twin.npz", labels=Y, **csr("adj", adjacency()))
    assert loaded(record("polblogs", "npz", ["twin.npz"]), tmp_path).x.shape == (N, 0)


def test_npz_whose_pointers_do_not_fit(tmp_path: Path) -> None:
    arrays = csr("adj", adjacency())
    arrays["adj_indptr"] = arrays["adj_indptr"][:-1]
    np.savez(folder(tmp_path, "npz") / "twin.npz", labels=Y, **arrays)
    with pytest.raises(ValueError, match="adj_indptr and adj_indices do not fit"):
        loaded(record("polblogs", "npz", ["twin.npz"]), tmp_path)


FILES = ["out1_graph_edges.txt", "out1_node_feature_label.txt"]


@pytest.mark.parametrize("sparse", [False, True])
def test_geom_gcn(tmp_path: Path, sparse: bool) -> None:
    home, x = folder(tmp_path, "geom_gcn"), features()
    x[:, 0] = 1  # a row without ones cannot be written as positions
    table = "".join(f"{u}\t{v}\n" for u, v in PAIRS)
    (home / FILES[0]).write_text("node_id\tnode_id\n" + table)
    rows = [np.flatnonzero(row) if sparse else row.astype(int) for row in x]
    lines = [f"{i}\t{','.join(map(str, rows[i]))}\t{Y[i]}\n" for i in reversed(range(N))]
    (home / FILES[1]).write_text("node_id\tfeature\tlabel\n" + "".join(lines))
    options = {"columns": 4, "sparse": sparse}
    twin = record("film", "geom-gcn", FILES, options=options)
    assert np.array_equal(loaded(twin, tmp_path).x, x)
    (home / FILES[1]).write_text("node_id\tfeature\tlabel\n" + "".join(lines)[:-9])
    with pytest.raises(ValueError, match="cannot be read as Geom-GCN"):
        loaded(twin, tmp_path)


def test_fb100(tmp_path: Path) -> None:
    info = np.random.default_rng(0).integers(0, 3, (N, 7))
    info[:, 1] = Y  # 0 unknown, 1 and 2 known
    savemat(folder(tmp_path, "fb100") / "twin.mat", {"A": adjacency(True), "local_info": info})
    statistics = {"nodes": N, "undirected": len(PAIRS), "classes": 2, "unlabelled": 4}
    twin = record("Reed98", "fb100", ["twin.mat"], statistics=statistics)
    data = load_record(twin, "random:0", tmp_path)[0]
    assert data.y.tolist() == (Y - 1).tolist()
    others = [column for column in range(7) if column != 1]
    wanted = [info[:, c] == value for c in others for value in np.unique(info[:, c])]
    assert np.array_equal(data.x, np.stack(wanted, axis=1))
    (tmp_path / "fb100" / "twin" / "twin.mat").write_bytes(b"MATLAB 5.0" + bytes(30))
    with pytest.raises(ValueError, match="cannot be read as a MATLAB file"):
        load_record(twin, "random:0", tmp_path)


def test_twitch(tmp_path: Path) -> None:
    home = folder(tmp_path, "twitch")
    with (home / "edges.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["from", "to"], *PAIRS.tolist()])
    liked = {str(node): [node, 3169, 3169] for node in range(N)}
    (home / "features.json").write_text(json.dumps(liked))
    lines = [f"{100 + i},9,{i % 2 == 1},5,False,{i}" for i in [*range(N), 4]]  # 4 is listed twice
    (home / "target.csv").write_text("\n".join(["id,days,mature,views,partner,new_id", *lines]))
    files = ["edges.csv", "features.json", "target.csv"]
    statistics = {"nodes": N, "undirected": len(PAIRS), "classes": 2, "features": 3170}
    twin = record("RU", "twitch", files, statistics=statistics)
    data = load_record(twin, "random:0", tmp_path)[0]
    assert data.y.tolist() == [i % 2 for i in range(N)]
    expected = torch.zeros(N, 3170)
    expected[range(N), range(N)] = 1
    expected[:, 3169] = 1
    assert torch.equal(data.x, expected)
    (home / "features.json").write_text(json.dumps(liked)[:-20])
    with pytest.raises(ValueError, match="cannot be read as Twitch features"):
        load_record(twin, "random:0", tmp_path)


def test_airports(tmp_path: Path) -> None:
    home = folder(tmp_path, "airports")
    codes = np.random.default_rng(0).permutation(1000)[:N]
    table = "".join(f"{codes[i]} {Y[i]}\n" for i in range(N))
    (home / "labels.txt").write_text("node label\n" + table)
    (home / "edges").write_text("".join(f"{codes[u]} {codes[v]}\n" for u, v in PAIRS))
    twin = record("brazil", "airports", ["edges", "labels.txt"])
    assert loaded(twin, tmp_path).x.shape == (N, 0)
    with (home / "edges").open("a") as file:
        file.write(f"{codes[0]} 5000\n")
    with pytest.raises(ValueError, match="names airport 5000, which labels.txt lacks"):
        loaded(twin, tmp_path)


def planetoid(home: Path, **changes: Any) -> None:
    """Nodes 0-2 train, 0-7 in allx, 8-11 test in shuffled order; 10 is in no row of tx."""
    matrix, hot = scipy.sparse.csr_matrix(features()), np.eye(C)[Y]
    shuffled = np.array([11, 8, 9])
    graph = defaultdict(list)
    for u, v in PAIRS.tolist():
        graph[u] += [v, v]
        graph[v].append(u)
    graph[2].append(2)
    parts = {"x": matrix[:3], "allx": matrix[:8], "tx": matrix[shuffled], "y": hot[:3]}
    parts |= {"ally": hot[:8], "ty": hot[shuffled], "graph": graph, **changes}
    for key, value in parts.items():
        with (home / f"ind.twin.{key}").open("wb") as file:
            Python2Pickler(file, protocol=2).dump(value)
    (home / "ind.twin.test.index").write_text("\n".join(map(str, shuffled)))


PARTS = [f"ind.twin.{p}" for p in ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")]


def test_planetoid(tmp_path: Path) -> None:
    planetoid(folder(tmp_path, "planetoid"))
    twin = record("cora", "planetoid", PARTS, default_split="public")
    data = load_record(twin, "public", tmp_path)[0]
    x = features()
    x[10] = 0
    assert np.array_equal(data.x, x)
    assert data.y.tolist() == [*Y[:10].tolist(), 0, int(Y[11])]
    assert data.train_mask[:, 0].nonzero().flatten().tolist() == [0, 1, 2]
    assert data.val_mask[:, 0].nonzero().flatten().tolist() == [3, 4, 5, 6, 7]
    assert data.test_mask[:, 0].nonzero().flatten().tolist() == [8, 9, 11]
    assert data.edge_index.shape[1] == 2 * len(PAIRS)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("this code must not run",))


@pytest.mark.parametrize("part", ["x", "graph"])
def test_planetoid_runs_no_code_of_a_pickle(
    tmp_path: Path, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    planetoid(folder(tmp_path, "planetoid"), **{part: [Evil()]})
    twin = record("cora", "planetoid", PARTS, default_split="public")
    with pytest.raises(ValueError, match="it names __builtin__.print, which no file of Planetoid"):
        load_record(twin, "public", tmp_path)
    assert "must not run" not in capsys.readouterr().out


def test_planetoid_allows_six_globals_only() -> None:
    from gnnlab.datasets.readers.nodes.planetoid import ALLOWED

    assert len(set(map(id, ALLOWED.values()))) == 6
