"""Files that ask for too much, or make a parser raise what it likes: one sentence, no memory."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnnlab.datasets.catalogue.records import find
from gnnlab.datasets.files import bounds as room
from gnnlab.datasets.files.damage import Damaged, in_brief, parsing
from gnnlab.datasets.files.npz import load_npz
from gnnlab.datasets.files.unpickling import ARRAYS, unpickle
from gnnlab.datasets.readers import reader


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("graph"), "KeyError: 'graph'"),
        (ValueError("two\nlines"), "two"),
        (ValueError(), "ValueError"),
        (MemoryError(), "it asks for more memory than there is"),
        (RecursionError("maximum depth\nand more"), "RecursionError: maximum depth"),
        (struct.error("unpack requires"), "error: unpack requires"),
        (StopIteration(), "StopIteration"),
        (ValueError("x" * 999), "x" * 300),
    ],
)
def test_whatever_a_parser_raises_is_told_in_brief(error: Exception, told: str) -> None:
    assert in_brief(error) == told
    with pytest.raises(Damaged) as caught, parsing("a graph", [Path("/data/a")]):
        raise error
    assert str(caught.value) == (
        f"/data/a cannot be read as a graph ({told}); delete it and load again to fetch it anew"
    )


def test_of_several_files_all_are_named_and_our_own_sentence_stays() -> None:
    with pytest.raises(Damaged, match="^a, b in /data cannot be read as .*; delete them and"):
        with parsing("a graph", [Path("/data/a"), Path("/data/b")]):
            raise IndexError("list index out of range")
    with pytest.raises(Damaged, match="^said already$"), parsing("a graph", [Path("/data/a")]):
        raise Damaged("said already")
    with pytest.raises(KeyboardInterrupt), parsing("a graph", [Path("/data/a")]):
        raise KeyboardInterrupt


def npy(shape: tuple[int, ...], content: bytes = b"") -> bytes:
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + content


@pytest.mark.parametrize("shape", [(2**40,), (2**62, 2**62), (3,)])
def test_an_array_that_is_said_to_be_larger_than_it_is(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(shape, bytes(16)))
    with pytest.raises(Damaged, match="a is said to be float64 of shape .* but has 16 bytes"):
        load_npz(path, ("a",))


def test_features_that_a_file_of_this_size_cannot_fill(tmp_path: Path) -> None:
    shape = np.array([2, 2**40])
    arrays = {"data": np.ones(1), "indices": np.array([0]), "indptr": np.array([0, 1, 1])}
    parts = {f"{name}_{key}": value for name in ("adj", "attr") for key, value in arrays.items()}
    np.savez(
        tmp_path / "a.npz", labels=np.zeros(2, int), adj_shape=[2, 2], attr_shape=shape, **parts
    )
    record = replace(find("cora_ml"), files=("a.npz",))
    with pytest.raises(Damaged, match=r"it declares an array of \(2, 1099511627776\), and has"):
        reader(record)(record, lambda _: tmp_path / "a.npz")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(room, "LEAST", 1 << 16)
    monkeypatch.setattr(room, "TIMES", 2)
    yield


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_bombs_in_archives(tmp_path: Path, small: None, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a", bytes(1 << 20))
    with pytest.raises(Damaged, match="unpacks to more than 65,536 bytes|in a way that no publ"):
        room.member(path, "a")


def test_bombs_of_lines(tmp_path: Path, small: None) -> None:
    path = tmp_path / "a.gz"
    for content in (b"\n" * (1 << 20), bytes(1 << 20)):
        path.write_bytes(gzip.compress(content))
        with gzip.open(path) as file, pytest.raises(Damaged, match="it unpacks to more than"):
            list(room.lines(file, path, "lines"))


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02]r\xf0\xff\xff\xff.",  # an entry of a table of 2^32
        b"\x80\x02cnumpy\nndarray\n(K\x05\x8a\x06\x00\x00\x00\x00\x00\x01ttR.",  # called
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
        b"\x8a\x06\x00\x00\x00\x00\x00\x01\x85C\x01b\x87R.",
        b"\x80\x04\x8e\x00\x00\x00\x00\x00\x01\x00\x00.",  # bytes without end
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    ],
)
def test_pickles_that_ask_for_memory(content: bytes) -> None:
    import tracemalloc

    tracemalloc.start()
    try:
        unpickle(io.BytesIO(content), ARRAYS, "a test")
    except Exception as error:
        assert not isinstance(error, MemoryError)
    else:
        assert content[3:4] == b"r"  # which is whole, and only counts strangely
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 24


def test_arrays_pickle_as_the_reader_expects() -> None:
    for array in (np.arange(6).reshape(2, 3), np.zeros((0, 3), "f4"), np.array([b"ab", b"c"])):
        for protocol in (2, 4):
            content = pickle.dumps([array], protocol=protocol)
            more = {("_codecs", "encode"): str.encode, ("__builtin__", "bytes"): bytes}
            allowed: dict[tuple[str, str], Any] = {**ARRAYS, **more}
            found = unpickle(io.BytesIO(content), allowed, "a test")[0]
            assert np.array_equal(found, array) and found.dtype == array.dtype


def test_brackets_without_end(tmp_path: Path) -> None:
    (tmp_path / "valid.jsonl.gz").write_bytes(gzip.compress(b"[" * 10**5))
    record = replace(find("qm9"), files=("valid.jsonl.gz",))
    with pytest.raises(Damaged, match=r"RecursionError: .*; delete it and load again"):
        reader(record)(record, lambda path: tmp_path / path)
    (tmp_path / "valid.jsonl.gz").write_bytes(gzip.compress(json.dumps({"graph": 1e999}).encode()))
    with pytest.raises(Damaged, match="line 1: 'node_features'"):
        reader(record)(record, lambda path: tmp_path / path)
