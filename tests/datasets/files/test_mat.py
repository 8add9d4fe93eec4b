"""MATLAB files: read as scipy reads them, and refused where scipy's compiled reader would crash."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from scipy.io import loadmat, savemat

from gnnlab.datasets.files.damage import Damaged
from gnnlab.datasets.files.mat import SparseMatrix, read_mat
from gnnlab.datasets.files.sparse_rows import coordinates


def written(path: Path, compressed: bool, **arrays: Any) -> Path:
    savemat(path, arrays, do_compression=compressed)
    return path


def same(ours: np.ndarray | SparseMatrix, theirs: Any) -> bool:
    if not isinstance(ours, SparseMatrix):
        return np.array_equal(ours, theirs)
    entries = theirs.tocoo()
    places = np.array_equal(ours.rows, entries.row) and np.array_equal(ours.columns, entries.col)
    return bool(places and ours.shape == entries.shape)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_arrays_come_back_as_from_scipy(tmp_path: Path, seed: int, compressed: bool) -> None:
    rng = np.random.default_rng(seed)
    kinds = ["float64", "float32", "int8", "uint8", "int16", "uint16", "int32", "int64", "uint64"]
    arrays: dict[str, Any] = {
        f"full{i}": rng.integers(0, 99, rng.integers(0, 6, 2)).astype(kind)
        for i, kind in enumerate(kinds)
    }
    for i, share in enumerate((0.0, 0.1, 0.6)):
        shape = tuple(int(size) for size in rng.integers(1, 30, 2))
        arrays[f"sparse{i}"] = scipy.sparse.random(*shape, share, format="csc", rng=rng)
    arrays["bits"] = scipy.sparse.csc_matrix(rng.random((4, 5)) < 0.5)
    path = written(tmp_path / "a.mat", compressed, text="words", cell={"a": 1}, **arrays)
    theirs = loadmat(path)
    for name, value in read_mat(path, tuple(arrays)).items():
        assert same(value, theirs[name]), name


def test_real_files_come_back_as_from_scipy(mirror: Path) -> None:
    found = [path for path in sorted(mirror.rglob("*.mat")) if path.stat().st_size < 1 << 20]
    assert len(found) >= 8
    for path in found:
        theirs = {key: value for key, value in loadmat(path).items() if key in ("A", "net", "xy")}
        for name, value in read_mat(path, tuple(theirs)).items():
            assert same(value, theirs[name]), path


def test_bytes_may_lie_the_other_way_round(tmp_path: Path) -> None:
    def element(kind: int, content: bytes) -> bytes:
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    parts = [(6, struct.pack(">II", 6, 0)), (5, struct.pack(">ii", 1, 2)), (1, b"xy")]
    body = b"".join(element(*part) for part in [*parts, (9, struct.pack(">dd", 1.5, -2))])
    header = b"MATLAB 5.0".ljust(124) + b"\x01\x00MI"
    path = tmp_path / "a.mat"
    path.write_bytes(header + element(14, body))
    assert np.array_equal(read_mat(path, ("xy",))["xy"], [[1.5, -2]])
    assert np.array_equal(loadmat(path)["xy"], [[1.5, -2]])


def test_damage_is_named_and_kills_nothing(tmp_path: Path) -> None:
    """What is changed at random is read, or refused as damaged, in this very process."""
    matrix = scipy.sparse.random(40, 40, 0.2, format="csc", rng=np.random.default_rng(0))
    content = io.BytesIO()
    savemat(content, {"net": matrix})
    whole, path, rng = content.getvalue(), tmp_path / "a.mat", random.Random(0)
    refused = 0
    for _ in range(2000):
        changed = bytearray(whole)
        for _ in range(rng.choice((1, 2, 4))):
            changed[rng.randrange(128, len(changed))] = rng.choice((0, 1, 127, 255))
        path.write_bytes(changed[: rng.choice((len(changed), rng.randrange(len(changed))))])
        try:
            found = read_mat(path, ("net",))["net"]
            assert isinstance(found, SparseMatrix) and found.rows.max() < found.shape[0]
        except Damaged as error:
            assert str(path) in str(error) and "\n" not in str(error)
            refused += 1
    assert 1000 < refused < 2000


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnnlab.datasets.files.bounds.LEAST", 1 << 20)
    path = written(tmp_path / "a.mat", True, net=np.zeros((3000, 3000)))
    with pytest.raises(Damaged, match="it unpacks to more than .* bytes"):
        read_mat(path, ("net",))


@pytest.mark.parametrize(
    ("pointers", "places", "said"),
    [
        ([0, 2, 1, 3], [0, 1, 2], "do not rise from 0"),
        ([1, 2, 2, 3], [0, 1, 2], "do not rise from 0"),
        ([0, 1, 2, 4], [0, 1, 2], "do not rise from 0"),
        ([0, 1, 3], [0, 1, 2], "do not rise from 0"),
        ([0, 1, 2, 3], [0, 4, 2], "outside the 4 columns"),
        ([0, 1, 2, 3], [0, -1, 2], "outside the 4 columns"),
        ([0.0, 1, 2, 3], [0, 1, 2], "no lists|not lists"),
    ],
)
def test_rows_that_do_not_fit_are_refused(pointers: Any, places: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        coordinates(np.array(pointers), np.array(places), (3, 4))
