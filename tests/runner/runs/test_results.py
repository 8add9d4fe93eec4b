"""Lines of results that something damaged: told by file and line, or mended where that is safe."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gnnlab import cli
from gnnlab.core.writing import NotWritten
from gnnlab.runner.runs.results import append_result, check_appendable, read_results


def row(split: int = 0, **changes: Any) -> dict[str, Any]:
    words = dict.fromkeys(("task", "data", "model", "rewiring", "metric"), "accuracy")
    scores = {"valid": 0.5, "test": 0.25, "seconds": 1.5}
    counts = {"seed": 0, "epoch": 1, "parameters": 3, "peak_memory_bytes": 4}
    return {**words, **scores, **counts, "split": split, **changes}


DAMAGED = {
    "nested": b"[" * 100_000,
    "nested in a key": json.dumps(row()).encode()[:-1] + b', "x": ' + b'{"a":' * 100_000,
    "no UTF-8": b'{"task": "\xff\xfe"}',
    "huge": json.dumps(row()).replace("0.25", "1" * 5000).encode(),
    "huge float": json.dumps(row(test=10**400)).encode(),
    "huge split": json.dumps(row(split=10**30)).encode(),
    "infinite": json.dumps(row()).replace("0.25", "1e999").encode(),
    "nan": json.dumps(row(test=float("nan"))).encode(),
    "text": json.dumps(row(test="0.5")).encode(),
    "list": json.dumps(row(split=[1])).encode(),
    "bool": json.dumps(row(seed=True)).encode(),
    "none": json.dumps(row(epoch=None)).encode(),
    "below 0": json.dumps(row(split=-1)).encode(),
    "missing": json.dumps({k: v for k, v in row().items() if k != "test"}).encode(),
    "number": b"3",
    "zeros": b"\0" * 50,
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_is_told_in_a_sentence(
    line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(json.dumps(row(1)).encode() + b"\n" + line + b"\n")
    assert cli.main(["report", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert f"line 2 of {path} is " in told and told.count("\n") == 1 and len(told) < 500
    assert "GNNLAB_DEBUG" not in told
    with pytest.raises(ValueError, match="line 2 of"):  # nothing is added to what is not understood
        append_result(tmp_path, row(2))


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_last_line_is_trained_again(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    whole = json.dumps(row(1))
    path.write_text(json.dumps(row(0)) + "\n" + whole[:cut])
    assert read_results(tmp_path) == [row(0)]
    append_result(tmp_path, row(1))
    append_result(tmp_path, row(0, test=0.75))  # it is there
    assert path.read_text() == json.dumps(row(0)) + "\n" + whole + "\n"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused_before_a_training(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(ValueError, match=f"results.jsonl cannot be read .it is a {kind}"):
        read_results(tmp_path)
    with pytest.raises(NotWritten, match=f"it is a {kind}"):
        check_appendable(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_refused_before_a_training(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").touch(0o444)
    with pytest.raises(NotWritten, match="is read-only"):
        check_appendable(tmp_path)
