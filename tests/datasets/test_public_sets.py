"""Benchmarking-GNNs and the Open Graph Benchmark: twins of their files, graphs as they were."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gnnlab import datasets
from gnnlab.datasets import Graphs
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.chemistry.codes import AQSOL_ATOMS, ATOMS, BONDS, ZINC_ATOMS, ZINC_BONDS
from gnnlab.datasets.kinds.node import load_graphs


def place(folder: Path, record: Record, **contents: bytes) -> Record:
    """Write the record's files, named by their stems."""
    for file in record.files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[path.stem])
    return replace(record, name="twin", url=None, urls={}, statistics={}, unchecked="a twin")


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def read(record: Record, folder: Path) -> Graphs:
    kept = replace(record, files=record.files)
    return load_graphs(kept, record.options["features"], record.default_split, folder)


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.datasets.files.sources.checksums", dict)


def molecule(number: int) -> dict[str, Any]:
    """A chain of three atoms, the second bond double."""
    bonds = torch.zeros(3, 3, dtype=torch.int8)
    bonds[0, 1] = bonds[1, 0] = 1
    bonds[1, 2] = bonds[2, 1] = 2
    return {
        "num_atom": 3,
        "atom_type": torch.tensor([0, number, 27], dtype=torch.int8),
        "bond_type": bonds,
        "logP_SA_cycle_normalized": torch.tensor([float(number) / 2]),
    }


def zinc(folder: Path, rows: Any = None, **changed: bytes) -> Record:
    made = [molecule(n) for n in range(4)] if rows is None else rows
    members = {
        f"molecules__{part}_dot_pickle": pickle.dumps(made) for part in ("train", "val", "test")
    }
    texts = {"train": b"3,1\n", "val": b"0", "test": b"2\n", "molecules": archive(**members)}
    return place(folder, find("ZINC"), **{**texts, **changed})


def test_zinc_takes_the_molecules_that_are_listed(tmp_path: Path) -> None:
    data = read(zinc(tmp_path), tmp_path)
    assert data.y.flatten().tolist() == [1.5, 0.5, 0, 1] and data.masks.sizes == (2, 1, 1)
    assert data[0].x.flatten().tolist() == [0, 3, 27]
    assert data[0].edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data[0].edge_attr.flatten().tolist() == [1, 1, 2, 2]
    assert (data.x_sizes, data.edge_sizes) == (ZINC_ATOMS, ZINC_BONDS)
    assert data.targets == ("penalised_logp",)


def test_damage_of_zinc_is_named(tmp_path: Path) -> None:
    square = {**molecule(0), "bond_type": torch.zeros(2, 2)}
    cases: list[tuple[Any, dict[str, bytes], str]] = [
        (None, {"molecules": b"no archive"}, "as an archive with molecules/train.pickle"),
        (None, {"molecules": archive(other=b"")}, "as an archive with molecules/train.pickle"),
        (None, {"val": b"0,x"}, "as numbers of molecules"),
        (None, {"val": b"4"}, "list index out of range"),
        ([{"num_atom": 1}], {}, "as molecules with matrices of bonds"),
        ([square] * 4, {}, r"bonds of shape \(2, 2\) for 3 atoms"),
    ]
    for number, (molecules, changed, message) in enumerate(cases):
        folder = tmp_path / str(number)
        with pytest.raises(ValueError, match=message):
            read(zinc(folder, molecules, **changed), folder)


def solute(atoms: int, bonds: list[tuple[int, int]], y: float) -> tuple[Any, ...]:
    both = [pair for a, b in bonds for pair in ((a, b), (b, a))]
    return (
        np.arange(atoms) + 1,
        np.ones(len(both), dtype=np.int64),
        np.array(both, dtype=np.int64).reshape(-1, 2).T,
        np.float64(y),
    )


def test_aqsol_leaves_out_what_the_release_does(tmp_path: Path) -> None:
    good = solute(3, [(0, 1), (1, 2)], -1.5)
    rows = [good, solute(1, [], 1.0), solute(4, [(0, 1)], 2.0), solute(2, [(0, 1)], 0.25)]
    contents = {part: pickle.dumps(rows) for part in ("train", "val", "test")}
    data = read(place(tmp_path, find("AQSOL", "benchmarking-gnns"), **contents), tmp_path)
    assert data.masks.sizes == (2, 2, 2) and data.y.flatten().tolist() == [-1.5, 0.25] * 3
    assert data[0].x.flatten().tolist() == [1, 2, 3] and data[0].num_edges == 4
    assert data[0].edge_attr.flatten().tolist() == [1] * 4 and data.x_sizes == AQSOL_ATOMS


@pytest.mark.parametrize("part", ["val", "test"])
def test_the_real_aqsol(part: str, mirror: Path) -> None:
    from gnnlab.datasets.files import sources

    record = find("AQSOL", "benchmarking-gnns")
    file = next(file for file in record.files if file.endswith(f"{part}.pickle"))
    try:
        sources.locate(file, None)
    except FileNotFoundError:
        pytest.skip(f"{file} is not in the mirror")
    record = replace(record, files=(file,) * 3, statistics={"train": 996, "features": 1})
    data = read(record, mirror)
    assert int(torch.cat([graph.x for graph in data]).max()) < AQSOL_ATOMS[0]


def evil(target: Path) -> bytes:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(target),)

    return pickle.dumps([Evil()])


def test_nothing_but_tensors_and_arrays_is_built(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    content = evil(flag)
    with pytest.raises(ValueError, match="names posix.mkdir, which no file of ZINC does"):
        members = {f"molecules__{p}_dot_pickle": content for p in ("train", "val", "test")}
        read(zinc(tmp_path / "a", molecules=archive(**members)), tmp_path / "a")
    with pytest.raises(ValueError, match="which no file of AQSOL does"):
        contents = {part: content for part in ("train", "val", "test")}
        record = place(tmp_path / "b", find("AQSOL", "benchmarking-gnns"), **contents)
        read(record, tmp_path / "b")
    file = io.BytesIO()
    torch.save([[]] * 3, file)
    with pytest.raises(ValueError, match="as tensors of torch"):
        record = place(tmp_path / "c", find("MNIST"), MNIST_v2=archive(MNIST_v2_dot_pt=content))
        read(record, tmp_path / "c")
    assert not flag.exists()


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def ring(nodes: int, **more: Any) -> dict[str, Any]:
    one = torch.arange(nodes)
    return {"x": torch.rand(nodes, 3), "edge_index": torch.stack([one, one.roll(1)]), **more}


def test_superpixels_have_colours_and_positions(tmp_path: Path) -> None:
    parts = [
        [ring(n, y=torch.tensor([n % 10]), pos=torch.rand(n, 2), edge_attr=torch.rand(n, 1))]
        for n in (4, 5, 6)
    ]
    file = archive(CIFAR10_v2_dot_pt=saved(parts))
    data = read(place(tmp_path, find("CIFAR10"), CIFAR10_v2=file), tmp_path)
    assert data.masks.sizes == (1, 1, 1) and data.y.tolist() == [4, 5, 6]
    for graph, (values,) in zip(data, parts, strict=True):
        assert torch.equal(graph.x, torch.cat([values["x"], values["pos"]], 1))
        assert torch.equal(graph.edge_attr, values["edge_attr"])


def test_communities_have_a_class_a_node(tmp_path: Path) -> None:
    parts = [[ring(n, y=torch.arange(n) % 2)] * 2 for n in (4, 5, 6)]
    file = archive(PATTERN_v2_dot_pt=saved(parts))
    data = read(place(tmp_path, find("PATTERN"), PATTERN_v2=file), tmp_path)
    assert data.masks.sizes == (2, 2, 2) and data[0].y.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "PATTERN",
            [[ring(4, y=torch.tensor([1]))], [], []],
            r"graph 0 of train: y of shape \(1,\)",
        ),
        ("MNIST", [[], [ring(4, y=torch.arange(4))], []], r"graph 0 of val: y of shape \(4,\)"),
        ("MNIST", [[], []], "as graphs in three parts"),
        ("MNIST", [[{"x": 1}], [], []], "graph 0 of train"),
    ],
)
def test_damaged_dictionaries_are_named(
    name: str, value: Any, message: str, tmp_path: Path
) -> None:
    file = archive(**{f"{name}_v2_dot_pt": saved(value)})
    with pytest.raises(ValueError, match=message):
        read(place(tmp_path, find(name, "benchmarking-gnns"), **{f"{name}_v2": file}), tmp_path)


TABLES = {
    "raw/num-node-list": "3\n1\n2\n",
    "raw/num-edge-list": "2\n0\n1\n",
    "raw/node-feat": "\n".join(",".join(str(row % size) for size in ATOMS) for row in range(6)),
    "raw/edge": "0,1\n1,2\n1,0\n",
    "raw/edge-feat": "0,0,0\n3,1,1\n2,0,1\n",
    "raw/graph-label": "0\n1\n0\n",
    "split/scaffold/train": "2\n",
    "split/scaffold/valid": "0\n",
    "split/scaffold/test": "1\n",
}


def ogb(folder: Path, name: str, **changed: str) -> Record:
    record = find(name)
    tables = {
        **TABLES,
        **{key.replace("__", "/").replace("_", "-"): v for key, v in changed.items()},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for table, text in tables.items():
            path = f"{record.options['folder']}/{table}.csv.gz"
            made.writestr(path, gzip.compress(text.encode()))
    return place(folder, record, **{record.options["folder"]: file.getvalue()})


def test_molecules_of_the_open_graph_benchmark(tmp_path: Path) -> None:
    data = read(ogb(tmp_path, "ogbg-molhiv"), tmp_path)
    assert data.y.tolist() == [0, 1, 0] and data.y.dtype == torch.int64
    assert [graph.num_nodes for graph in data] == [3, 1, 2]
    assert data.test_mask[:, 0].tolist() == [False, True, False]
    assert data.train_mask[:, 0].tolist() == [False, False, True]
    assert data[0].edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data[0].edge_attr.tolist() == [[0, 0, 0], [0, 0, 0], [3, 1, 1], [3, 1, 1]]
    assert data[2].edge_index.tolist() == [[0, 1], [1, 0]] and data[1].num_edges == 0
    assert data[2].x[0].tolist() == [4 % size for size in ATOMS]
    assert (data.x_sizes, data.edge_sizes) == (ATOMS, BONDS)


def test_unknown_labels_are_nan(tmp_path: Path) -> None:
    labels = "1,,0\n,,\n0,1,\n"
    data = read(ogb(tmp_path, "ogbg-molpcba", raw__graph_label=labels), tmp_path)
    assert data.y.isnan().tolist() == [[False, True, False], [True] * 3, [False, False, True]]
    assert data.y.nan_to_num().tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"raw__node_feat": "1,2\n"}, "as 6 atoms .there are 1"),
        ({"raw__edge": "0,1\n"}, "as 3 bonds .there are 1"),
        ({"raw__edge_feat": "0,0,0\n"}, "as 3 kinds of bonds .there are 1"),
        ({"raw__graph_label": "0\n"}, "as 3 graphs .there are 1"),
        ({"raw__edge": "0,1\n1,3\n1,0\n"}, "one names an atom that is not there"),
        ({"raw__edge": "0,1\n1,x\n1,0\n"}, "as a table in hiv/raw/edge"),
        ({"split__scaffold__valid": "3\n"}, "as a split of 3 graphs"),
    ],
)
def test_damaged_tables_are_named(changed: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read(ogb(tmp_path, "ogbg-molhiv", **changed), tmp_path)


def truncated(record: Record, folder: Path) -> None:
    for file in record.files:
        path = folder / file
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])


@pytest.mark.parametrize("make", [zinc, lambda folder: ogb(folder, "ogbg-molhiv")])
def test_half_a_file_is_named(make: Callable[[Path], Record], tmp_path: Path) -> None:
    record = make(tmp_path)
    truncated(record, tmp_path)
    with pytest.raises(ValueError, match="cannot be read as"):
        read(record, tmp_path)


def test_names_addresses_and_cards() -> None:
    known = datasets.names(task="graph")
    assert {"ZINC", "MNIST", "ogbg-molhiv", "brec_cfi", "sr351668", "esol"} <= set(known)
    assert datasets.resolve("zinc-12k")["name"] == "ZINC"
    record = find("ZINC")
    addresses = [record.address(file) for file in record.files]
    assert "dropbox" in str(addresses[0]) and str(addresses[1]).endswith("molecules/{file}")
    assert datasets.resolve("aqsol")["source"] == "molecules"
    assert datasets.resolve("AQSOL", source="benchmarking-gnns")["features"] == "aqsol"
    with pytest.raises(FileNotFoundError, match="could not be downloaded from http://snap.stan"):
        datasets.load("ogbg-molhiv")
