"""Matrices of SciPy, MatrixMarket among them: entries are edges, and come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.io import mmwrite

from gnnlab import check, datasets


def dense(data: Any) -> np.ndarray[Any, Any]:
    found = np.zeros((data.num_nodes, data.num_nodes))
    weight = data.edge_weight if "edge_weight" in data else torch.ones(data.num_edges)
    np.add.at(found, tuple(data.edge_index.numpy()), weight.numpy())
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(0, 99), st.booleans(), st.sampled_from(["csr", "coo", "csc"]))
def test_entries_come_back(nodes: int, seed: int, symmetric: bool, form: str) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 3, (nodes, nodes)).astype(float)
    matrix = matrix + matrix.T if symmetric else matrix
    data = datasets.from_scipy(sparse.csr_array(matrix).asformat(form))
    assert np.array_equal(dense(data), matrix)
    assert np.array_equal(dense(datasets.from_scipy(matrix, directed=True)), matrix)


def test_directions() -> None:
    upper = np.triu(np.ones((3, 3)), 1)
    assert np.array_equal(dense(datasets.from_scipy(upper)), upper)
    whole = datasets.from_scipy(upper, directed=False)
    assert np.array_equal(dense(whole), upper + upper.T) and "edge_weight" not in whole


def test_features_and_labels() -> None:
    ring = np.roll(np.eye(4), 1, axis=1)
    features = sparse.csr_matrix(np.eye(4)[:, :3])
    data = datasets.from_scipy(
        ring + ring.T, features, ["b", "a", "b", "a"],
        split={"train": [0, 1], "val": [2], "test": [3]},
    )  # fmt: skip
    assert data.x.layout is torch.sparse_csr and torch.equal(data.x.to_dense(), torch.eye(4)[:, :3])
    assert data.y.tolist() == [1, 0, 1, 0] and data.class_names == ("a", "b")
    assert data.train_mask[:, 0].tolist() == [True, True, False, False]
    check(data)
    print(datasets.card(data))
    numbers = datasets.from_scipy(ring, np.ones((4, 2)), [0.5, np.nan, 1, 2])
    assert numbers.y.dtype == torch.float32 and bool(numbers.y[1].isnan())


@pytest.mark.parametrize(
    ("matrix", "more", "told"),
    [
        (np.ones((2, 3)), {}, r"matrix is of shape \(2, 3\), but an adjacency matrix is square"),
        ([1, 2], {}, "matrix is a list, but an adjacency matrix is square"),
        (np.array([[0, np.nan], [1, 0]]), {}, "matrix holds float64 entries that are no finite"),
        (np.eye(2), {"features": np.ones((3, 1))}, r"features are \(3, 1\), but the matrix has 2"),
        (np.eye(2), {"labels": [1]}, "labels have 1 rows, but the matrix has 2 nodes"),
        (np.eye(2), {"directed": 1}, "directed is 1, but it must be True or False"),
    ],
)
def test_refused(matrix: Any, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        datasets.from_scipy(matrix, **more)


def test_files(tmp_path: Path) -> None:
    matrix = sparse.csr_array(np.array([[0, 2.5, 0], [2.5, 0, 1], [0, 1, 0]]))
    mmwrite(tmp_path / "m.mtx", matrix, symmetry="symmetric")
    sparse.save_npz(tmp_path / "m.npz", matrix)
    for name in ("m.mtx", "m.npz"):
        data = datasets.read(tmp_path / name, labels=[0, 1, 0])
        assert np.array_equal(dense(data), matrix.toarray()) and data.name == "m"
        assert data.classes == 2
    (tmp_path / "bad.mtx").write_text("no matrix")
    with pytest.raises(ValueError, match="bad.mtx cannot be read as MatrixMarket"):
        datasets.read(tmp_path / "bad.mtx")
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(ValueError, match="other.npz holds no matrix of scipy.sparse"):
        datasets.read(tmp_path / "other.npz")


@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric"])
@pytest.mark.parametrize("field", ["real", "integer", "pattern", "array"])
def test_matrix_market_as_scipy_writes_it(field: str, symmetry: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    matrix = np.round(rng.normal(size=(5, 5)) * (rng.random((5, 5)) < 0.6), 3) * 8
    matrix = (matrix != 0) if field == "pattern" else matrix
    matrix = matrix.astype(np.int64 if field in ("integer", "pattern") else np.float64)
    if symmetry != "general":
        matrix = matrix + matrix.T if symmetry == "symmetric" else matrix - matrix.T
    if field == "pattern" and symmetry == "skew-symmetric":
        return  # there is none
    matrix = np.minimum(matrix, 1) if field == "pattern" else matrix
    given = matrix if field == "array" else sparse.coo_array(matrix)
    kind = None if field == "array" else field
    mmwrite(tmp_path / "m.mtx", given, field=kind, symmetry=symmetry)
    found = dense(datasets.read(tmp_path / "m.mtx"))
    assert np.array_equal(found, matrix.astype(np.float32))


HEAD = "%%MatrixMarket matrix coordinate real general\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "3 3 1\n1 2 1\n2 3 1\n", "its head says 1 entries, and it has 2"),
        (HEAD + "3 3 2\n1 2 1\n", "its head says 2 entries, and it has 1"),
        (HEAD + "3 3 1\n1 4 1\n", "an entry lies outside rows and columns 1 to 3"),
        (HEAD + "3 4 1\n1 2 1\n", "it is 3 by 4, and an adjacency matrix is square"),
        (HEAD + "3 3 1\n1 2\n", "an entry has fewer than 3 numbers"),
        (HEAD + "3 3 1\n1 x 2\n", "could not convert string to float"),
        (HEAD + "% no more\n", "it says no sizes"),
        (HEAD.replace("real", "complex") + "1 1 1\n", "it is coordinate complex general, and what"),
        (HEAD.replace("coordinate", "array") + "2 2\n1\n", "take 4 entries, it has 1"),
        (HEAD + "9999999999 9999999999 0\n", "more than a file of its size can fill"),
    ],
)
def test_matrix_market_that_says_other_than_it_holds(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "m.mtx").write_text(text)
    with pytest.raises(ValueError, match=rf"cannot be read as MatrixMarket \(.*{told}"):
        datasets.read(tmp_path / "m.mtx")
